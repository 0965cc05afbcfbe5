"""Convert a result to match its tool's outputSchema where that loses nothing; the rest becomes null."""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from tools.catalogue.schemas.json_schemas import Schema

# The text of a whole number that clients' floats would change.
INEXACT = "^-?[0-9]{16,}$"
# A number of JSON that a float makes zero.
TINY = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?[eE]-[0-9]{3,}")


def conformed(value: Any, schema: Schema) -> Any:
    """Convert a value to match a loosened schema: numbers and text become each other where nothing is lost.

    An array or object where text is expected becomes JSON; a value that cannot be converted becomes null.
    """
    kinds = schema.get("type")
    if kinds is None or value is None:
        return value
    if "pattern" in schema and not (isinstance(value, str) and re.fullmatch(INEXACT, value)):
        kinds = [kind for kind in kinds if kind != "string"]
    if isinstance(value, dict) and "object" in kinds:
        known, others = schema["properties"], schema.get("additionalProperties", {})
        return {name: conformed(member, known.get(name, others)) for name, member in value.items()}
    if isinstance(value, list) and "array" in kinds:
        return [conformed(item, schema["items"]) for item in value]
    return value if _fits(value, kinds) else _converted(value, kinds)


def _fits(value: Any, kinds: list[str]) -> bool:
    # First, since a bool is an int in Python.
    if isinstance(value, bool):
        return "boolean" in kinds
    if isinstance(value, str):
        return "string" in kinds
    if isinstance(value, int | float):
        return "number" in kinds or ("integer" in kinds and value == int(value))
    return False


def _converted(value: Any, kinds: list[str]) -> Any:
    if value in ([], {}):  # some languages write an empty object as an empty array
        return [] if "array" in kinds else {} if "object" in kinds else None
    if "string" in kinds:
        return orjson.dumps(value).decode()
    if "boolean" in kinds:
        return {"true": True, "false": False, "1": True, "0": False}.get(str(value).lower())
    if isinstance(value, str) and ("integer" in kinds or "number" in kinds):
        return _number(value, whole="number" not in kinds)
    return None


def _number(text: str, *, whole: bool) -> Any:
    """Return the number in a text; None if there is none, or if its digits would change by the conversion."""
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return None
    # A whole number with leading zeros, such as a telephone number, would lose them.
    if not exact.is_finite() or len(text) > 400 or (len(text) > 1 and text.lstrip("-+")[0] == "0" and "." not in text):
        return None
    if text.lstrip("-").isdecimal():
        # orjson refuses integers beyond 64 bits, so their digits are written as they are.
        return int(text) if exact.adjusted() < 18 else orjson.Fragment(str(int(text)))
    if whole or Decimal(repr(float(exact))) == exact:
        return None if whole else float(exact)
    # Readers that make zero of it do so by themselves; one that is too large would break some of them.
    return orjson.Fragment(text) if TINY.fullmatch(text) else None
