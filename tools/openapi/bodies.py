"""The body of a request: its format, and its schema as the properties of one object."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

from tools.catalogue.file_arguments import OCTETS
from tools.catalogue.schemas.json_schemas import without
from tools.catalogue.schemas.member_rules import RULES
from tools.openapi.answers import is_json, with_parameters
from tools.openapi.arguments import MAX_PARAMETER
from tools.openapi.errors import OperationRefused
from tools.openapi.naming.texts import plain
from tools.openapi.reading.operations import Body, Operation
from tools.openapi.shapes.clean_schemas import CleanSchema
from tools.openapi.shapes.contents import Contents, TextContent
from tools.openapi.shapes.fitting import fitted
from tools.openapi.shapes.merging import Schema, kinds_of, with_null
from tools.openapi.shapes.schemas import Cleaner
from tools.openapi.styles import SEPARATED

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
# Without its body, such a request would be another one, whatever the document says of `required`.
WITH_BODY = frozenset({"POST", "PUT", "PATCH", "QUERY"})
BUDGET = 8_000
WHOLE = "body"
TEXTS = ("text/", "xml", "yaml", "csv", "graphql", "javascript", "x-ndjson", "jsonl", "sdp")
WHOLE_WORDS = 300
ENCODINGS = frozenset({"base64", "base64url", "base32", "base16", "quoted-printable"})
MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]{1,60}")


@dataclass(frozen=True)
class RequestBody:
    """A method's settings for its body, and the body's schema; both empty if there is no body."""

    declared: dict[str, Any] = field(default_factory=dict)
    schema: Schema = field(default_factory=dict)
    styles: dict[str, str] = field(default_factory=dict)


NO_BODY = RequestBody()


def body_of(operation: Operation, cleaner: Cleaner) -> RequestBody:
    """Return the body of an operation; raise OperationRefused for one that no tool can send."""
    if not operation.bodies:
        return NO_BODY
    body = _chosen(operation.bodies)
    if body is None:
        if operation.body_required or operation.http in WITH_BODY:
            raise OperationRefused(f"its body is {operation.bodies[0].media_type[:60]}, which a tool cannot send")
        return NO_BODY
    media_type = body.media_type.partition(";")[0].strip().lower()
    if media_type in {FORM, MULTIPART}:
        return _optional(operation, _form(operation, body, media_type, cleaner))
    if is_json(media_type) or "*" in media_type:
        return _optional(operation, _json(operation, body, media_type, cleaner))
    return _raw(operation, body, media_type, cleaner.contents)


def _optional(operation: Operation, body: RequestBody) -> RequestBody:
    """Return a body of several members as one that can be left out, if the operation does not require it."""
    if operation.body_required or not body.declared or "body_parameter" in body.declared:
        return body
    return replace(body, declared={**body.declared, "optional_body": True})


def _chosen(bodies: list[Body]) -> Body | None:
    """Return the format that a model writes most reliably: JSON, then forms, then text."""
    ranks = {}
    for place, body in enumerate(bodies):
        media = body.media_type.partition(";")[0].strip().lower()
        patch = media.endswith("json-patch+json")
        if is_json(media):
            ranks[place] = 1 if patch else 0
        elif media in {"*/*", "application/*"}:
            ranks[place] = 2
        elif media == FORM:
            ranks[place] = 3
        elif media == MULTIPART:
            ranks[place] = 4
        elif media.startswith("multipart/"):
            continue  # OpenAPI 3.1.1, Encoding Object: properties cannot be matched with unnamed, ordered parts
        elif any(word in media for word in TEXTS) and "*" not in media:
            ranks[place] = 5
        elif "/" in media and "*" not in media:
            ranks[place] = 6  # bytes: a model can still send text as such a file
    if not ranks:
        return None
    return bodies[min(ranks, key=lambda place: (ranks[place], place))]


def _json(operation: Operation, body: Body, media_type: str, cleaner: Cleaner) -> RequestBody:
    declared: dict[str, Any] = {"body": "json"}
    named = with_parameters(body.media_type)
    if MEDIA_TYPE.fullmatch(media_type) and named != "application/json" and "*" not in media_type:
        declared["body_media_type"] = named
    node = body.schema if isinstance(body.schema, dict) else {}
    schema = fitted(lambda depth: cleaner.with_nulls.cleaned(node, depth), BUDGET, wanted=_shared_names(operation))
    properties = schema.get("properties") or {}
    if properties and set(kinds_of(schema)) <= {"object", "null"}:
        if operation.http == "GET":
            return NO_BODY if not operation.body_required else RequestBody(declared, _top(schema))
        root = _root(schema)
        whole = _inner(node, root, cleaner.with_nulls) if root else schema
        whole = _with_deletions(whole) if media_type.endswith("merge-patch+json") else whole
        return RequestBody({**declared, "body_root": root} if root else declared, _top(whole))
    if not node and not operation.body_required:
        return NO_BODY if operation.http in {"GET", "DELETE"} else _whole(operation, {}, declared)
    if operation.http == "GET" and not operation.body_required:
        return NO_BODY
    return _whole(operation, schema, declared)


def _shared_names(operation: Operation) -> frozenset[str]:
    """Return the names that parameters have: a body's member of such a name could not be given without being listed."""
    return frozenset(each.name for each in operation.parameters)


