"""Vendors' ways of paging behind one interface: it makes a request from a position, and a page from the answer.

`pages` has the types, `numbered` and `linked` the kinds of pagination; `locators` and `links` find in an answer what it
says about other pages.
"""

from accounts.definition import (
    CursorPagination,
    LinkPagination,
    NoPagination,
    OffsetPagination,
    PagePagination,
    Pagination,
    RangePagination,
)
from tools.pagination.linked import CursorPager, LinkPager
from tools.pagination.links import LinkRefused
from tools.pagination.locators import Locator
from tools.pagination.numbered import OffsetPager, PagePager, RangePager, WholePager
from tools.pagination.pages import NOT_PAGED, START, Page, PageAnswer, Pager, PageRequest, Position


def pager(declared: Pagination) -> Pager:
    """Return the pager of a definition's pagination."""
    limits = min(declared.default_limit, declared.max_limit), declared.max_limit
    match declared:
        case OffsetPagination():
            total = Locator.of(declared.total, declared.total_header)
            in_body = declared.send_in == "body"
            return OffsetPager(*limits, declared.limit_parameter, declared.offset_parameter, in_body, total)
        case PagePagination():
            return PagePager(
                *limits,
                declared.page_parameter,
                declared.limit_parameter,
                declared.send_in == "body",
                declared.first_page,
                more=Locator.of(declared.more),
                total_pages=Locator.of(declared.total_pages),
                total=Locator.of(declared.total, declared.total_header),
            )
        case CursorPagination():
            return CursorPager(
                *limits,
                declared.cursor_parameter,
                declared.limit_parameter,
                declared.send_in == "body",
                next_cursor=Locator(declared.next_cursor, declared.next_cursor_header),
                more=Locator.of(declared.more),
            )
        case LinkPagination():
            return LinkPager(*limits, declared.limit_parameter, Locator.of(declared.next_url))
        case RangePagination():
            return RangePager(*limits, declared.unit)
        case NoPagination():
            return WholePager(*limits)


__all__ = [
    "NOT_PAGED",
    "START",
    "LinkRefused",
    "Page",
    "PageAnswer",
    "PageRequest",
    "Pager",
    "Position",
    "pager",
]
