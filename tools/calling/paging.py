"""One step of a walk through a list: the page that a call requests, and the cursor to what follows."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import unquote_plus

from jmespath.exceptions import JMESPathError

from accounts.vendors.concealment import MASK
from accounts.vendors.connection import Connection
from tools.calling import cursors
from tools.calling.answers import OTHER_FORM, AnswerContent, VendorAnswer
from tools.calling.shaping import ALONE, Surroundings
from tools.catalogue.compilation import Tool
from tools.catalogue.projection import FIELDS
from tools.errors import InvalidArguments
from tools.pagination import START, LinkRefused, Page, PageAnswer, Pager, PageRequest, Position
from tools.pagination.links import target_of

TOO_LONG = (
    "The vendor's cursor or link to the next page is too long to be passed on, so the list ends here. "
    "Narrow the list with its filters to see what was left out."
)
CONCEALED = (
    "The vendor's cursor to the next page repeats the account's credentials, so it was not passed on: the list ends "
    "here. Narrow the list with its filters to see what was left out."
)


@dataclass(frozen=True, slots=True)
class PageView:
    """A page's items for the result; `cursor_after(n)` makes the cursor for what follows the first n of them."""

    items: list[Any]
    cursor_after: Callable[[int], str | None]
    note: str = ""
    beside: Surroundings = ALONE


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
        page = self._page(asked, answer, content)
        # A note explains the end of the list, which is not reached while some of this answer is left.
        return PageView(page.items, partial(self._cursor_after, page), "" if page.left else page.note, content.beside)

    def _page(self, asked: str, answer: VendorAnswer, content: AnswerContent) -> Page:
        page = self._read(asked, answer, content)
        if page.following and not cursors.fits(page.following):
            return replace(page, following=None, note=TOO_LONG)
        if page.following and MASK in str(page.following.state):
            return replace(page, following=None, note=CONCEALED)
        return page

    def _read(self, asked: str, answer: VendorAnswer, content: AnswerContent) -> Page:
        response = answer.response
        if not isinstance(content.result, list):
            raise answer.unusable("answered with something other than a list.")
        follow = partial(_follow, answer.connection, asked)
        received = PageAnswer(content.result, content.document, response.headers, response.status, asked, follow)
        try:
            return self.pager.page(received, self.position, self.limit)
        except JMESPathError:
            raise answer.unusable(OTHER_FORM) from None

    def _cursor_after(self, page: Page, kept: int) -> str | None:
        after = page.position_after(kept)
        return None if after is None else cursors.seal(after, self.binding())


def step_of(tool: Tool, pager: Pager, connection: Connection, used: dict[str, Any]) -> PageStep:
    """Return the step that checked arguments request; raise InvalidArguments for a cursor that is not theirs."""
    # The choice of members to show does not change the walk, so a cursor is not bound to it.
    filters = {name: used[name] for name in used if name != FIELDS} if tool.projection else used
    binding = partial(cursors.binding, connection.account_id, tool.name, filters, pager.kind)
    try:
        position = cursors.unseal(used["next_cursor"], binding()) if "next_cursor" in used else START
    except cursors.CursorRefused as refused:
        raise InvalidArguments(reason=f"The arguments do not fit {tool.name}.", problems=[str(refused)]) from None
    return PageStep(pager, position, used.get("limit", pager.default_limit), binding)


def _follow(connection: Connection, asked: str, link: Any) -> str:
    """Return the target that a vendor's link leads to, without credentials; raise LinkRefused."""
    if not isinstance(link, str):
        raise LinkRefused("is not an address")
    target = target_of(link, base=str(connection.base), asked=asked)
    path, _, query = connection.authentication.stripped(target).partition("?")
    # A vendor may repeat in a link's query what was sent in a header; the answer's mask has replaced it.
    pairs = [pair for pair in query.split("&") if MASK not in unquote_plus(pair)]
    if MASK in unquote_plus(path):
        raise LinkRefused("repeats the account's credentials")
    return f"{path}?{'&'.join(pairs)}" if pairs != [""] and pairs else path