def _with_deletions(schema: Schema) -> Schema:
    """Return an object's schema in which null deletes any member that is not required (RFC 7396, section 2)."""
    # What goes together may be spread over the patch and what it changes.
    made = without(schema, "dependentSchemas")
    if "properties" in schema:
        kept = schema.get("required", [])
        made["properties"] = {
            name: _with_deletions(child) if name in kept else with_null(_with_deletions(child))
            for name, child in schema["properties"].items()
        }
    if isinstance(schema.get("additionalProperties"), dict):
        made["additionalProperties"] = with_null(_with_deletions(schema["additionalProperties"]))
    return made


def _root(schema: Schema) -> str:
    """Return the single member that wraps everything, as in `{"ticket": {…}}`; empty if there is none."""
    properties = schema["properties"]
    if len(properties) != 1 or "additionalProperties" in schema:
        return ""
    name, only = next(iter(properties.items()))
    return name if kinds_of(only) == ["object"] and only.get("properties") and len(name) <= 100 else ""


def _inner(node: Schema, root: str, cleaner: Cleaner) -> Schema:
    """Return the schema of the single member, fitted as what a tool takes: what is left out is said there."""

    def built(depth: int) -> CleanSchema:
        whole = cleaner.cleaned(node, depth + 1)
        inner = whole.schema["properties"][root]
        return CleanSchema(inner, cleaner.size_of(inner), whole.facts)

    return fitted(built, BUDGET)


def _whole(operation: Operation, schema: Schema, declared: dict[str, Any]) -> RequestBody:
    """Return a body that is one argument: a list, a single value, an object of any shape, or any of these."""
    shown = {**_without_bytes(schema)}
    words = plain(operation.body_description, WHOLE_WORDS) or shown.get("description") or "The body of the request."
    shown["description"] = words
    made: Schema = {"type": "object", "properties": {WHOLE: shown}}
    if operation.body_required:
        made["required"] = [WHOLE]
    return RequestBody({**declared, "body_parameter": WHOLE}, made)


def _top(schema: Schema, *, with_files: bool = False) -> Schema:
    """Return an object's schema as the top level of a tool's arguments; only some bodies can contain files."""
    properties = schema["properties"]
    if not with_files:
        properties = {name: _without_bytes(child) for name, child in properties.items()}
    kept = {word: schema[word] for word in ("required", "additionalProperties", *RULES) if schema.get(word)}
    return {"type": "object", "properties": properties, **kept}


def _without_bytes(schema: Schema) -> Schema:
    """Return a schema that is taken neither for a file nor for a list of files."""
    if schema.get("format") == "binary":
        schema = {key: value for key, value in schema.items() if key != "format"}
    if isinstance(schema.get("items"), dict) and schema["items"].get("format") == "binary":
        schema = {**schema, "items": _without_bytes(schema["items"])}
    return schema


