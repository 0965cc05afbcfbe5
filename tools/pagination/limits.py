"""What all pagers share: the sizes of pages, the total, and the rest of a page that did not fit."""

from dataclasses import dataclass, field, replace

from tools.pagination.locators import Locator
from tools.pagination.pages import Page, PageAnswer, Position


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits that every pager has. `sizes` are the only page sizes that the vendor takes; empty if it takes any."""

    default_limit: int
    max_limit: int
    min_limit: int = field(default=1, kw_only=True)
    sizes: tuple[int, ...] = field(default=(), kw_only=True)
    total: Locator | None = field(default=None, kw_only=True)

    def size(self, limit: int) -> int:
        """Return the page size to request for a limit: the smallest one that the vendor takes and that is enough."""
        if self.sizes:
            return min((size for size in self.sizes if size >= limit), default=max(self.sizes))
        return max(limit, self.min_limit)

    @property
    def states_total(self) -> bool:
        """Whether the definition says where the total is."""
        return self.total is not None

    def stated_total(self, answer: PageAnswer) -> int | None:
        """Return the total at the place that the definition declares."""
        return self.total.number(answer) if self.total else None

    def sure_total(self, answer: PageAnswer, *, before: int, asked: int) -> int | None:
        """Return the stated total, unless it may be the number of items of this page alone.

        It may be, outside of headers, where it is less than what was given out, or a first page has just as many items
        as were asked for. At worst, a model asks for one empty page then.
        """
        total, count = self.stated_total(answer), len(answer.rows)
        in_header = self.total is not None and self.total.header is not None
        is_doubtful = not in_header and total == count > 0 and (before > 0 or count == asked)
        return None if is_doubtful else total

    def is_past_end(self, status: int, position: Position) -> bool:
        """Take 204 for an empty list."""
        return status == 204


@dataclass(frozen=True, slots=True)
class CountedLimits(Limits):
    """The limits of a pager that counts. `max_items` is how many items of one list the vendor gives; None for all."""

    max_items: int | None = field(default=None, kw_only=True)

    def within_reach(self, page: Page, reached: int) -> Page:
        """Return a page, as the last one if the page after it would end at an item, `reached`, that is not given."""
        if not page.following or self.max_items is None or reached <= self.max_items:
            return page
        note = (
            f"The vendor gives no more than the first {self.max_items:,} items of such a list, so the walk ends here. "
            "Narrow it, for example by date or status, to see others."
        )
        return replace(page, following=None, note=note)


def rest_of_page(answer: PageAnswer, here: Position, limit: int, following: Position | None, note: str = "") -> Page:
    """Return the items of an answer from the position on, if the vendor's page is requested as often as needed."""
    end = here.skip + limit
    return Page(answer.rows[here.skip : end], here, len(answer.rows) > end, following, note)
