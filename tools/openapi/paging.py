"""Guess how a list is paged, from the names of its parameters and from what surrounds the list in its answer."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from accounts.texts.names import plain_name
from tools.openapi.answers import Result
from tools.openapi.arguments import MAX_PARAMETER
from tools.openapi.last_ids import LastIds
from tools.openapi.page_hints import Hints
from tools.openapi.page_sizes import sizes_of, stated_size
from tools.openapi.shapes.merging import Schema, kinds_of
from tools.pagination.vocabulary import CURSORS, LIMITS, OFFSETS, PAGE_SIZES, PAGES, USUAL

# The arguments of every list tool, which none of the vendor's parameters may have the names of.
OWN_ARGUMENTS = frozenset({"limit", "next_cursor"})
LINK_HEADER = re.compile(r"\blink`?'?\"? (?:response |http )?header", re.IGNORECASE)
# Offsets that usually begin at 1, as SCIM's does (RFC 7644, section 3.4.2.4).
FROM_ONE = frozenset({"startindex", "startrecord", "startrow"})
NUMBERED_FROM = (
    r"\b(?:{0})[- ]?(?:based|index(?:ed|ing)?)\b|(?:\(|\b)(?:{0})\s?(?:\.\.+|…)\s?n\b|"
    r"\b(?:start|begin|count|index|number)(?:s|ed|ing|ning)?\s(?:from|at|with)\s(?:page\s|number\s)?`?(?:{0})\b(?!\.\d)|"
    r"\bfirst\spage(?:\snumber)?\s?(?:is|has|=|:)\s?(?:page\s|number\s|the\s)*`?(?:{0})\b(?!\.\d)|"
    r"\b(?:{0})\s(?:is|for|means|being)\sthe\sfirst\b"
)
FROM_ZERO = re.compile(
    NUMBERED_FROM.format("0|zero") + r"|\bdefault(?:s to| is| value is| value|s)?[\s:=(`]*0\b(?!\.\d)", re.IGNORECASE
)
FROM_FIRST = re.compile(NUMBERED_FROM.format("1|one"), re.IGNORECASE)


@dataclass(frozen=True)
class PagingArgument:
    """A parameter, or a member of a JSON body, that may be for paging, and its documented example."""

    name: str
    schema: Schema
    description: str
    example: Any = None

    @property
    def plain_name(self) -> str:
        """Its name in lower case, letters and digits only: `page[size]` is `pagesize`."""
        return plain_name(self.name)

    @property
    def is_text(self) -> bool:
        """Whether it takes text, as cursors do and numbers of pages do not."""
        return "string" in kinds_of(self.schema)


@dataclass(frozen=True)
class Guess:
    """How a list seems to be paged; `taken` are arguments that its tool no longer needs.

    Without pagination, there seem to be pages, but no way of asking for them was recognised.
    """

    pagination: dict[str, Any]
    taken: frozenset[str]

    @property
    def is_known(self) -> bool:
        """Whether the way of paging was recognised."""
        return bool(self.pagination)


NOT_PAGED: dict[str, Any] = {"kind": "none"}
UNKNOWN = Guess({}, frozenset())


def guess(
    arguments: list[PagingArgument], result: Result, headers: frozenset[str], description: str = ""
) -> Guess | None:
    """Return how a list is paged: None if nothing indicates pages, UNKNOWN if something does that is not recognised.

    `headers` are the documented ones of the answer, in lower case; `description` is the operation's. Where a vendor
    offers several ways at once, the parameters of the others stay arguments.
    """
    ways = _Ways(arguments, Hints(result, headers), description)
    found = ways.link_header() or ways.cursor() or ways.only_link() or ways.offset() or ways.page() or ways.link()
    found = found or ways.last_id()
    return found or (UNKNOWN if ways.seem_to_exist else None)


class _Ways:
    """The ways of paging that parameters and answer of an operation allow; each is None if it is not offered."""

    def __init__(self, arguments: list[PagingArgument], hints: Hints, description: str) -> None:
        self._arguments = [each for each in arguments if 0 < len(each.name) <= MAX_PARAMETER]
        self._hints = hints
        self._description = description
        self._last_ids = LastIds(self._arguments, description)

    @property
    def seem_to_exist(self) -> bool:
        """Whether anything suggests that there are pages."""
        named = self._page or self._offset or self._cursor or self._limit()
        return named is not None or self._hints.any or self._last_ids.exist

    def link_header(self) -> Guess | None:
        words = [self._description, *(each.description for each in (*self._cursors, self._page) if each)]
        told = not self._hints.link and any(map(LINK_HEADER.search, words))
        if not (self._hints.has_link_header or told):
            return None
        return self._made({"kind": "link", **self._hints.totals()}, self._page, self._cursor)

    def only_link(self) -> Guess | None:
        """Return the link where numbers alone do not lead to the next page: with a token beside them, or in OData."""
        with_token = bool(self._cursor) and self._page is not None and self._hints.sure_link()
        return self.link() if with_token or self._hints.is_odata else None

    def cursor(self) -> Guess | None:
        for each in self._cursors:
            place = self._cursor_place(each)
            if place and not (self._is_opted_into(each) and self.offset()):
                made = {"kind": "cursor", "cursor_parameter": each.name, **place, **self._hints.totals()}
                return self._made(made, each)
        return None

    def offset(self) -> Guess | None:
        offset, limit = self._offset, self._limit()
        if offset is None or offset.is_text:
            return None
        told = self._told()
        first = _first_item(offset)
        if first is None or not (limit or told):
            return None
        made = {"kind": "offset", "offset_parameter": offset.name, **({"first_item": 1} if first else {})}
        if limit is None:
            made["limit_parameter"] = None
        return self._made(made | told, offset)

    def page(self) -> Guess | None:
        page = self._page
        if page is None or (page.is_text and self._hints.cursor(page.plain_name, page.description)):
            return None
        told = self._told()
        if self._hints.total_pages and "more" not in told:
            told["total_pages"] = self._hints.total_pages
        size = stated_size(page.description, self._description)
        if not (self._limit() or told or size):
            return None
        made = {"kind": "page", "page_parameter": page.name, **self._first_page(page)}
        if size and not self._limit():
            made |= {"max_limit": size, "default_limit": min(size, 25)}
        return self._made(made | told, page)

    def link(self) -> Guess | None:
        if not self._hints.link:
            return None
        made = {"kind": "link", "next_url": self._hints.link, **self._hints.totals()}
        return self._made(made, self._page, self._cursor)

    def last_id(self) -> Guess | None:
        """Return the way by the id of the last item; it ends with an empty page, or where the answer says so."""
        taken = next((each for each in self._arguments if each.name == self._last_ids.next), None)
        if taken is None or not self._hints.last_id:
            return None
        more = {"more": self._hints.more} if self._hints.more else {}
        place = {"next_cursor": self._hints.last_id, **more, **self._hints.totals()}
        return self._made({"kind": "cursor", "cursor_parameter": taken.name, **place}, taken)

    def _first_page(self, page: PagingArgument) -> dict[str, int]:
        """Return the setting for a first page whose number is 0, as schema, words, example or answer say."""
        stated = {page.schema.get(word) for word in ("default", "minimum")}
        if 0 in stated or FROM_ZERO.search(page.description):
            return {"first_page": 0}
        if 1 in stated or FROM_FIRST.search(page.description):
            return {}
        shown = [page.example, page.schema.get("example"), *page.schema.get("examples", [])]
        return {"first_page": 0} if "0" in map(str, shown) or self._hints.counts_from_zero else {}

    def _told(self) -> dict[str, Any]:
        """Return what an answer tells of the end of a list whose pages are counted."""
        more = self._hints.more or self._hints.next_number() or self._hints.link
        return ({"more": more} if more else {}) | self._hints.totals()

    def _cursor_place(self, cursor: PagingArgument) -> dict[str, str]:
        hints = self._hints
        more = {"more": hints.more} if hints.more else {}
        place = hints.cursor(cursor.plain_name, cursor.description)
        if place:
            return place | more
        if cursor.plain_name in {"startingafter", "after"} and hints.more and hints.last_id:
            # The cursor is the id of the last item on the page.
            return {"next_cursor": hints.last_id, **more}
        return {}

    def _is_opted_into(self, cursor: PagingArgument) -> bool:
        """Return whether another parameter switches a cursor on: `usemarker` before `marker`."""
        names = [each.plain_name for each in self._arguments if "boolean" in kinds_of(each.schema)]
        return any(name != cursor.plain_name and cursor.plain_name in name for name in names)

    def _made(self, made: dict[str, Any], *used: PagingArgument | None) -> Guess:
        taken = frozenset(each.name for each in used if each)
        limit = self._limit(made["kind"], taken)
        if limit is not None:
            made |= {"limit_parameter": limit.name, **sizes_of(limit.schema, limit.description)}
            taken |= {limit.name}
        return Guess(made, taken | {each.name for each in self._arguments if each.name in OWN_ARGUMENTS})

    @cached_property
    def _page(self) -> PagingArgument | None:
        return self._find(PAGES)

    @cached_property
    def _offset(self) -> PagingArgument | None:
        found = self._find(OFFSETS)
        # `first` and `after` are how many, and after which.
        return None if found and found.plain_name == "first" and self._cursor else found

    @cached_property
    def _cursors(self) -> list[PagingArgument]:
        """The parameters that may take a cursor, the likeliest first."""
        named = [each for name in CURSORS for each in self._arguments if each.plain_name == name]
        counted = [each for each in (self._page, self._find(OFFSETS)) if each and not each.is_text]
        tokens = [self._page] if self._page and (self._page.is_text or self._has_next_page_header) else []
        return [each for each in named if each not in counted and "boolean" not in kinds_of(each.schema)] + tokens

    @property
    def _has_next_page_header(self) -> bool:
        place = self._hints.cursor("page", "").get("next_cursor_header", "")
        return place.endswith("next-page")

    @property
    def _cursor(self) -> PagingArgument | None:
        return next(iter(self._cursors), None)

    def _limit(self, kind: str = "", taken: frozenset[str] = frozenset()) -> PagingArgument | None:
        """Return the parameter for the page size that goes with a kind of paging."""
        found = [each for each in self._named(LIMITS) if each.name not in taken]
        if kind == "cursor" and not found:
            found = self._named(frozenset({"first"}))
        # Where both ways are offered, `per_page` goes with pages and `limit` with offsets.
        mismatched = kind in {"page", "offset"}
        return min(
            found,
            key=lambda each: (
                mismatched and (each.plain_name in PAGE_SIZES) != (kind == "page"),
                each.plain_name not in USUAL,
            ),
            default=None,
        )

    def _find(self, names: frozenset[str]) -> PagingArgument | None:
        # `limit` before `count`: usual names win.
        return min(self._named(names), key=lambda each: each.plain_name not in USUAL, default=None)

    def _named(self, names: frozenset[str]) -> list[PagingArgument]:
        usable = [each for each in self._arguments if not {"array", "object", "boolean"} & set(kinds_of(each.schema))]
        return [each for each in usable if each.plain_name in names]


def _first_item(offset: PagingArgument) -> int | None:
    """Return the number of the first item, 0 or 1; None if it is unclear."""
    if offset.plain_name not in FROM_ONE:
        return 0
    words = offset.description.lower()
    if 1 in (offset.schema.get("default"), offset.schema.get("minimum")) or "1-based" in words or "one-based" in words:
        return 1
    is_zero = 0 in (offset.schema.get("default"), offset.schema.get("minimum")) or "zero" in words or "0-based" in words
    return 0 if is_zero else None