def _form(operation: Operation, body: Body, media_type: str, cleaner: Cleaner) -> RequestBody:
    node = body.schema if isinstance(body.schema, dict) else {}
    schema = fitted(lambda depth: cleaner.cleaned(node, depth), BUDGET, wanted=_shared_names(operation))
    properties = schema.get("properties") or {}
    if not properties or operation.http == "GET":
        if operation.body_required and properties == {} and operation.http != "GET":
            raise OperationRefused("its form has no documented fields")
        return NO_BODY
    declared: dict[str, Any] = {"body": "form" if media_type == FORM else "multipart"}
    styles, types, encodings = {}, {}, {}
    for name, child in properties.items():
        written = body.encoding.get(name)
        encoding = written if isinstance(written, dict) else {}
        styles[name] = form_style(child, encoding)
        if media_type == MULTIPART and len(name) <= MAX_PARAMETER:
            content = cleaner.contents.of_member(node, name)
            types[name] = part_type(child, encoding, content)
            encodings[name] = _part_encoding(child, content.encoding or cleaner.contents.asked_encoding(encoding))
    for setting, values in (("part_types", types), ("part_encodings", encodings)):
        if any(values.values()):
            declared[setting] = {name: value for name, value in values.items() if value}
    return RequestBody(
        declared,
        _top(schema, with_files=media_type == MULTIPART),
        {name: style for name, style in styles.items() if style},
    )


def form_style(schema: Schema, encoding: dict[str, Any]) -> str:
    """Return how a list or object is written into a form; empty for the default style.

    By default, objects are JSON, and each item of a list is a field of its own (OpenAPI 3.1, Encoding Object).
    """
    kinds = set(kinds_of(schema))
    is_styled = bool({"style", "explode", "allowReserved"} & encoding.keys())
    if not {"array", "object"} & kinds:
        return "json" if not is_styled and "json" in str(encoding.get("contentType", "")) else ""
    inner = set(kinds_of(schema.get("items")))
    if not is_styled:
        return "json" if "json" in str(encoding.get("contentType", "")) or "array" in inner else ""
    style = encoding.get("style", "form")
    if style == "deepObject":
        return "indices" if "object" in inner or "object" in kinds else "brackets"
    if encoding.get("explode", style == "form") is False:
        return SEPARATED.get(style, "comma")
    return "members" if "object" in kinds and "array" not in kinds else ""


def part_type(schema: Schema, encoding: dict[str, Any], content: TextContent) -> str:
    """Return the media type of a property's part in a multipart body; empty if it needs none.

    `content` is what the property itself says (JSON Schema 2020-12, contentMediaType and contentEncoding).
    """
    if {"style", "explode"} & encoding.keys():
        return ""  # OpenAPI 3.1, Encoding Object: contentType is ignored beside them
    # OpenAPI 3.1, Encoding Object: by default, what is encoded is octets.
    written = content.media_type or (OCTETS if content.encoding else "")
    named = str(encoding.get("contentType") or written).partition(",")[0].partition(";")[0].strip().lower()
    if MEDIA_TYPE.fullmatch(named):
        return named
    kinds, inner = set(kinds_of(schema)), set(kinds_of(schema.get("items")))
    if kinds - {"object", "array", "null"}:
        return ""  # a text is sent as it is, even where an object may be sent instead
    return "application/json" if "object" in kinds or {"object", "array"} & inner else ""


def _part_encoding(schema: Schema, asked: str) -> str:
    """Return the encoding of a part; empty if it is none that can be sent, such as of a file anything but Base64."""
    inner = schema.get("items") if "array" in kinds_of(schema) else schema
    holds_file = isinstance(inner, dict) and inner.get("format") == "binary"
    return asked if asked in ({"base64"} if holds_file else ENCODINGS) else ""


def _raw(operation: Operation, body: Body, media_type: str, contents: Contents) -> RequestBody:
    words = plain(operation.body_description, WHOLE_WORDS) or f"The content that is sent, as {media_type[:60]}."
    shown: Schema = {"type": "string", "description": words}
    if contents.is_base64(body.schema):
        shown["format"] = "byte"  # the content is the text in Base64, whatever its media type
    elif not any(word in media_type for word in TEXTS):
        shown["format"] = "binary"
    made: Schema = {"type": "object", "properties": {WHOLE: shown}}
    if operation.body_required:
        made["required"] = [WHOLE]
    return RequestBody(
        {"body": "raw", "body_parameter": WHOLE, "body_media_type": with_parameters(body.media_type)}, made
    )
