"""Values in a description's schemas: which may be kept, and in which form."""

import re
from typing import Any, TypeGuard

from tools.openapi.naming.texts import visible
from tools.openapi.shapes.merging import Schema

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
    return node.get("type") == "file" or ("contentMediaType" in node and "contentEncoding" not in node)


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
