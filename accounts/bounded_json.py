"""Read JSON that somebody else wrote, within limits of nesting and number, and without losing digits of its numbers."""

import json
from typing import Any

import orjson
from django.conf import settings

from accounts.errors import NotJSON, TooDeep, TooMany

# Bytes that are digits as "0", all others as a space: a search for long numbers that costs next to nothing.
DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
LONG_NUMBER = b"0" * 19
WIDEST = 2**64


def loads_request(raw: bytes) -> Any:
    """Return what a client's text holds; raise NotJSON, TooDeep or TooMany.

    Whatever looks at each value of a request afterwards looks at MAX_JSON_VALUES of them at most.
    """
    return loads(raw, most_values=settings.MAX_JSON_VALUES)


def loads(raw: bytes, *, most_values: int | None = None) -> Any:
    """Return what the text holds; raise NotJSON, TooDeep, or TooMany where a number of values is given.

    A whole number beyond 64 bits comes as the text of its digits: as a float, an id would become another one.
    """
    limit: int = settings.MAX_JSON_DEPTH
    # Signs bound depth and number from above, so that the common document is not looked at more closely.
    containers = raw.count(b"[") + raw.count(b"{")
    if most_values is not None and containers + raw.count(b",") > most_values and _holds_more(raw, most_values):
        raise TooMany(f"made of more than {most_values} values")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        if "depth limit" in str(problem) or "recursion" in str(problem).lower():
            raise TooDeep(f"nested deeper than {limit} levels") from None
        raise NotJSON(str(problem)) from None
    if containers > limit and _is_deeper(value, limit):
        raise TooDeep(f"nested deeper than {limit} levels")
    if LONG_NUMBER in raw.translate(DIGITS):
        return json.loads(raw, parse_int=_whole_number)
    return value


def _whole_number(digits: str) -> int | str:
    """Return a whole number; the text itself where no JSON library of another language would keep its digits."""
    if len(digits) > 20:
        return digits
    number = int(digits)
    return number if -WIDEST // 2 <= number < WIDEST else digits


def _holds_more(raw: bytes, most: int) -> bool:
    """Tell whether a text has more than `most` values, by the signs that stand outside of its strings.

    Nothing is made of it: what a large document becomes would keep the garbage collector busy for longer than reading.
    """
    plain = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Two quotes a string, and each is a value or names one.
    if plain.count(b'"') > 4 * most:
        return True
    outside = b"".join(plain.split(b'"')[::2])
    return outside.count(b",") + outside.count(b"[") + outside.count(b"{") > most


def _is_deeper(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(child for child in item.values() if isinstance(child, dict | list))
            elif isinstance(item, list):
                inner.extend(child for child in item if isinstance(child, dict | list))
        if not inner:
            return False
        level = inner
    return True
