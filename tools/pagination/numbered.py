"""The kinds of pagination that count: an offset, page numbers, a Range, and the list that comes whole.

If an answer states how much there is, that decides when a walk ends; otherwise the length of the pages has to: see
`goes_on`.
"""

import re
from dataclasses import dataclass
from typing import ClassVar

from tools.pagination.limits import CountedLimits, Limits, rest_of_page
from tools.pagination.locators import Locator
from tools.pagination.pages import Page, PageAnswer, PageRequest, Position
from tools.pagination.signs import tells_of_earlier

# What some vendors answer behind the last item.
PAST_END = frozenset({404, 416})
# RFC 9110, section 14.4; some vendors leave the unit out.
CONTENT_RANGE = re.compile(r"(?:[\w-]+[ =])?\s*(?:(\d{1,18})-(\d{1,18})|\*)/(?:(\d{1,18})|\*)")


def goes_on(count: int, asked: int, sure: int) -> bool:
    """Return whether other pages may follow one, judging by its length because nothing else says so.

    A page shorter than requested may have any length that the vendor chose as its maximum. It is known to be the last
    only if the vendor gives longer ones (`sure` is the longest that it is known to give). Otherwise, it costs the model
    an empty page to find out; the opposite mistake would hide items.
    """
    return count > 0 and count >= min(asked, sure)


@dataclass(frozen=True, slots=True)
class OffsetPager(CountedLimits):
    """The vendor takes a limit and the number of items to skip. The state is the longest page of the walk so far."""

    kind: ClassVar[str] = "offset"
    limit_parameter: str | None
    offset_parameter: str
    in_body: bool = False
    first_item: int = 0
    more: Locator | None = None
    filled_to: int = 0

    def request(self, position: Position, limit: int) -> PageRequest:
        parameters = [(self.limit_parameter, self._asked(position, limit))] if self.limit_parameter else []
        parameters.append((self.offset_parameter, position.skip + self.first_item))
        return PageRequest.sending(parameters, in_body=self.in_body)

    def page(self, answer: PageAnswer, position: Position, limit: int) -> Page:
        """Return the items as they are; if the vendor sends more than requested, cut them to the limit."""
        asked = self._asked(position, limit) if self.limit_parameter else self.max_limit
        stated = self._more(answer, position.skip, asked)
        page = counted_page(
            answer, position, limit, asked=asked, first=position.skip, stated=stated, filled_to=self.filled_to
        )
        return self.within_reach(page, position.skip + len(answer.rows) + 1)

    def is_past_end(self, status: int, position: Position) -> bool:
        """Take 404 and 416 for the end too, but not where the list begins."""
        return status == 204 or (status in PAST_END and position.skip > 0)

    def _asked(self, position: Position, limit: int) -> int:
        """Return how many items to request: where nothing else says whether more follow, one more than wanted."""
        says = self.more or self.total or self.sizes
        wanted = limit if says else min(limit + 1, self.max_limit)
        return self.size(wanted if self.max_items is None else min(wanted, self.max_items - position.skip))

    def _more(self, answer: PageAnswer, first: int, asked: int) -> bool | None:
        """Return whether the answer states that items follow; None if it does not say."""
        if self.more:
            return self.more.truth(answer) or False
        return more_than(first + len(answer.rows), self.sure_total(answer, before=first, asked=asked))


def more_than(given: int, total: int | None) -> bool | None:
    """Return whether a total is more than what was given out; None if it is unknown."""
    return None if total is None else given < total


def counted_page(
    answer: PageAnswer,
    position: Position,
    limit: int,
    *,
    asked: int,
    first: int,
    stated: bool | None,
    filled_to: int = 0,
) -> Page:
    """Return the page of an answer whose items are numbered; `first` is the number of the first.

    `asked` is the number of items that were requested, `stated` whether the answer says that more follow.
    """
    rows, shown = answer.rows[max(position.skip - first, 0) :], position.state or 0
    count, after = len(rows), first + len(answer.rows)
    # An empty page ends the walk even if the answer says otherwise, or it might never end.
    more = goes_on(count, asked, max(shown, filled_to)) if stated is None else count > 0 and stated
    longest = max(shown, count)
    following = Position(longest, after) if more else None
    here = Position(longest, max(position.skip, first))
    return Page(rows[:limit], here, count > limit, following, is_kept=False)


