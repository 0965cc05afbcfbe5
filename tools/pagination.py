"""How a vendor pages, behind one interface: a position goes in, a page and the position after it come out.

A position is the number of items that precede the page; it travels inside our own cursor.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from accounts.definition import NoPagination, OffsetPagination, Pagination


@dataclass(frozen=True, slots=True)
class Page:
    """Items from `position` on; `more` tells whether others follow the last of them."""

    items: list[Any]
    position: int
    more: bool

    def position_after(self, kept: int) -> int | None:
        """Return where the next page begins when `kept` of the items are shown; None at the end."""
        if kept < len(self.items) or self.more:
            return self.position + kept
        return None


class Pager(Protocol):
    """One way of paging."""

    @property
    def default_limit(self) -> int:
        """The items of a page where a call does not say."""

    @property
    def max_limit(self) -> int:
        """The most items of a page."""

    def parameters(self, position: int, limit: int) -> list[tuple[str, str]]:
        """Return the query parameters that ask the vendor for a page."""

    def page(self, rows: list[Any], position: int, limit: int) -> Page:
        """Return the page that the vendor's rows hold."""


@dataclass(frozen=True, slots=True)
class OffsetPager:
    """The vendor takes a limit and an offset; fewer rows than asked for are the last."""

    limit_parameter: str
    offset_parameter: str
    default_limit: int
    max_limit: int

    def parameters(self, position: int, limit: int) -> list[tuple[str, str]]:
        """Ask for `limit` rows from `position` on."""
        return [(self.limit_parameter, str(limit)), (self.offset_parameter, str(position))]

    def page(self, rows: list[Any], position: int, limit: int) -> Page:
        """Take the rows as they are; a vendor that sends more than asked for is cut to the limit."""
        return Page(rows[:limit], position, more=len(rows) >= limit)


@dataclass(frozen=True, slots=True)
class WholePager:
    """The vendor sends everything at once; pages are cut from it."""

    default_limit: int
    max_limit: int

    def parameters(self, position: int, limit: int) -> list[tuple[str, str]]:
        """Ask for nothing."""
        return []

    def page(self, rows: list[Any], position: int, limit: int) -> Page:
        """Cut the page out of the whole."""
        return Page(rows[position : position + limit], position, more=len(rows) > position + limit)


def pager(declared: Pagination) -> Pager:
    """Return the pager of a definition's pagination."""
    match declared:
        case OffsetPagination():
            return OffsetPager(
                declared.limit_parameter, declared.offset_parameter, declared.default_limit, declared.max_limit
            )
        case NoPagination():
            return WholePager(declared.default_limit, declared.max_limit)
        case _:
            raise NotImplementedError(declared.kind)
