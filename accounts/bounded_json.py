"""Parse untrusted JSON within limits on depth and number of values, without losing digits of large numbers."""

import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from django.conf import settings

from accounts.errors import NotJSON, NumberTooLarge, TooDeep, TooMany

# Maps digits to "0", an exponent's sign to "e-", what opens a container to "[", and other bytes to a space: one pass in
# which depth and unusual numbers are cheap to find.
KEPT = bytes.maketrans(b"123456789E{", b"000000000e[")
OUTLINE = bytes(KEPT[byte] if KEPT[byte] in b"0e-[" else 0x20 for byte in range(256))
LONG_NUMBER = b"0" * 19
WIDEST = 2**64
# RFC 8259, section 6: beyond it, programs that read numbers as floats change them.
EXACT = 2**53
# A pattern, since it is searched for faster than bytes are.
TINY_OUTLINE = re.compile(rb"e-000")
# With what ends a number: `9e-1234-` is a part of a UUID.
TINY = re.compile(rb"(?<=[0-9])[eE]-[0-9]{3,}\s*(?:[,\]}]|\Z)")
NONZERO = re.compile(r"^[^eE]*[1-9]")


def loads_request(raw: bytes) -> Any:
    """Parse a client's request; raise NotJSON, TooDeep or TooMany.

    Code that later walks the request visits at most MAX_JSON_VALUES values. Beside an integer of 19 digits or more, a
    fraction that a float would change is returned as a string too.
    """
    return loads(raw, most_values=settings.MAX_JSON_VALUES, parse_float=_fraction)


def small_number(digits: str) -> float | str:
    """Return a fraction, or its digits as text if a float would make zero of it."""
    number = float(digits)
    return number if number or not NONZERO.search(digits) else digits


def loads(
    raw: bytes, *, most_values: int | None = None, parse_float: Callable[[str], float | str] = small_number
) -> Any:
    """Parse JSON; raise NotJSON, TooDeep, or with `most_values` TooMany.

    An integer beyond 64 bits is returned as a string of its digits: a float would change an id. So is a fraction that
    a float would make zero.
    """
    limit: int = settings.MAX_JSON_DEPTH
    # The counts are upper bounds for depth and number of values, so most documents need no closer check.
    outline = raw.translate(OUTLINE)
    containers = outline.count(b"[")
    if most_values is not None and containers + raw.count(b",") > most_values and _holds_more(raw, most_values):
        raise TooMany(f"made of more than {most_values} values")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        # orjson has no error class of its own for depth.
        if "depth limit" in str(problem) or "recursion" in str(problem).lower():
            raise TooDeep(f"nested deeper than {limit} levels") from None
        if "infinity" in str(problem):
            raise NumberTooLarge(f"a number that is too large, at character {problem.pos}") from None
        raise NotJSON(str(problem)) from None
    if containers > limit and is_deeper(value, limit):
        raise TooDeep(f"nested deeper than {limit} levels")
    if LONG_NUMBER in outline or _may_vanish(raw, outline):
        # orjson returns such an integer as a float.
        return json.loads(raw, parse_int=whole_number, parse_float=parse_float)
    return value


def with_exact_numbers(value: Any) -> Any:
    """Return a value with the whole numbers that floats would change as text."""
    if isinstance(value, dict):
        return {name: with_exact_numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [with_exact_numbers(item) for item in value]
    return str(value) if isinstance(value, int) and abs(value) > EXACT else value


def whole_number(digits: str) -> int | str:
    """Return an integer, or its digits as text if it exceeds the 64 bits that other JSON libraries keep."""
    # 2**64 has 20 digits.
    if len(digits) > 20:
        return digits
    number = int(digits)
    return number if -WIDEST // 2 <= number < WIDEST else digits


def _fraction(digits: str) -> float | str:
    """Return a fraction as a float, or its digits as text if a float would change them."""
    number = small_number(digits)
    try:
        return number if Decimal(repr(number)) == Decimal(digits) else digits
    except InvalidOperation:  # an exponent beyond those of decimals, or no number any more
        return digits


def _may_vanish(raw: bytes, outline: bytes) -> bool:
    """Return whether there may be a number with an exponent below those of floats."""
    # A loop, not any(): this runs for every answer, and most have no such number.
    for found in TINY_OUTLINE.finditer(outline):  # noqa: SIM110
        if TINY.match(raw, found.start()):
            return True
    return False


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
