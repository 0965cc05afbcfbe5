"""Guess how a list is paged, from the names of its parameters and from what surrounds the list in its answer."""

import re
from dataclasses import dataclass
from typing import Any

from tools.openapi.answers import Result, expression, inside
from tools.openapi.naming.vocabulary import (
    AROUND,
    CURSORS,
    LIMITS,
    LINKS,
    MORE,
    NEXT_CURSORS,
    OFFSETS,
    PAGES,
    TOTAL_PAGES,
    TOTALS,
    USUAL,
)
from tools.openapi.shapes.merging import Schema, kinds_of

STATED = re.compile(
    r"(?:max(?:imum)?(?:\s+(?:value|is|of|allowed|number|per page|page size))*[\s:=]*|between \d+ and |up to |"
    r"cannot exceed |no more than |at most )`?(\d{1,4})\b",
    re.IGNORECASE,
)
STATED_DEFAULT = re.compile(r"default(?:s to| is| value is|s|ing to)?[\s:=]*`?(\d{1,4})\b", re.IGNORECASE)
DEFAULT_LIMIT, MAX_LIMIT, LARGEST_LIMIT = 25, 100, 1000
# How many levels of objects around a list are searched.
ENVELOPE_LEVELS = 2


@dataclass(frozen=True)
class PagingArgument:
    """A parameter, or a member of a JSON body, that may be for paging."""

    name: str
    schema: Schema
    description: str

    @property
    def plain_name(self) -> str:
        """Its name in lower case, letters and digits only: `page[size]` is `pagesize`."""
        return re.sub(r"[^a-z0-9]", "", self.name.lower())


@dataclass(frozen=True)
class Guess:
    """How a list seems to be paged; `taken` are arguments that its tool no longer needs."""

    pagination: dict[str, Any]
    taken: frozenset[str]


NOT_PAGED: dict[str, Any] = {"kind": "none"}


def guess(arguments: list[PagingArgument], result: Result, headers: frozenset[str]) -> Guess | None:
    """Return how a list is paged; None if nothing indicates it."""
    limit = _find(arguments, LIMITS)
    hints = _Hints(result)
    links = "link" in headers
    page, offset = _find(arguments, PAGES), _find(arguments, OFFSETS)
    cursor = next((each for name in CURSORS for each in arguments if each.plain_name == name and each != limit), None)
    if page is not None and "string" in kinds_of(page.schema) and hints.cursor:
        page = None  # this page parameter is a page token
    if offset is not None and "string" in kinds_of(offset.schema):
        offset = None
    if links:
        paged = frozenset(each.name for each in (page,) if each)
        return _guess({"kind": "link"}, limit, paged)
    if cursor is not None and cursor not in (page, offset):
        made = _cursor(cursor, hints)
        if made is not None:
            return _guess(made, limit, frozenset({cursor.name}))
    if offset is not None and limit is not None and "startindex" not in offset.plain_name:
        made = {"kind": "offset", "offset_parameter": offset.name, "limit_parameter": limit.name}
        return _guess(made | hints.totals(), limit, frozenset({offset.name}))
    if page is not None and (limit is not None or hints.more or hints.total_pages):
        made = {"kind": "page", "page_parameter": page.name, **_first_page(page)}
        if hints.more:
            made["more"] = hints.more
        elif hints.total_pages:
            made["total_pages"] = hints.total_pages
        else:
            made |= hints.totals()
        return _guess(made, limit, frozenset({page.name}))
    if hints.link:
        return _guess({"kind": "link", "next_url": hints.link}, limit, frozenset(each.name for each in (page,) if each))
    return None


def _guess(made: dict[str, Any], limit: PagingArgument | None, taken: frozenset[str]) -> Guess:
    if limit is not None:
        made["limit_parameter"] = limit.name
        made |= _sizes(limit)
        taken |= {limit.name}
    return Guess(made, taken)


def _find(arguments: list[PagingArgument], names: frozenset[str]) -> PagingArgument | None:
    found = [each for each in arguments if each.plain_name in names and "array" not in kinds_of(each.schema)]
    # `limit` before `count`: usual names win.
    return min(found, key=lambda each: each.plain_name not in USUAL, default=None)


