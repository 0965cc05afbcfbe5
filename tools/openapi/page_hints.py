"""Where an answer points to the next page: the members around its list, and its headers, as they are documented."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from accounts.texts.names import plain_name
from tools.openapi.answers import Result, expression, inside
from tools.openapi.naming.texts import words_of
from tools.openapi.shapes.merging import Schema, kinds_of
from tools.pagination.vocabulary import (
    AROUND,
    CURSOR_HEADER,
    EARLIER_HEADER,
    LAST,
    LINKS,
    MAYBE_TOTALS,
    MORE,
    NEXT_CURSORS,
    NEXT_CURSORS_INSIDE,
    NUMBERED_CURSORS,
    SURE_LINKS,
    TOTAL_HEADER,
    TOTAL_PAGES,
    TOTALS,
)

# How many levels of objects around a list are searched.
LEVELS = 5
# Steps on the way to something else than the next page.
ELSEWHERE = frozenset({"prev", "previous", "first", "last", "self", "before", "current"})
ADDRESS = re.compile(r"\b(?:ur[li]s?|links?|https?|address|path|href)\b", re.IGNORECASE)
OPAQUE = re.compile(r"\b(?:cursor|token|marker|bookmark|opaque)\b", re.IGNORECASE)
WHOLE_COUNT = re.compile(
    r"\b(?:total|overall|altogether|all (?:the )?(?:matching|available|items|results|records))\b", re.I
)
NAMED_HEADER = re.compile(
    r"`?\b([A-Za-z]+(?:-[A-Za-z]+)+)\b`?(?=[^.]{0,40}\bheader)|header[ :`\"']+([A-Za-z]+(?:-[A-Za-z]+)+)", re.I
)
# Longer or stranger names fit into no definition.
HEADER = re.compile(r"[a-z0-9-]{1,64}")
MAX_PLACE = 400
# What stands beside a `count` or `results` that is the total: of Django REST framework, and of vendors like Linode.
BESIDE_TOTALS = {"itemcount": {"pagecount"}, "count": {"next", "previous"}, "results": {"page", "pages"}}


@dataclass(frozen=True)
class Member:
    """A member around a list: its place as names and plain names, its kinds, and the plain names beside it."""

    steps: tuple[str, ...]
    path: tuple[str, ...]
    schema: Schema
    beside: frozenset[str]

    @property
    def name(self) -> str:
        """Its plain name."""
        return self.path[-1]

    @property
    def place(self) -> str:
        """The expression for its place."""
        return expression(self.steps)

    @property
    def kinds(self) -> set[str]:
        """Its types; a member that states none is taken for text."""
        return set(kinds_of(self.schema) or ["string"])

    @property
    def words(self) -> str:
        """Its description."""
        return str(self.schema.get("description", ""))

    @property
    def is_number(self) -> bool:
        """Whether it may be a number."""
        return bool({"integer", "number"} & self.kinds)

    @property
    def is_inside(self) -> bool:
        """Whether it is in an object around the list, rather than beside it."""
        return len(self.path) > 1

    @property
    def leads_on(self) -> bool:
        """Whether no step of its place leads to another page than the next."""
        return not (set(self.path) & ELSEWHERE or any(step.startswith("prev") for step in self.path))

    @property
    def is_address(self) -> bool:
        """Whether it is an address, rather than a cursor, as far as name, format or description say."""
        if self.name in SURE_LINKS or "ur" in str(self.schema.get("format", "")):
            return True
        if OPAQUE.search(self.words):
            return False
        return bool(ADDRESS.search(self.words)) or any("link" in step for step in self.path)


class Hints:
    """Where an answer says something about its pages, as expressions; empty where it does not."""

    def __init__(self, result: Result, headers: frozenset[str]) -> None:
        self._envelope = result.envelope or {}
        self._steps = result.steps
        self._headers = sorted(filter(HEADER.fullmatch, headers))
        self._members = list(self._around(self._envelope, (), ()))
        self.more = self._more()
        self.link = self._link()
        self.total_pages = self._first(lambda each: each.is_number and _counts_pages(each))
        self.last_id = self._last_id() if result.is_list else ""

    @property
    def any(self) -> bool:
        """Whether anything suggests that there are pages."""
        return bool(self.more or self.link or self.total_pages or self.cursor("", "") or "link" in self._headers)

    @property
    def has_link_header(self) -> bool:
        """Whether the answer has a Link header (RFC 8288)."""
        return "link" in self._headers

    @property
    def is_odata(self) -> bool:
        """Whether the link to the next page is OData's, which is the only way on."""
        return "odata" in self.link.lower()

    @property
    def counts_from_zero(self) -> bool:
        """Whether the answer is Spring Data's, in which page numbers begin at 0."""
        spring = {"totalelements", "totalpages"}
        return any(each.name == "number" and each.is_number and spring <= each.beside for each in self._members)

    def totals(self) -> dict[str, str]:
        """Return the settings of where the answer has the number of all items, if it has it."""
        place = self._first(lambda each: each.is_number and _is_total(each))
        if place:
            return {"total": place}
        header = next((name for name in self._headers if TOTAL_HEADER.search(name)), "")
        header = header or ("content-range" if "content-range" in self._headers else "")
        return {"total_header": header} if header else {}

    def cursor(self, parameter: str, description: str) -> dict[str, str]:
        """Return the settings of where the next page's cursor is, for the parameter (by plain name) that takes it."""
        found = [(rank, each) for each in self._members if (rank := _cursor_rank(each, parameter)) is not None]
        if found:
            return {"next_cursor": min(found, key=lambda pair: pair[0])[1].place}
        return self._cursor_header(description)

    def next_number(self) -> str:
        """Return where the next page's number or offset is."""
        return self._first(lambda each: each.leads_on and each.is_number and each.name in NUMBERED_CURSORS)

    def _cursor_header(self, description: str) -> dict[str, str]:
        named = [one or other for one, other in NAMED_HEADER.findall(description)]
        fitting = [
            name
            for name in [*named, *self._headers]
            if HEADER.fullmatch(name.lower())
            and CURSOR_HEADER.search(name.lower())
            and not EARLIER_HEADER.search(name.lower())
        ]
        return {"next_cursor_header": fitting[0]} if fitting else {}

    def _around(self, schema: Schema, steps: tuple[str, ...], path: tuple[str, ...]) -> Iterator[Member]:
        properties = schema.get("properties") or {}
        beside = frozenset(map(plain_name, properties))
        for name, child in properties.items():
            place, plain_path = (*steps, name), (*path, plain_name(name))
            if "array" in kinds_of(child) or len(expression(place)) > MAX_PLACE:
                continue
            if not child.get("properties"):
                yield Member(place, plain_path, child, beside)
            elif len(place) <= LEVELS and (self._steps[: len(place)] == place or path or set(words_of(name)) & AROUND):
                yield from self._around(child, place, plain_path)

    def _first(self, fits: Callable[[Member], bool]) -> str:
        return next((each.place for each in self._members if fits(each)), "")

    def _more(self) -> str:
        truths = [each for each in self._members if "boolean" in each.kinds]
        for each in truths:
            if each.name in MORE:
                return each.place
        return next((f"!({each.place})" for each in truths if each.name in LAST), "")

    def _link(self) -> str:
        links = [each for each in self._members if "string" in each.kinds and each.leads_on and _is_link(each)]
        return min(links, key=lambda each: not each.is_address).place if links else ""

    def sure_link(self) -> str:
        """Return where the next page's address is, if it is certainly one."""
        return self._first(lambda each: each.place == self.link and each.is_address)

    def _last_id(self) -> str:
        listed: Any = inside(self._envelope, self._steps) or {}
        members = (listed.get("items") or {}).get("properties") or {}
        found = next((name for name in members if plain_name(name) == "id"), "")
        return f"{expression(self._steps)}[-1].{expression((found,))}" if found else ""


