"""Read JSON that somebody else wrote, within a limit of nesting, and without losing digits of its numbers."""

import json
from typing import Any

import orjson
from django.conf import settings


class NotJSON(ValueError):
    """The text is not JSON."""


class TooDeep(NotJSON):
    """The text is nested deeper than MAX_JSON_DEPTH."""


# Bytes that are digits as "0", all others as a space: a search for long numbers that costs next to nothing.
DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
LONG_NUMBER = b"0" * 19
WIDEST = 2**64


def loads(raw: bytes) -> Any:
    """Return what the text holds; raise NotJSON or TooDeep.

    A whole number beyond 64 bits comes as the text of its digits: as a float, an id would become another one.
    """
    limit: int = settings.MAX_JSON_DEPTH
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        if "depth limit" in str(problem) or "recursion" in str(problem).lower():
            raise TooDeep(f"nested deeper than {limit} levels") from None
        raise NotJSON(str(problem)) from None
    # Brackets bound the depth from above, so that the common document is not walked at all.
    if raw.count(b"[") + raw.count(b"{") > limit and _is_deeper(value, limit):
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