@dataclass(frozen=True, slots=True)
class RangePager(Limits):
    """A Range header requests items `first-last`, Content-Range says which came. The state is that of OffsetPager."""

    kind: ClassVar[str] = "range"
    unit: str

    def request(self, position: Position, limit: int) -> PageRequest:
        return PageRequest(headers={"Range": f"{self.unit}={position.skip}-{position.skip + limit - 1}"})

    def page(self, answer: PageAnswer, position: Position, limit: int) -> Page:
        """Return the items that came, at the place that the vendor states."""
        stated = _content_range(answer)
        if stated is None and answer.status != 206:
            # RFC 9110, section 14.2: a server that ignores Range answers 200 with everything.
            return WholePager(self.default_limit, self.max_limit).page(answer, position, limit)
        first = int(stated[1]) if stated and stated[1] else position.skip
        more = more_than(first + len(answer.rows), self.stated_total(answer))
        return counted_page(answer, position, limit, asked=limit, first=first, stated=more)

    @property
    def states_total(self) -> bool:
        """Whether Content-Range may have it: always."""
        return True

    def stated_total(self, answer: PageAnswer) -> int | None:
        """Return the total in Content-Range."""
        stated = _content_range(answer)
        return int(stated[3]) if stated and stated[3] else None

    def is_past_end(self, status: int, position: Position) -> bool:
        """Take 416 for the end too: it answers a range behind the last item (RFC 9110, section 15.5.17)."""
        return status in {204, 416}


def _content_range(answer: PageAnswer) -> re.Match[str] | None:
    return CONTENT_RANGE.fullmatch(answer.headers.get("content-range", "").strip())


@dataclass(frozen=True, slots=True)
class WholePager(Limits):
    """The vendor sends everything at once; pages are cut from it."""

    kind: ClassVar[str] = "none"

    def request(self, position: Position, limit: int) -> PageRequest:
        """Add nothing to the request."""
        return PageRequest()

    def page(self, answer: PageAnswer, position: Position, limit: int) -> Page:
        return rest_of_page(answer, Position(None, position.skip), limit, None)


@dataclass(frozen=True, slots=True)
class PagePager(CountedLimits):
    """Numbered pages, whose size stays the same for a walk, whatever the limits of its calls.

    The state is the page's number, the size, the items on the pages before it, and the longest of those. If the answer
    to the first request states that a page comes before it, the walk goes back to page 0.
    """

    kind: ClassVar[str] = "page"
    page_parameter: str
    limit_parameter: str | None = None
    in_body: bool = False
    first_page: int = 1
    more: Locator | None = None
    filled_to: int = 0
    total_pages: Locator | None = None

    def request(self, position: Position, limit: int) -> PageRequest:
        number, size, *_ = self._state(position, limit)
        parameters = [(self.page_parameter, number)]
        if self.limit_parameter:
            parameters.append((self.limit_parameter, size))
        return PageRequest.sending(parameters, in_body=self.in_body)

    def page(self, answer: PageAnswer, position: Position, limit: int) -> Page:
        """Return the rest of the vendor's page."""
        number, size, before, shown = state = self._state(position, limit)
        if position.state is None and number == 1 and tells_of_earlier(answer):
            return Page([], Position(state), False, Position([0, size, 0, 0]))
        count = len(answer.rows)
        more = self._stated_more(answer, state)
        if more is None:
            more = goes_on(count, size, max(shown, self.filled_to))
        following = Position([number + 1, size, before + count, max(shown, count)]) if more else None
        page = rest_of_page(answer, Position(state, position.skip), limit, following)
        return self.within_reach(page, (number + 2 - self.first_page) * size)

    def is_past_end(self, status: int, position: Position) -> bool:
        """Take 404 and 416 for the end too; the first page always exists."""
        is_later = position.state is not None and position.state[0] > self.first_page
        return status == 204 or (status in PAST_END and is_later)

    def _state(self, position: Position, limit: int) -> list[int]:
        return position.state or [self.first_page, self.size(limit) if self.limit_parameter else self.max_limit, 0, 0]

    def _stated_more(self, answer: PageAnswer, state: list[int]) -> bool | None:
        """Return whether the answer states that pages follow; None if it does not say."""
        number, size, before, _ = state
        if self.more:
            return self.more.truth(answer) or False
        if self.total_pages and (pages := self.total_pages.number(answer)) is not None:
            return number - self.first_page + 1 < pages
        more = more_than(before + len(answer.rows), self.sure_total(answer, before=before, asked=size))
        return more and bool(answer.rows)
