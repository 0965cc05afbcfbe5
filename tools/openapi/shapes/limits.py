"""The kind of value that a description's schema is for, and its limits."""

import re
from typing import Any

from tools.catalogue.schemas.clients import described, pattern_words
from tools.catalogue.schemas.json_schemas import Schema, kinds_of, without
from tools.catalogue.schemas.patterns import read_pattern
from tools.openapi.naming.texts import visible
from tools.openapi.shapes.values import (
    LARGEST_BOUND,
    SCALARS,
    WORDS_OF_KINDS,
    as_kind,
    is_file,
    is_small,
    is_text,
    is_whole,
    list_of,
)

TYPES = SCALARS | {"object", "array"}
# Names that are not types of JSON Schema, but are often used as such.
MISNAMED = {
    "file": "string", "date": "string", "datetime": "string", "date-time": "string", "uuid": "string", "text": "string",
    "str": "string", "enum": "string", "int": "integer", "int32": "integer", "int64": "integer", "long": "integer",
    "float": "number", "double": "number", "decimal": "number", "bool": "boolean", "list": "array", "map": "object",
    "dict": "object", "hash": "object",
}  # fmt: skip
COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
MAX_PATTERN, MAX_NAME = 200, 200
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
LIMITS = frozenset(word for words in WORDS_OF_KINDS.values() for word in words)


def is_sendable_name(name: str) -> bool:
    """Return whether a member of this name can be sent, and is visible."""
    return 0 < len(name) <= MAX_NAME and not CONTROL.search(name) and visible(name) == name


def kinds_in(node: Schema) -> list[str]:
    """Return the kinds of value that a node names or implies, without null."""
    kind = node.get("type")
    named = [MISNAMED.get(each, each) for each in (kind if isinstance(kind, list) else [kind]) if is_text(each)]
    kinds = [each for each in dict.fromkeys(named) if each in TYPES]
    if (not kinds and "type" not in node) or (named and not kinds and "null" not in named):
        kinds = _implied(node)
    return kinds


def _implied(node: Schema) -> list[str]:
    """Return the kind that a node's own parts imply."""
    if any(isinstance(node.get(word), dict) for word in ("properties", "additionalProperties", "patternProperties")):
        return ["object"]
    if "items" in node or "prefixItems" in node:
        return ["array"]
    values = [value for value in [*list_of(node.get("enum")), node.get("const")] if value is not None]
    if not values:
        return []
    if all(isinstance(value, str) for value in values):
        return ["string"]
    if all(isinstance(value, bool) for value in values):
        return ["boolean"]
    if all(is_whole(value) for value in values):
        return ["integer"]
    return ["number"] if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values) else []


def with_implied_kind(schema: Schema) -> Schema:
    """Return a schema with the kind whose limits it has, if it names none and they are of one kind."""
    if kinds_of(schema):
        return schema
    if "required" in schema or schema.get("additionalProperties") is True:
        return {"type": "object", **schema}
    found = [
        kind
        for kind in ("string", "number", "array", "object")
        if any(word in schema for word in WORDS_OF_KINDS[kind] if word != "format")
    ]
    return {"type": found[0], **schema} if len(found) == 1 else schema


def without_foreign_limits(schema: Schema) -> Schema:
    """Return a schema without limits of other kinds of value than it takes."""
    kinds = kinds_of(schema)
    allowed = {word for kind in kinds for word in WORDS_OF_KINDS.get(kind, ())}
    foreign = [word for word in LIMITS if kinds and word in schema and word not in allowed]
    return without(schema, *foreign) if foreign else schema


def with_limits(schema: Schema, node: Schema, kinds: list[str]) -> Schema:
    """Return a schema with the limits, format, default and example of a node."""
    for word in COUNTS:
        value: Any = node.get(word)
        if is_whole(value) and 0 <= value <= LARGEST_BOUND:
            schema[word] = int(value)
    _add_bounds(schema, node)
    # OpenAPI 3.1 says contentEncoding where 3.0 said format: byte.
    in_base64 = "byte" if node.get("contentEncoding") == "base64" else None
    form = "binary" if is_file(node) else node.get("format") or in_base64
    if is_text(form) and len(form) <= 40 and not CONTROL.search(form) and visible(form) == form:
        schema["format"] = form
    default = node.get("default")
    if is_small(default) and as_kind(default, kinds) == default and not isinstance(default, list | dict):
        schema["default"] = default
    example = node.get("example", (list_of(node.get("examples")) or [None])[0])
    if is_small(example) and as_kind(example, kinds) is not None and "enum" not in schema:
        schema["examples"] = [as_kind(example, kinds)]
    return _with_pattern(schema, node)


def _with_pattern(schema: Schema, node: Schema) -> Schema:
    """Return a schema with a node's pattern, in words if nothing here reads it as it is meant."""
    pattern = node.get("pattern")
    if not is_text(pattern) or len(pattern) > MAX_PATTERN or CONTROL.search(pattern) or visible(pattern) != pattern:
        return schema
    read = read_pattern(pattern)
    if read.checked or read.shared:
        return {**schema, "pattern": read.checked or read.shared}
    return described(schema, pattern_words(pattern))


def _add_bounds(schema: Schema, node: Schema) -> None:
    for word in BOUNDS:
        value = node.get(word)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_BOUND:
            schema[word] = value
    for plain_word, strict_word in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if node.get(strict_word) is True and plain_word in schema:  # as OpenAPI 3.0 writes it
            schema[strict_word] = schema.pop(plain_word)
