"""The schema by which a tool's arguments are checked here, which may say more than what clients are listed."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import jsonschema_rs

from tools.catalogue.schemas.json_schemas import (
    PATTERN_OPTIONS,
    Schema,
    SchemaRefused,
    refuse_retrieval,
    with_members,
    without,
)
from tools.catalogue.schemas.patterns import read_pattern

# A date, perhaps with an hour, and perhaps with its offset from UTC.
DATE = re.compile(r"\d{4}-\d\d-\d\d")
TIME = re.compile(rf"({DATE.pattern})(?:[Tt _](\d\d:\d\d)(?::\d\d(?:[.,]\d+)?)?( ?(?:[Zz]|[+-]\d\d(?::?\d\d)?))?)?")
# What is counted from the present, and in whose zone, a text alone cannot say.
RELATIVE = re.compile(
    r"\b(?:today|tomorrow|yesterday|tonight|noon|midnight|next|last|ago|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b",
    re.IGNORECASE,
)
YEAR = re.compile(r"\d{4}")


def _are_addresses(value: str) -> bool:
    """Return whether a text is one email address or several, with commas or semicolons between them."""
    # A comma in a quoted name is no separator (RFC 5322, section 3.4).
    parts = re.split(r"[,;]", re.sub(r'"[^"]*"', "", value))
    return not value or all(re.search(r"\S@\S", part) for part in parts if part.strip())


def _is_in_calendar(value: str) -> bool:
    """Return whether a text is no date in ISO 8601, or one that there is."""
    try:
        return DATE.fullmatch(value.strip()) is None or bool(date.fromisoformat(value.strip()))
    except ValueError:
        return False


def names_no_moment(value: str) -> bool:
    """Return whether a date lacks its hour or its offset, or is told from today: which moment it means is a guess."""
    text = value.strip()
    found = TIME.fullmatch(text)
    return not found[3] if found else bool(RELATIVE.search(text)) and not YEAR.search(text)


def _may_be_moment(value: str) -> bool:
    if names_no_moment(value):
        return False
    found = TIME.fullmatch(value.strip())
    try:
        return found is None or bool(datetime.fromisoformat(f"{found[1]}T{found[2]}"))
    except ValueError:
        return False


# Formats that are checked here, as leniently as a value can be sure to be wrong. An empty text unsets, at many vendors.
CHECKED_FORMATS: dict[str, Callable[[str], bool]] = {
    **dict.fromkeys(["email", "idn-email"], lambda value: not value or re.search(r"\S@\S", value) is not None),
    "email-list": _are_addresses,
    **dict.fromkeys(
        ["uri", "url"], lambda value: not value or re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:\S+", value) is not None
    ),
    "date": _is_in_calendar,
    # RFC 3339, section 5.6, demands the offset, without which a vendor takes its own zone, or that of the account.
    "date-time": _may_be_moment,
}


def checked(schema: Schema) -> Schema:
    """Return the schema by which arguments are checked: its patterns as they are meant, formats that can be sure."""
    return with_members(schema, _checked_node)


def _checked_node(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    made = node
    if isinstance(node.get("pattern"), str):
        pattern = read_pattern(node["pattern"]).checked
        made = {**node, "pattern": pattern} if pattern else without(node, "pattern")
    if "format" in node and node["format"] not in CHECKED_FORMATS:
        made = without(made, "format")
    return with_members(made, _checked_node)


def compile_checker(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    """Compile the validator of a tool's arguments; raise SchemaRefused for a schema that is none."""
    try:
        return jsonschema_rs.Draft202012Validator(
            checked(schema),
            validate_formats=True,
            formats=CHECKED_FORMATS,
            retriever=refuse_retrieval,
            pattern_options=PATTERN_OPTIONS,
        )
    except (ValueError, jsonschema_rs.ReferencingError) as problem:
        raise SchemaRefused(f"not a valid JSON Schema: {str(problem).splitlines()[0]}") from None
