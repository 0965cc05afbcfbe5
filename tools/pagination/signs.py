"""Signs in an answer that a list goes on, for lists whose way of paging nobody declared."""

from collections.abc import Iterator, Mapping
from typing import Any

from accounts.texts.names import plain_name
from tools.pagination.links import next_link
from tools.pagination.pages import PageAnswer
from tools.pagination.vocabulary import (
    CURSOR_HEADER,
    EARLIER,
    EARLIER_HEADER,
    FIRST,
    LAST,
    LINKS,
    MORE,
    NEXT_CURSORS,
    NEXT_CURSORS_INSIDE,
    NUMBERED_CURSORS,
    TOTAL_PAGES,
    TOTALS,
)

# How many levels of objects around a list are searched, and how many members of each.
LEVELS = 5
MEMBERS = 100
MAX_VALUE = 2000
HEADERS = "headers"
# Texts that mean that there is nothing, and members that are too often something else.
NOTHING = frozenset({"0", "false", "none", "null", "nil"})
ECHOES = frozenset({"id", "position", "max", "offset"})


def signs_of_more(answer: PageAnswer, *, counts: bool = True, cursors: bool = True) -> dict[str, Any]:
    """Return the members around a list, and the headers, that look like a way to more of it; empty if none does.

    They keep their places: `{"meta": {"bookmark": "zz"}}`. Lists are not searched. At the end of a walk, totals
    and numbers of pages say nothing (without `counts`), nor do cursors that may be the current one (without `cursors`).
    """
    document = answer.document if isinstance(answer.document, dict) else {}
    search = _Search(len(answer.rows), counts=counts, cursors=cursors)
    found = search.inside(document, LEVELS, is_inside=False)
    named = {} if search.says_end else dict(_headers(answer.headers))
    return {} if search.says_end else {**found, **({HEADERS: named} if named else {})}


def places_of(signs: dict[str, Any]) -> list[str]:
    """Return the places of signs, as dotted names."""
    places = []
    for name, value in signs.items():
        inner = places_of(value) if isinstance(value, dict) else []
        places += [f"{name}.{place}" for place in inner] or [name]
    return places


def tells_of_earlier(answer: PageAnswer) -> bool:
    """Return whether an answer states that a page comes before it, as `"first": false` does."""
    document = answer.document if isinstance(answer.document, dict) else {}
    inner = [value for value in [*document.values()][:MEMBERS] if isinstance(value, dict)]
    told = [(plain_name(name[:64]), value) for part in (document, *inner) for name, value in [*part.items()][:MEMBERS]]
    return any((name in FIRST and value is False) or (name in EARLIER and value is True) for name, value in told)


class _Search:
    """Looks for signs of more; `says_end` if the answer states that there is no more."""

    def __init__(self, count: int, *, counts: bool, cursors: bool) -> None:
        self._count = count
        self._counts = counts
        self._cursors = cursors
        self.says_end = False

    def inside(self, part: dict[str, Any], levels: int, *, is_inside: bool) -> dict[str, Any]:
        """Return the signs in an object, in their places."""
        found = {}
        for name, value in [*part.items()][:MEMBERS]:
            if isinstance(value, dict):
                inner = self.inside(value, levels - 1, is_inside=True) if levels else {}
                if inner:
                    found[name] = inner
            elif self._is_sign(plain_name(name[:64]), value, is_inside=is_inside):
                found[name] = value
        return found

    def _is_sign(self, name: str, value: Any, *, is_inside: bool) -> bool:
        if isinstance(value, bool):
            self.says_end = self.says_end or (name in MORE and not value) or (name in LAST and value)
            return value and name in MORE
        if isinstance(value, str):
            tells = 0 < len(value) <= MAX_VALUE and value.lower() not in NOTHING
            return tells and self._is_cursor(name, is_inside=is_inside)
        return isinstance(value, int) and self._is_count(name, value)

    def _is_cursor(self, name: str, *, is_inside: bool) -> bool:
        named = NEXT_CURSORS_INSIDE if is_inside else NEXT_CURSORS
        return name in (named | LINKS) - ECHOES and (self._cursors or name.startswith("next"))

    def _is_count(self, name: str, value: int) -> bool:
        if name.startswith("next") and name in NUMBERED_CURSORS:
            return value > 0
        pages = name in TOTAL_PAGES and value > 1
        return self._counts and (pages or (name in TOTALS and value > self._count > 0))


def _headers(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        is_cursor = value and CURSOR_HEADER.search(name) and not EARLIER_HEADER.search(name)
        if is_cursor or (name == "link" and next_link(value)):
            yield name, value[:MAX_VALUE]
