"""One step of a walk through a list: the page that a call requests, and the cursor to what follows."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from jmespath.exceptions import JMESPathError

from accounts.vendors.concealment import MASK
from accounts.vendors.connection import Connection
from tools.calling import cursors
from tools.calling.answers.answer import OTHER_FORM, VendorAnswer
from tools.calling.answers.lists import NO_LIST
from tools.calling.answers.page_answers import page_answer
from tools.calling.answers.unpaged import beside_signs
from tools.calling.shaping import ALONE, Surroundings
from tools.catalogue.result_arguments import RESULT_ARGUMENTS
from tools.catalogue.tool import Tool
from tools.errors import InvalidArguments
from tools.pagination import NO_LINK, START, Page, PageAnswer, Pager, PageRequest, Position, marks
from tools.pagination.signs import signs_of_more

TOO_LONG = (
    "The vendor's cursor or link to the next page is too long to be passed on, so the walk ends here. "
    "Narrow the list with its filters to see what was left out."
)
CONCEALED = (
    "The vendor's cursor to the next page repeats the account's credentials, so it was not passed on: the list ends "
    "here. Narrow the list with its filters to see what was left out."
)
REPEATED = (
    "The vendor answered with the items of a previous page again, so the walk ends here. "
    "There may be more than was given."
)
ALL_EMPTY = (
    f"The vendor announced more after each of the last {marks.MANY_EMPTY} pages, but none of them had an item, so the "
    "walk ends here. There may be more than was given."
)
EMPTY_FIRST = (
    "No items came, although the vendor states a total above zero, so this may not be the whole list: the total may "
    "count what the filters leave out, or the vendor may number its pages otherwise."
)


@dataclass(frozen=True, slots=True)
class PageView:
    """A page's items for the result; `cursor_after(n)` makes the cursor for what follows the first n of them.

    `is_end_known` is False if the last page is not known to be the end of the list.
    """

    items: list[Any]
    cursor_after: Callable[[int], str | None]
    note: str = ""
    beside: Surroundings = ALONE
    is_end_known: bool = True
    position_after: Callable[[int], Position | None] = lambda kept: None


@dataclass(frozen=True, slots=True)
class PageStep:
    """The paging of one call of a list tool; `binding` returns what its cursors are bound to."""

    pager: Pager
    position: Position
    limit: int
    binding: Callable[[], bytes]

    def request(self) -> PageRequest:
        return self.pager.request(self.position, self.limit)

    def view(self, asked: str, answer: VendorAnswer) -> PageView:
        """Return the page in the answer to a request for the target `asked`; raise CallFailed if there is none."""
        if self.pager.is_past_end(answer.response.status, self.position):
            return PageView([], lambda kept: None)
        content = answer.content()
        if not isinstance(content.result, list):
            raise answer.unusable("answered with something other than a list.")
        received = page_answer(content, answer, asked)
        page = self._page(received, answer)
        total = self._total(received, content.beside, page)
        beside = content.beside if total == content.beside.total else replace(content.beside, total=total)
        note = self._note(page, received, total)
        signs = {} if page.left or page.following or note not in {"", NO_LINK} else self._signs(received)
        if signs:
            beside, note = beside_signs(beside, signs), ""
        is_end_known = not (signs or note or NO_LIST in content.beside.remarks)
        return PageView(page.items, partial(self._cursor_after, page), note, beside, is_end_known, page.position_after)

    def _note(self, page: Page, received: PageAnswer, total: int | None) -> str:
        """Return what explains the end of the list, which is not reached while some of this answer is left."""
        if self.position == START and total and not (received.rows or page.following or page.note):
            return EMPTY_FIRST
        return "" if page.left else page.note

    def _signs(self, received: PageAnswer) -> dict[str, Any]:
        """Return what the last page, as it seems, says of more."""
        # If the first page is the last, the total must not be more.
        counts = self.pager.kind == "none" or (self.pager.kind in {"cursor", "link"} and self.position == START)
        return signs_of_more(received, counts=counts, cursors=self.pager.kind == "none")

    def _total(self, received: PageAnswer, beside: Surroundings, page: Page) -> int | None:
        """Return the vendor's total, unless it must count something else, such as the items of one page of several."""
        total, count = self.pager.stated_total(received) if beside.total is None else beside.total, len(received.rows)
        if total is None or total < count:
            return None
        is_of_page = total == count > 0 and (page.following or self.position.seen)
        return None if is_of_page else total

    def _page(self, received: PageAnswer, answer: VendorAnswer) -> Page:
        try:
            page = self.pager.page(received, self.position, self.limit)
        except JMESPathError:
            raise answer.unusable(OTHER_FORM) from None
        page = self._marked(page, received)
        if page.following and not cursors.fits(page.following):
            return replace(page, following=None, note=TOO_LONG)
        if page.following and MASK in str(page.following.state):
            return replace(page, following=None, note=CONCEALED)
        return page

    def _marked(self, page: Page, received: PageAnswer) -> Page:
        """Return a page whose positions carry its mark; if it came before in this walk, it is the last."""
        before = self.position.seen
        if not page.items:
            return self._empty(page, received)
        if not (before or page.following or (page.left and not page.is_kept)):
            return page
        mark = marks.mark_of(received.rows if page.is_kept else page.items)
        if marks.came_before(mark, before, received.rows):
            return self._repeated(page, received)
        seen = marks.after(before, mark)
        return page.marked(before if page.is_kept else seen, seen)

    def _empty(self, page: Page, received: PageAnswer) -> Page:
        """Return a page without items; after several of them in a row, it is the last."""
        if received.rows or not page.following:
            return page
        seen = marks.after_empty(self.position.seen)
        if marks.are_many_empty(seen):
            return replace(page, following=None, note=ALL_EMPTY)
        return replace(page, following=replace(page.following, seen=seen))

    def _repeated(self, page: Page, received: PageAnswer) -> Page:
        """Return the end of a walk that got the previous page again, without its items if they are known by now."""
        here, rows, skip = replace(page.here, seen=self.position.seen), received.rows, self.position.skip
        if not page.is_kept and len(rows) > skip:
            # The vendor does not count at all: it gives the whole list, from which the pages are cut.
            end = skip + self.limit
            return replace(page, items=rows[skip:end], here=here, left=len(rows) > end, following=None)
        if len(rows) > 1 and all(row == rows[0] for row in rows):
            return replace(page, here=here, following=None, note=page.note or REPEATED)
        return replace(page, items=[], left=False, following=None, note=page.note or REPEATED)

    def _cursor_after(self, page: Page, kept: int) -> str | None:
        after = page.position_after(kept)
        return None if after is None else cursors.seal(after, self.binding())


def step_of(tool: Tool, pager: Pager, connection: Connection, used: dict[str, Any]) -> PageStep:
    """Return the step that checked arguments request; raise InvalidArguments for a cursor that is not theirs."""
    # The choice of members to show does not change the walk, so a cursor is not bound to it.
    filters = {name: used[name] for name in used if name not in RESULT_ARGUMENTS} if tool.projection else used
    binding = partial(cursors.binding, connection.account_id, tool.name, filters, pager.kind)
    try:
        position = cursors.unseal(used["next_cursor"], binding()) if "next_cursor" in used else START
    except cursors.CursorRefused as refused:
        raise InvalidArguments(reason=f"The arguments do not fit {tool.name}.", problems=[str(refused)]) from None
    return PageStep(pager, position, used.get("limit", pager.default_limit), binding)
