"""The kinds of pagination in which each answer points to the next page, by a cursor or a link."""

from dataclasses import dataclass
from typing import Any, ClassVar

from accounts.texts.names import plain_name
from tools.pagination.limits import Limits, rest_of_page
from tools.pagination.links import LinkRefused, may_be_link, next_link, query_value
from tools.pagination.locators import Locator
from tools.pagination.pages import Page, PageAnswer, PageRequest, Position, as_text
from tools.pagination.vocabulary import PAGES

SAME_AGAIN = "The vendor named this very page as the next one, so the walk ends here. There may be more than was given."

NO_PLACE = (
    "The last item of this page lacks the id by which the vendor is asked for what follows, so the walk ends here. "
    "There may be more than was given."
)
NO_LINK = (
    "What the vendor gives as the next page's address is none, so it was not followed: the walk ends here. "
    "There may be more than was given."
)


@dataclass(frozen=True, slots=True)
class LinkedLimits(Limits):
    """The limits of a pager whose state is the place of the page, and the size to request there; 0 for any."""

    def asked(self, position: Position, limit: int) -> int:
        """Return how many items to ask for: as many as before if the page, or the whole walk, depends on it."""
        return int(position.state[1]) if position.state and position.state[1] else self.size(limit)


@dataclass(frozen=True, slots=True)
class CursorPager(LinkedLimits):
    """The answer contains a cursor. The state is the cursor, and the size of the page last requested with it.

    A cursor that is the number of a page means other items with every size: the size stays the same for such a walk.
    """

    kind: ClassVar[str] = "cursor"
    cursor_parameter: str
    limit_parameter: str | None
    in_body: bool
    next_cursor: Locator
    more: Locator | None = None

    def request(self, position: Position, limit: int) -> PageRequest:
        """Send the cursor, except for the first page."""
        parameters: list[tuple[str, Any]] = []
        if self.limit_parameter:
            parameters.append((self.limit_parameter, self.asked(position, limit)))
        if (cursor := _place(position)) is not None:
            parameters.append((self.cursor_parameter, cursor))
        return PageRequest.sending(parameters, in_body=self.in_body)

    def page(self, answer: PageAnswer, position: Position, limit: int) -> Page:
        """Return the rest of the vendor's page; no cursor, or the one just used, is the end."""
        cursor = _place(position)
        here = Position([cursor, self.asked(position, limit)], position.skip)
        next_cursor = self._next(answer)
        more = self.more.truth(answer) if self.more else None
        # Zero is the end too, unless there is more: then it is the id of the last item.
        # Some vendors send a cursor with the last page too.
        if more is False or (not next_cursor and not (more and next_cursor is not False and next_cursor == 0)):
            is_lost = more is not False and self._is_of_last_item and bool(answer.rows)
            return rest_of_page(answer, here, limit, None, NO_PLACE if is_lost else "")
        if cursor is not None and as_text(next_cursor) == as_text(cursor):
            return rest_of_page(answer, here, limit, None, SAME_AGAIN)
        kept = here.state[1] if self._numbers_pages(cursor, next_cursor) else 0
        return rest_of_page(answer, here, limit, Position([next_cursor, kept]))

    @property
    def _is_of_last_item(self) -> bool:
        """Whether the cursor is a member of the last item, which every page with items has."""
        return "[-1]." in (self.next_cursor.expression or "")

    def _numbers_pages(self, cursor: Any, next_cursor: Any) -> bool:
        """Return whether cursors are numbers of pages: by the parameter's name, or because they count one by one."""
        if plain_name(self.cursor_parameter) in PAGES:
            return True
        counts = [as_text(each) for each in ((1 if cursor is None else cursor), next_cursor)]
        is_counted = all(each.isdecimal() and len(each) < 10 for each in counts)
        return is_counted and int(counts[1]) in ({1, 2} if cursor is None else {int(counts[0]) + 1})

    def _next(self, answer: PageAnswer) -> Any:
        """Return the cursor in an answer; some vendors give it as part of the next page's address."""
        found = self.next_cursor.value(answer)
        if isinstance(found, str) and found.startswith(("http://", "https://", "/", "?")):
            return query_value(found, self.cursor_parameter) or found
        return found


@dataclass(frozen=True, slots=True)
class LinkPager(LinkedLimits):
    """The answer contains a link. The state is the link's path and query, and the size of the first page.

    A member in the place of the link that cannot be one, such as a token, ends the walk: nothing says how to use it.
    """

    kind: ClassVar[str] = "link"
    limit_parameter: str | None = None
    next_url: Locator | None = None

    def request(self, position: Position, limit: int) -> PageRequest:
        """Ask for the link's target, which contains filters and size already."""
        target = _place(position)
        if target:
            return PageRequest(target=target)
        parameters = [(self.limit_parameter, self.asked(position, limit))] if self.limit_parameter else []
        return PageRequest.sending(parameters, in_body=False)

    def page(self, answer: PageAnswer, position: Position, limit: int) -> Page:
        """Return the rest of the vendor's page; a link that may not be followed ends the walk."""
        here = Position([_place(position), self.asked(position, limit)], position.skip)
        link = self.next_url.value(answer) if self.next_url else next_link(answer.headers.get("link", ""))
        if not link:
            return rest_of_page(answer, here, limit, None)
        if self.next_url and isinstance(link, str) and not may_be_link(link, answer.asked):
            return rest_of_page(answer, here, limit, None, NO_LINK)
        try:
            target = answer.follow(link)
        except LinkRefused as refused:
            note = f"The vendor's link to the next page {refused}, so it was not followed: the walk ends here."
            return rest_of_page(answer, here, limit, None, note)
        if target == answer.asked:
            return rest_of_page(answer, here, limit, None, SAME_AGAIN)
        return rest_of_page(answer, here, limit, Position([target, 0]))


def _place(position: Position) -> Any:
    """Return the cursor or target of a position; None at the first page."""
    return position.state[0] if position.state else None
