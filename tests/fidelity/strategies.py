"""Small descriptions as Hypothesis makes them: one operation with any parameters, body and answer."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.fidelity.documents import ONLY_FOR, STYLES, answered, content

# No ids: one in path and body is one argument.
NAMES = ("title", "name", "status", "note", "filter[x]", "user.name", "$top", "a b", "größe", "items", "data", "value",
         "x-y")  # fmt: skip
# RFC 9110, 5.6.2: what names of headers and cookies are made of.
TOKENS = ("X-Tag", "X-Request-Kind", "Prefer-Language", "X_Odd")
MEDIA_TYPES = (
    "application/json", "application/vnd.api+json", "application/x-www-form-urlencoded", "multipart/form-data",
)  # fmt: skip
Schema = dict[str, Any]

names = st.sampled_from(NAMES)


@st.composite
def texts(draw: st.DrawFn) -> Schema:
    return {
        "type": "string",
        **draw(
            st.sampled_from([
                {}, {}, {"minLength": 1}, {"maxLength": 5}, {"enum": ["a", "b c", "é/ü"]}, {"enum": ["only"]},
                {"format": "date"}, {"pattern": "^[a-z]{2,5}$"}, {"description": "A note."}, {"default": "x"},
            ])
        ),
    }  # fmt: skip


@st.composite
def numbers(draw: st.DrawFn) -> Schema:
    kind = draw(st.sampled_from(["integer", "number", "boolean"]))
    bounds = draw(st.sampled_from([{}, {"minimum": 0}, {"minimum": 1, "maximum": 3}, {"multipleOf": 5}]))
    return {"type": kind, **({} if kind == "boolean" else bounds)}


scalars = st.one_of(texts(), numbers())


def objects(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    """Return objects with some members, of which some are required."""

    @st.composite
    def made(draw: st.DrawFn) -> Schema:
        properties = draw(st.dictionaries(names, inner, min_size=1, max_size=4))
        required = draw(st.lists(st.sampled_from(sorted(properties)), unique=True))
        beyond = draw(st.sampled_from([None, None, True, False, {"type": "integer"}]))
        schema: Schema = {"type": "object", "properties": properties}
        return {
            **schema,
            **({"required": required} if required else {}),
            **({} if beyond is None else {"additionalProperties": beyond}),
        }

    return made()


@st.composite
def nullables(draw: st.DrawFn, schemas: st.SearchStrategy[Schema]) -> Schema:
    """Return a schema that takes null too, as OpenAPI 3.1 writes it."""
    schema = draw(schemas)
    if not isinstance(schema.get("type"), str) or "enum" in schema:
        return schema
    return {**schema, "type": [schema["type"], "null"]}


@st.composite
def combined(draw: st.DrawFn, inner: st.SearchStrategy[Schema]) -> Schema:
    """Return an object in two parts, or one of two that a member tells apart."""
    one, other = draw(objects(inner)), draw(objects(inner))
    for each in (one, other):
        each.pop("additionalProperties", None)
    if draw(st.booleans()):
        for name in one["properties"].keys() & other["properties"].keys():
            other["properties"][name] = one["properties"][name]
        return {"allOf": [one, other]}
    for value, each in (("one", one), ("other", other)):
        each["properties"]["kind"] = {"type": "string", "enum": [value]}
        each["required"] = [*each.get("required", []), "kind"]
    return {"oneOf": [one, other]}


schemas: st.SearchStrategy[Schema] = st.recursive(
    st.one_of(scalars, nullables(scalars)),
    lambda inner: st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        objects(inner),
        nullables(objects(inner)),
        combined(inner),
    ),
    max_leaves=8,
)
flat = st.one_of(scalars, st.builds(lambda items: {"type": "array", "items": items}, scalars), objects(scalars))


@st.composite
def parameters(draw: st.DrawFn, place: str) -> dict[str, Any]:
    schema = draw(flat)
    kinds = {"array": "texts", "object": "point"}
    kind = kinds.get(schema["type"], "text")
    styles = [style for style in STYLES[place] if kind in ONLY_FOR.get(style, (kind,))]
    named = st.sampled_from(TOKENS) if place in {"header", "cookie"} else names
    made: dict[str, Any] = {"name": draw(named), "in": place}
    made |= {"schema": schema, "style": draw(st.sampled_from(styles)), "explode": draw(st.booleans())}
    made["required"] = place == "path" or draw(st.booleans())
    if kind == "point":
        # Members of an exploded object are parameters of their own, with names that nothing else may have.
        schema["properties"] = {f"m{number}": each for number, each in enumerate(schema["properties"].values())}
        schema.pop("required", None)
        schema.pop("additionalProperties", None)
    return made


@st.composite
def operations(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    """Return a method, a path and an operation."""
    method = draw(st.sampled_from(["get", "post", "put", "patch", "delete"]))
    places = draw(st.lists(st.sampled_from([*STYLES]), max_size=4))
    written = [draw(parameters(place)) for place in places]
    written = [*{(each["in"], each["name"]): each for each in written}.values()]
    path = "/things" + "".join(f"/{{{each['name']}}}" for each in written if each["in"] == "path")
    # An answer of several shapes is taken for the one that has a list, if one has.
    answer = draw(schemas.filter(lambda schema: "oneOf" not in json.dumps(schema)))
    made: dict[str, Any] = {"parameters": written, "responses": answered(answer)}
    if method in {"post", "put", "patch"}:
        media_type = draw(st.sampled_from(MEDIA_TYPES))
        schema = draw(schemas if media_type.endswith("json") else objects(flat))
        made["requestBody"] = {"required": draw(st.booleans()), **content(schema, media_type)}
    return method, path, made


@st.composite
def descriptions(draw: st.DrawFn) -> str:
    """Return a description with one operation."""
    method, path, operation = draw(operations())
    return json.dumps({
        "openapi": "3.1.0",
        "info": {"title": "Acme", "version": "1"},
        "servers": [{"url": "https://acme.example"}],
        "paths": {path: {method: operation}},
    })  # fmt: skip
