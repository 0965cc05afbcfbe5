"""What paging is told in: where a walk stands, what to ask the vendor with, what it answered, a page of that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson


@dataclass(frozen=True, slots=True)
class Position:
    """Where a walk stands: `skip` items after the place that a pager's `state`, a small JSON value, means."""

    state: Any = None
    skip: int = 0


START = Position()


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What asks the vendor for a page: parameters, members of the JSON body, headers, or a whole target.

    Dots in a member's name lead into an object. A target stands in the place of the one that the arguments make.
    """

    query: list[tuple[str, str]] = field(default_factory=list)
    members: list[tuple[str, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    target: str = ""

    @classmethod
    def sending(cls, parameters: list[tuple[str, Any]], *, in_body: bool) -> "PageRequest":
        """Send parameters in the query, or in the JSON body with their types."""
        if in_body:
            return cls(members=parameters)
        return cls([(name, as_text(value)) for name, value in parameters])


NOT_PAGED = PageRequest()


def as_text(value: Any) -> str:
    """Return a value, such as a vendor's cursor, as it stands in a query."""
    if isinstance(value, str):
        return value
    return str(value) if type(value) is int else orjson.dumps(value).decode()


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """A vendor's answer as a pager reads it. Header names are in lower case.

    `asked` is the target of the request; `follow` returns the target that a link in the answer leads to, and raises
    LinkRefused for one that may not be followed.
    """

    rows: list[Any]
    document: Any
    headers: Mapping[str, str]
    status: int
    asked: str
    follow: Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Page:
    """Items to be shown, from the position `here` on.

    `left` tells whether the answer holds others behind them, `following` where the walk goes on after all of the
    answer; None at the end. `note` says why a walk ends although the vendor tells of more.
    """

    items: list[Any]
    here: Position
    left: bool
    following: Position | None
    note: str = ""

    def position_after(self, kept: int) -> Position | None:
        """Return where the next page begins when `kept` of the items are shown; None at the end."""
        if kept < len(self.items) or self.left:
            return Position(self.here.state, self.here.skip + kept)
        return self.following


class Pager(Protocol):
    """One way of paging. A position that it gave comes back to it as it was; START is the first."""

    @property
    def kind(self) -> str:
        """Its name in a definition."""

    @property
    def default_limit(self) -> int:
        """The items of a page where a call does not say."""

    @property
    def max_limit(self) -> int:
        """The most items of a page."""

    def request(self, position: Position, limit: int) -> PageRequest:
        """Return what asks the vendor for the page at a position."""

    def page(self, answer: PageAnswer, position: Position, limit: int) -> Page:
        """Return the page at a position that the vendor's answer holds: at most `limit` items."""

    def is_past_end(self, status: int, position: Position) -> bool:
        """Tell whether a status says that nothing is at a position any more."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What every pager has."""

    default_limit: int
    max_limit: int

    def is_past_end(self, status: int, position: Position) -> bool:
        """204 is an empty list."""
        return status == 204


def rest_of_page(answer: PageAnswer, here: Position, limit: int, following: Position | None, note: str = "") -> Page:
    """Return what of an answer is still to be shown, where the vendor is asked for the same page again."""
    end = here.skip + limit
    return Page(answer.rows[here.skip : end], here, len(answer.rows) > end, following, note)
