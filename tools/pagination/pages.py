"""The types of pagination: the position of a walk, the request for a page, the vendor's answer, and the page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson


@dataclass(frozen=True, slots=True)
class Position:
    """The position of a walk: `skip` items after the place given by a pager's `state`, a small JSON value.

    `seen` has the marks of the pages before, by which they are recognised if they come again: see `marks`.
    """

    state: Any = None
    skip: int = 0
    seen: str = ""


START = Position()


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What requests a page from the vendor: parameters, members of the JSON body, headers, or a whole target.

    Dots in a member's name lead into an object. A target replaces the one made from the arguments.
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
    """Return a value, such as a vendor's cursor, as it is written in a query."""
    if isinstance(value, str):
        return value
    # A bool is an int too, but is written as JSON's true.
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
    """The items to return, from the position `here` on.

    `left` says whether the answer has more items after them; `following` is where the walk continues after the whole
    answer, None at the end. `note` says why a walk ends although the vendor announces more. `is_kept` says whether what
    is left is requested with the whole page again, rather than from the item on.
    """

    items: list[Any]
    here: Position
    left: bool
    following: Position | None
    note: str = ""
    is_kept: bool = True

    def position_after(self, kept: int) -> Position | None:
        """Return where the next page begins if `kept` of the items are returned; None at the end."""
        if kept < len(self.items) or self.left:
            return Position(self.here.state, self.here.skip + kept, self.here.seen)
        return self.following

    def marked(self, here: str, following: str) -> "Page":
        """Return the page with these marks in its two positions."""
        after = self.following and Position(self.following.state, self.following.skip, following)
        began = Position(self.here.state, self.here.skip, here)
        return Page(self.items, began, self.left, after, self.note, self.is_kept)


class Pager(Protocol):
    """One kind of pagination. It gets the positions that it returned back unchanged; START is the first."""

    @property
    def kind(self) -> str:
        """Its name in a definition."""

    @property
    def default_limit(self) -> int:
        """The number of items on a page unless a call says otherwise."""

    @property
    def max_limit(self) -> int:
        """The largest number of items on a page."""

    @property
    def states_total(self) -> bool:
        """Whether its answers may state the number of items of the whole list."""

    def request(self, position: Position, limit: int) -> PageRequest:
        """Return the request for the page at a position."""

    def page(self, answer: PageAnswer, position: Position, limit: int) -> Page:
        """Return the page at a position from the vendor's answer: at most `limit` items."""

    def is_past_end(self, status: int, position: Position) -> bool:
        """Return whether a status means that a position is beyond the end."""

    def stated_total(self, answer: PageAnswer) -> int | None:
        """Return the number of items of the whole list, if the vendor's answer states it."""
