"""Parse untrusted JSON within limits on depth and number of values, without losing digits of large numbers."""

import json
from typing import Any

import orjson
from django.conf import settings

from accounts.errors import NotJSON, TooDeep, TooMany

# Maps digits to "0" and other bytes to a space: a cheap search for long numbers.
DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
LONG_NUMBER = b"0" * 19
WIDEST = 2**64


def loads_request(raw: bytes) -> Any:
    """Parse a client's request; raise NotJSON, TooDeep or TooMany.

    Code that later walks the request visits at most MAX_JSON_VALUES values.
    """
    return loads(raw, most_values=settings.MAX_JSON_VALUES)


def loads(raw: bytes, *, most_values: int | None = None) -> Any:
    """Parse JSON; raise NotJSON, TooDeep, or with `most_values` TooMany.

    An integer beyond 64 bits is returned as a string of its digits: a float would change an id.
    """
    limit: int = settings.MAX_JSON_DEPTH
    # The counts are upper bounds for depth and number of values, so most documents need no closer check.
    containers = raw.count(b"[") + raw.count(b"{")
    if most_values is not None and containers + raw.count(b",") > most_values and _holds_more(raw, most_values):
        raise TooMany(f"made of more than {most_values} values")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        # orjson has no error class of its own for depth.
        if "depth limit" in str(problem) or "recursion" in str(problem).lower():
            raise TooDeep(f"nested deeper than {limit} levels") from None
        raise NotJSON(str(problem)) from None
    if containers > limit and is_deeper(value, limit):
        raise TooDeep(f"nested deeper than {limit} levels")
    if LONG_NUMBER in raw.translate(DIGITS):
        # orjson returns such an integer as a float.
        return json.loads(raw, parse_int=whole_number)
    return value


def whole_number(digits: str) -> int | str:
    """Return an integer, or its digits as text if it exceeds the 64 bits that other JSON libraries keep."""
    # 2**64 has 20 digits.
    if len(digits) > 20:
        return digits
    number = int(digits)
    return number if -WIDEST // 2 <= number < WIDEST else digits


def _holds_more(raw: bytes, most: int) -> bool:
    """Return whether a text has more than `most` values, by counting the punctuation outside its strings.

    It is not parsed: the objects of a large document would keep the garbage collector busy for longer than parsing.
    """
    plain = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    # A string has two quotes, and is a value or the name of one.
    if plain.count(b'"') > 4 * most:
        return True
    outside = b"".join(plain.split(b'"')[::2])
    return outside.count(b",") + outside.count(b"[") + outside.count(b"{") > most


def is_deeper(value: Any, limit: int) -> bool:
    """Return whether a value is nested deeper than `limit` levels."""
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
