"""Marks of the pages that a walk has seen, by which one that does not end is recognised.

They are one text, the oldest mark first, with spaces between them; a number of empty pages in a row is `-` and digits.
"""

import zlib
from typing import Any

import orjson

# How many records, or plain values, at each end of a page make its mark, with the number of its items.
MARKED_RECORDS, MARKED_VALUES = 2, 50
# How many marks are kept: walks in circles of so many pages are recognised.
KEPT = 3
# So many empty pages in a row end a walk. Vendors that filter after they have cut their pages do give some.
MANY_EMPTY = 10


def mark_of(rows: list[Any]) -> str:
    """Return a short mark of a page: a checksum of its items, in long ones of both ends."""
    marked = MARKED_RECORDS if isinstance(rows[0], dict) else MARKED_VALUES
    ends = rows if len(rows) <= 2 * marked else [len(rows), *rows[:marked], *rows[-marked:]]
    return f"{zlib.crc32(orjson.dumps(ends)):08x}"


def came_before(mark: str, seen: str, rows: list[Any]) -> bool:
    """Return whether a page with these rows is one of those that were seen.

    A page that is a single value, such as a number, may well come again, unless it comes twice in a row.
    """
    *earlier, last = seen.split(" ")
    is_telling = len(rows) > 1 or isinstance(rows[0], dict)
    return mark == last or (is_telling and mark in earlier)


def after(seen: str, mark: str) -> str:
    """Return the marks after a page with items."""
    return " ".join([*seen.split(), mark][-KEPT:])


def after_empty(seen: str) -> str:
    """Return the marks after a page without items."""
    *earlier, last = seen.split(" ")
    if last.startswith("-"):
        return " ".join([*earlier, f"-{int(last[1:]) + 1}"])
    return after(seen, "-1")


def are_many_empty(seen: str) -> bool:
    """Return whether the last pages were empty, and so many that a walk ends."""
    return seen.rpartition(" ")[2] == f"-{MANY_EMPTY}"
