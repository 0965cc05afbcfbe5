"""Ranges among a tool's arguments, such as `created_after` and `created_before`: one that ends before it begins."""

import re
from collections.abc import Iterator
from typing import Any

import inflection

from tools.member_paths import member_at
from tools.moments import moment_of

ENDS = {
    "after": "before", "from": "to", "since": "until", "start": "end", "starts": "ends", "begin": "end", "min": "max",
    "minimum": "maximum", "gte": "lte", "gt": "lt",
}  # fmt: skip
RANGE_WORDS = frozenset(ENDS) | frozenset(ENDS.values())
SEPARATORS = re.compile(r"[^a-z0-9]+")
Path = tuple[str, ...]
Range = tuple[Path, Path]
MAX_DEPTH = 3


def ranges_of(schema: dict[str, Any], above: Path = ()) -> list[Range]:
    """Return the pairs of arguments, or of members inside them, whose names say where a range begins and ends."""
    properties = schema.get("properties")
    if not isinstance(properties, dict) or len(above) >= MAX_DEPTH:
        return []
    names = {_words(name): name for name in properties}
    found = [
        ((*above, name), (*above, names[end]))
        for words, name in names.items()
        for place, word in enumerate(words)
        if word in ENDS and (end := (*words[:place], ENDS[word], *words[place + 1 :])) in names
    ]
    inner = (ranges_of(each, (*above, name)) for name, each in properties.items() if isinstance(each, dict))
    return found + [each for ranges in inner for each in ranges]


def _words(name: str) -> tuple[str, ...]:
    return tuple(filter(None, SEPARATORS.split(inflection.underscore(name))))


def backward(ranges: list[Range], used: dict[str, Any]) -> Iterator[str]:
    """Yield the problems of ranges that end before they begin; what is no date or number is not compared."""
    for begin, end in ranges:
        if begin[0] not in used or end[0] not in used:
            continue
        first, last = _size(member_at(used, begin)), _size(member_at(used, end))
        if first is not None and last is not None and first > last:
            yield f"{'.'.join(begin)} comes after {'.'.join(end)}, so nothing lies between them: swap or correct them."


def _size(value: Any) -> float | None:
    return float(value) if type(value) in {int, float} else moment_of(value)
