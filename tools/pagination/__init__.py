"""Vendors' ways of paging behind one interface: it makes a request from a position, and a page from the answer.

`pages` has the types, `limits` what all kinds share, `numbered` and `linked` the kinds of pagination; `locators` and
`links` find in an answer what it says about other pages, `signs` what it seems to say. `vocabulary` has the words.
"""

from typing import Any

from accounts.definition import (
    CursorPagination,
    LinkPagination,
    NoPagination,
    OffsetPagination,
    PagePagination,
    Pagination,
    RangePagination,
)
from tools.pagination.linked import NO_LINK, CursorPager, LinkPager
from tools.pagination.links import LinkRefused
from tools.pagination.locators import Locator
from tools.pagination.numbered import OffsetPager, PagePager, RangePager, WholePager
from tools.pagination.pages import NOT_PAGED, START, Page, PageAnswer, Pager, PageRequest, Position


def pager(declared: Pagination) -> Pager:
    """Return the pager of a definition's pagination."""
    limits = min(declared.default_limit, declared.max_limit), declared.max_limit
    most = max(declared.page_sizes, default=declared.max_limit)
    shared: dict[str, Any] = {
        "min_limit": min(declared.min_limit, most),
        "sizes": tuple(declared.page_sizes),
        "total": Locator.of(declared.total, declared.total_header),
    }
    match declared:
        case OffsetPagination() | PagePagination() | CursorPagination():
            return _by_position(declared, limits, {**shared, "more": Locator.of(declared.more)})
        case LinkPagination():
            return LinkPager(*limits, declared.limit_parameter, Locator.of(declared.next_url), **shared)
        case RangePagination():
            return RangePager(*limits, declared.unit, **shared)
        case NoPagination():
            return WholePager(*limits, **shared)


def _by_position(
    declared: OffsetPagination | PagePagination | CursorPagination, limits: tuple[int, int], shared: dict[str, Any]
) -> Pager:
    """Return the pager of a pagination in which an argument says where a page begins."""
    in_body = declared.send_in == "body"
    match declared:
        case OffsetPagination(limit_parameter=limit, offset_parameter=offset):
            shared |= {"filled_to": declared.filled_to, "max_items": declared.max_items}
            return OffsetPager(*limits, limit, offset, in_body, declared.first_item, **shared)
        case PagePagination(page_parameter=page, limit_parameter=limit):
            shared |= {"filled_to": declared.filled_to, "max_items": declared.max_items}
            shared["total_pages"] = Locator.of(declared.total_pages)
            return PagePager(*limits, page, limit, in_body, declared.first_page, **shared)
        case CursorPagination(cursor_parameter=cursor, limit_parameter=limit):
            next_cursor = Locator(declared.next_cursor, declared.next_cursor_header)
            return CursorPager(*limits, cursor, limit, in_body, next_cursor=next_cursor, **shared)


__all__ = [
    "NOT_PAGED",
    "NO_LINK",
    "START",
    "LinkRefused",
    "Page",
    "PageAnswer",
    "PageRequest",
    "Pager",
    "Position",
    "pager",
]
