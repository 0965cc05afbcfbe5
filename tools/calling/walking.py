"""Walk a list page by page here, for what needs all of it: counts, and the names of ids."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tools.calling.answers.answer import VendorAnswer
from tools.calling.paging import PageStep, PageView
from tools.calling.sending.binding import ToolRequest, bind
from tools.catalogue.tool import Tool
from tools.pagination import START, Pager, Position

# A list that comes whole is taken at once, instead of asked for again for each page of it.
EVERYTHING = 1_000_000


@dataclass(frozen=True)
class Asking:
    """How a walk asks the vendor, and how it reads an answer, which may take long."""

    ask: Callable[[Tool, ToolRequest], Awaitable[VendorAnswer]]
    read: Callable[[VendorAnswer, Callable[[], PageView]], Awaitable[PageView]]


@dataclass(frozen=True, slots=True)
class WalkedPage:
    """One page of a walk: its items, what is said beside them, and whether others follow."""

    view: PageView
    answer: VendorAnswer
    is_last: bool


async def pages(
    tool: Tool, pager: Pager, used: dict[str, Any], asking: Asking, *, first: int = 0
) -> AsyncIterator[WalkedPage]:
    """Yield the pages of a tool's list, as large as the vendor gives them; raise CallFailed where one does not come.

    `first` is the size of the first page, if it is to be a smaller one.
    """
    most = EVERYTHING if pager.kind == "none" else pager.max_limit
    position: Position | None = START
    limit = first or most
    while position is not None:
        step = PageStep(pager, position, limit, bytes)
        view, answer = await _page(tool, step, used, asking)
        position, limit = view.position_after(len(view.items)), most
        yield WalkedPage(view, answer, position is None)


async def _page(tool: Tool, step: PageStep, used: dict[str, Any], asking: Asking) -> tuple[PageView, VendorAnswer]:
    request = bind(tool, used, step.request())
    answer = await asking.ask(tool, request)
    return await asking.read(answer, lambda: step.view(request.target, answer)), answer