def _is_link(member: Member) -> bool:
    if member.name == "href":
        return len(member.path) > 1 and member.path[-2].startswith("next")
    return member.name in LINKS or (
        len(member.path) > 1 and member.path[-2] == "next" and member.name in {"url", "uri"}
    )


def _cursor_rank(member: Member, parameter: str) -> int | None:
    """Return how likely a member has the next page's cursor, the least for the likeliest; None if it has none."""
    name, kinds = member.name, member.kinds
    if not member.leads_on or not ("string" in kinds or (member.is_number and name in NUMBERED_CURSORS)):
        return None
    if name in LINKS and member.is_address:
        return None
    is_next = name.startswith("next") or (member.is_inside and member.path[-2].startswith("next"))
    if parameter and name in {f"next{parameter}", f"new{parameter}"}:
        return 0
    if name in NEXT_CURSORS or (is_next and member.is_inside and name in NEXT_CURSORS_INSIDE):
        return 1 if is_next else 3 if name in {"cursor", "continue"} else 2
    if member.is_inside and name in NEXT_CURSORS_INSIDE - {"id", "position", "max"}:
        return 4
    return 5 if parameter and name == parameter and OPAQUE.search(member.words) else None


def _counts_pages(member: Member) -> bool:
    # Some vendors call the number of pages `total`, beside the number of the current one.
    return member.name in TOTAL_PAGES or (
        member.name == "total" and member.is_inside and member.beside == {"current", "total"}
    )


def _is_total(member: Member) -> bool:
    if _counts_pages(member):
        return False
    if member.name in TOTALS:
        return True
    beside = BESIDE_TOTALS.get(member.name)
    is_whole = bool(WHOLE_COUNT.search(member.words)) or (beside is not None and beside <= member.beside)
    return member.name in MAYBE_TOTALS and is_whole