def _sizes(limit: PagingArgument) -> dict[str, int]:
    stated = STATED.search(limit.description)
    most = _whole(limit.schema.get("maximum")) or (int(stated[1]) if stated else 0)
    most = min(most, LARGEST_LIMIT) if most > 0 else MAX_LIMIT
    stated_default = STATED_DEFAULT.search(limit.description)
    usual = _whole(limit.schema.get("default")) or (int(stated_default[1]) if stated_default else 0)
    # A model is better served by a short page than by a long one.
    usual = min(usual, DEFAULT_LIMIT) if usual > 0 else DEFAULT_LIMIT
    return {"default_limit": max(1, min(usual, most)), "max_limit": most}


def _whole(value: Any) -> int:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 0 < value <= 10**6 else 0


def _first_page(page: PagingArgument) -> dict[str, int]:
    if page.schema.get("default") == 0 or page.schema.get("minimum") == 0 or "zero-based" in page.description.lower():
        return {"first_page": 0}
    return {}


def _cursor(cursor: PagingArgument, hints: "_Hints") -> dict[str, Any] | None:
    made: dict[str, Any] = {"kind": "cursor", "cursor_parameter": cursor.name}
    if hints.cursor:
        return made | {"next_cursor": hints.cursor} | ({"more": hints.more} if hints.more else {})
    if cursor.plain_name in {"startingafter", "after"} and hints.more and hints.last_id:
        # The cursor is the id of the last item on the page.
        return made | {"next_cursor": hints.last_id, "more": hints.more}
    return None


class _Hints:
    """Where the members around a list point to the next page, as expressions; empty if they do not."""

    def __init__(self, result: Result) -> None:
        self._envelope = result.envelope or {}
        self._steps = result.steps
        self.cursor = self.more = self.link = self.total = self.total_pages = ""
        self._look(self._envelope, (), 0)
        self.last_id = self._last_id() if result.is_list else ""

    def totals(self) -> dict[str, str]:
        """Return the setting of where the answer has the number of all items, if it has it."""
        return {"total": self.total} if self.total else {}

    def _look(self, schema: Schema, steps: tuple[str, ...], level: int) -> None:
        for name, child in (schema.get("properties") or {}).items():
            place = (*steps, name)
            if place == self._steps[: len(place)] and "array" in kinds_of(child):
                continue
            plain_name = re.sub(r"[^a-z0-9]", "", name.lower())
            self._note(plain_name, child, expression(place), nested=bool(steps))
            if level < ENVELOPE_LEVELS and plain_name in AROUND and child.get("properties"):
                self._look(child, place, level + 1)

    def _note(self, name: str, child: Schema, place: str, *, nested: bool) -> None:
        kinds = kinds_of(child) or ["string"]
        is_text, is_number = "string" in kinds, {"integer", "number"} & set(kinds)
        words = str(child.get("description", "")).lower()
        is_link = is_text and name in {*LINKS, "href"} and (name != "href" or ".next" in f".{place}")
        says_address = any(word in words for word in ("url", "uri", "link", "http", "address"))
        if is_link and (says_address or name not in {"next", "nextpage"} or "link" in place.lower()):
            self.link = self.link or place
        elif (
            (is_text or is_number)
            and name in NEXT_CURSORS
            and (name not in {"offset", "after", "cursor", "token"} or nested)
        ):
            if is_text or name in {"nextoffset", "nextcursor", "nextstart"}:
                self.cursor = self.cursor or place
        elif is_text and name in {"nextcursor", "cursor", "nextpagetoken"}:
            self.cursor = self.cursor or place
        if "boolean" in kinds and name in MORE:
            self.more = self.more or place
        if is_number and name in TOTALS:
            self.total = self.total or place
        if is_number and name in TOTAL_PAGES:
            self.total_pages = self.total_pages or place

    def _last_id(self) -> str:
        listed = inside(self._envelope, self._steps) or {}
        has_id = "id" in ((listed.get("items") or {}).get("properties") or {})
        return f"{expression(self._steps)}[-1].id" if has_id else ""
