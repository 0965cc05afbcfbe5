"""Convert operations from Swagger 2.0 to OpenAPI 3, so that the rest of the import knows only one form."""

from typing import Any

from tools.openapi.errors import ReferenceRefused
from tools.openapi.reading.references import References

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
# A parameter's own keywords; in OpenAPI 3 all others are in its schema.
OWN = frozenset({"name", "in", "required", "description", "collectionFormat", "allowEmptyValue"})
KEPT = frozenset({"name", "in", "required", "description", "allowEmptyValue"})
COLLECTION_FORMATS = {
    "csv": {"style": "form", "explode": False},
    "ssv": {"style": "spaceDelimited", "explode": False},
    "tsv": {"style": "tabDelimited", "explode": False},  # which OpenAPI 3 does not have
    "pipes": {"style": "pipeDelimited", "explode": False},
    "multi": {"style": "form", "explode": True},
}


def upgraded(
    operation: dict[str, Any], parameters: list[dict[str, Any]], root: dict[str, Any], references: References
) -> dict[str, Any]:
    """Return the operation with `requestBody` and `content`; `parameters` are resolved and include the path's."""
    consumes = _media_types(operation, root, "consumes") or ["application/json"]
    produces = _media_types(operation, root, "produces") or ["application/json"]
    body = next((each for each in parameters if each.get("in") == "body"), None)
    form = [each for each in parameters if each.get("in") == "formData"]
    elsewhere = [_parameter(each) for each in parameters if str(each.get("in")) in {"path", "query", "header"}]
    made = {**operation, "parameters": elsewhere}
    if body is not None:
        media = [each for each in consumes if each not in {FORM, MULTIPART}] or ["application/json"]
        content = {each: {"schema": body.get("schema", {})} for each in media}
        made["requestBody"] = {**_described(body), "content": content}
    elif form:
        made["requestBody"] = _form(form, consumes)
    responses = operation.get("responses")
    if isinstance(responses, dict):
        made["responses"] = {
            status: _response(response, produces, references) for status, response in responses.items()
        }
    return made


def _media_types(operation: dict[str, Any], root: dict[str, Any], word: str) -> list[str]:
    listed = operation.get(word, root.get(word))
    return [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []


def _described(parameter: dict[str, Any]) -> dict[str, Any]:
    return {key: parameter[key] for key in ("description", "required") if key in parameter}


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    schema = {key: value for key, value in parameter.items() if key not in OWN}
    made: dict[str, Any] = {key: parameter[key] for key in parameter if key in KEPT}
    if schema.get("type") == "array":
        # Swagger 2.0, Parameter Object: csv is the default.
        made |= COLLECTION_FORMATS.get(str(parameter.get("collectionFormat", "csv")), COLLECTION_FORMATS["csv"])
        if made["style"] == "form" and parameter.get("in") in {"path", "header"}:
            made["style"] = "simple"
    return {**made, "schema": schema}


def _form(parameters: list[dict[str, Any]], consumes: list[str]) -> dict[str, Any]:
    has_file = any(each.get("type") == "file" for each in parameters)
    media = MULTIPART if has_file or (MULTIPART in consumes and FORM not in consumes) else FORM
    named = [each for each in parameters if isinstance(each.get("name"), str)]
    properties, encoding = {}, {}
    for each in named:
        made = _parameter(each)
        properties[each["name"]] = {**made["schema"], **_described({"description": each.get("description", "")})}
        if "style" in made:
            encoding[each["name"]] = {"style": made["style"], "explode": made["explode"]}
    required = [each["name"] for each in named if each.get("required") is True]
    schema = {"type": "object", "properties": properties, "required": required}
    return {"required": bool(required), "content": {media: {"schema": schema, "encoding": encoding}}}


def _response(written: Any, produces: list[str], references: References) -> Any:
    """Return a response in OpenAPI 3's form; one whose reference leads nowhere stays as it is."""
    try:
        response = references.resolved(written)
    except ReferenceRefused:
        return written
    if not isinstance(response, dict):
        return response
    made = {key: response[key] for key in ("description", "headers") if key in response}
    schema = response.get("schema")
    if schema is None:
        return made
    is_file = isinstance(schema, dict) and schema.get("type") == "file"
    # A document that produces a file and declares only JSON means the file.
    media = [each for each in produces if not is_file or "json" not in each] or ["application/octet-stream"]
    return {**made, "content": {each: {"schema": schema} for each in media}}
