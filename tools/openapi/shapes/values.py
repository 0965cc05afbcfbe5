"""Values in a description's schemas: which may be kept, and in which form."""

import re
from typing import Any, TypeGuard

from tools.catalogue.schemas.json_schemas import Schema
from tools.openapi.naming.texts import visible

# Words about values, by the kind of value that they limit.
WORDS_OF_KINDS = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "format"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
}
LOWER_LIMITS = ("minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum")
UPPER_LIMITS = ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum")
# RFC 2045, section 6: names of no encoding at all.
PLAIN = frozenset({"", "binary", "8bit", "7bit"})
MAX_ENUM = 60
NAMED_VALUES = 8
SCALARS = frozenset({"string", "integer", "number", "boolean"})
LARGEST_BOUND = 2**53
MAX_EXAMPLE = 80
MAX_VALUE = 200


def list_of(value: Any) -> list[Any]:
    """Return a list; an empty one for anything else."""
    return value if isinstance(value, list) else []


def is_text(value: Any) -> TypeGuard[str]:
    """Return whether a value is text, and narrow its type."""
    return isinstance(value, str)


def is_file(node: Schema) -> bool:
    """Return whether a schema is for the bytes of a file, in the terms of any OpenAPI version."""
    named = str(node.get("contentMediaType", "json")).partition(";")[0].strip().lower()
    holds_bytes = not named.endswith("json")  # a text that holds JSON is a text
    encoding = str(node.get("contentEncoding", "")).lower()
    # Bytes as they are, which no text of JSON is: many write it where OpenAPI 3.0 said `format: binary`.
    is_binary = encoding == "binary"
    return node.get("type") == "file" or is_binary or (holds_bytes and encoding in PLAIN)


def is_whole(value: Any) -> bool:
    """Return whether a value is a whole number, be it an int or a float."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


def is_small(value: Any) -> bool:
    """Return whether a value may be a schema's default or example."""
    if isinstance(value, bool):
        return True
    if isinstance(value, int | float):
        return abs(value) <= LARGEST_BOUND
    return isinstance(value, str) and 0 < len(value) <= MAX_EXAMPLE and visible(value) == value and "\n" not in value


def as_kind(value: Any, kinds: list[str]) -> Any:
    """Return a value converted to its declared type; None if that is impossible."""
    scalar = [kind for kind in kinds if kind in SCALARS]
    if not isinstance(value, str | int | float | bool) or not _is_small_enough(value):
        return None
    if not scalar:
        return None if kinds else value
    if isinstance(value, bool):
        return value if "boolean" in scalar else str(value).lower() if "string" in scalar else None
    if isinstance(value, int | float):
        fits = "number" in scalar or ("integer" in scalar and is_whole(value))
        return value if fits else str(value) if "string" in scalar else None
    if "string" in scalar:
        return value
    if "integer" in scalar and re.fullmatch(r"-?[0-9]{1,15}", value):
        return int(value)
    return None


def _is_small_enough(value: str | float | bool) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_VALUE and visible(value) == value
    return abs(value) <= LARGEST_BOUND


def unique(values: list[Any]) -> list[Any]:
    """Return values without repeats; unlike in Python, true is not 1 in JSON."""
    seen: dict[tuple[bool, Any], Any] = {(isinstance(value, bool), value): value for value in values}
    return list(seen.values())


def with_values(schema: Schema, values: list[Any]) -> Schema:
    """Return a schema that allows only these values; very many are told in its description instead."""
    size = sum(len(str(value)) for value in values)
    if len(values) <= MAX_ENUM and size <= MAX_ENUM * 30:
        return {**schema, "enum": values}
    return {**schema, "description": f"{schema.get('description', '')} {values_in_words(values)}".strip()}


def values_in_words(values: list[Any]) -> str:
    """Return what a description says of the values that there are."""
    named = ", ".join(visible(str(value))[:40] for value in values[:NAMED_VALUES])
    return f"One of {named}." if len(values) <= NAMED_VALUES else f"One of {len(values)} values, such as {named}."
