"""The kinds in which each answer tells what the next page is asked with: a cursor, or a link."""

from dataclasses import dataclass
from typing import Any, ClassVar

from tools.pagination.links import LinkRefused, next_link
from tools.pagination.locators import Locator
from tools.pagination.pages import Limits, Page, PageAnswer, PageRequest, Position, as_text, rest_of_page

SAME_AGAIN = "The vendor named this very page as the next one, so the list ends here. There may be more than was given."


def _size(position: Position, limit: int) -> int:
    """Return how many items to ask for: the same as before, where the same page is asked for to show its rest."""
    return int(position.state[1]) if position.skip else limit


@dataclass(frozen=True, slots=True)
class CursorPager(Limits):
    """The answer names a cursor. The state is the cursor and the size of the page that it was last asked with."""

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
            parameters.append((self.limit_parameter, _size(position, limit)))
        if (cursor := _place(position)) is not None:
            parameters.append((self.cursor_parameter, cursor))
        return PageRequest.sending(parameters, in_body=self.in_body)

    def page(self, answer: PageAnswer, position: Position, limit: int) -> Page:
        """Take what of the vendor's page was not shown yet; no cursor, or one that was just used, is the end."""
        cursor = _place(position)
        here = Position([cursor, _size(position, limit)], position.skip)
        told = self.next_cursor.value(answer)
        more = self.more.truth(answer) if self.more else None
        # Zero is the end too, unless there is more: then it is the id of the last item.
        if more is False or (not told and not (more and told is not False and told == 0)):
            return rest_of_page(answer, here, limit, None)
        if cursor is not None and as_text(told) == as_text(cursor):
            return rest_of_page(answer, here, limit, None, SAME_AGAIN)
        return rest_of_page(answer, here, limit, Position([told, 0]))


@dataclass(frozen=True, slots=True)
class LinkPager(Limits):
    """The answer gives an address. The state is its path and query, and the size that the first page had."""

    kind: ClassVar[str] = "link"
    limit_parameter: str | None = None
    next_url: Locator | None = None

    def request(self, position: Position, limit: int) -> PageRequest:
        """Ask for what the link leads to, which holds filters and size already."""
        target = _place(position)
        if target:
            return PageRequest(target=target)
        parameters = [(self.limit_parameter, _size(position, limit))] if self.limit_parameter else []
        return PageRequest.sending(parameters, in_body=False)

    def page(self, answer: PageAnswer, position: Position, limit: int) -> Page:
        """Take what of the vendor's page was not shown yet; a link that may not be followed ends the walk."""
        here = Position([_place(position), _size(position, limit)], position.skip)
        link = self.next_url.value(answer) if self.next_url else next_link(answer.headers.get("link", ""))
        if not link:
            return rest_of_page(answer, here, limit, None)
        try:
            target = answer.follow(link)
        except LinkRefused as refused:
            note = f"The vendor's link to the next page {refused}, so it was not followed: the list ends here."
            return rest_of_page(answer, here, limit, None, note)
        if target == answer.asked:
            return rest_of_page(answer, here, limit, None, SAME_AGAIN)
        return rest_of_page(answer, here, limit, Position([target, 0]))


def _place(position: Position) -> Any:
    """Return the cursor or target of a position; None at the first page."""
    return position.state[0] if position.state else None
