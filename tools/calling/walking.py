"""Walk a list page by page here, for what needs all of it: counts, and the names of ids."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tools.calling.answers.answer import VendorAnswer
from tools.calling.paging import PageStep, PageView
from tools.calling.sending.binding import ToolRequest, bind
from tools.catalogue.tool import Tool
from tools.pagination import START, Pager, Position
from tools.ratelimits import RateLimits

# A list that comes whole is taken at once, instead of asked for again for each page of it.
EVERYTHING = 1_000_000
# The share of the vendor's limit that one call with many requests leaves to others.
LEFT_TO_OTHERS = 0.1


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


def few_left(limits: RateLimits) -> str:
    """Return why a call with many requests makes no more of them; empty while it may go on."""
    if limits.limit and limits.remaining is not None and limits.remaining < limits.limit * LEFT_TO_OTHERS:
        return f"only {limits.remaining:,} of {limits.limit:,} requests are left of the vendor's limit."
    return ""
