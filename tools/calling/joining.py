"""Join the pages of a list that is one history, such as the messages of a ticket, into one record."""

from typing import Any, cast

from accounts.definition import RecordHistory
from tools.calling.answers.answer import AnswerContent, VendorAnswer
from tools.calling.walking import Asking, pages
from tools.catalogue.tool import Tool
from tools.pagination import Pager

MOST_PAGES = 10


async def joined(tool: Tool, pager: Pager, used: dict[str, Any], asking: Asking) -> tuple[VendorAnswer, AnswerContent]:
    """Return the last answer of a walk, and all entries as the history of one record; raise CallFailed."""
    history = cast(RecordHistory, tool.history)
    entries: list[Any] = []
    count, remark = 0, ""
    async for page in pages(tool, pager, used, asking):
        entries += page.view.items
        count, remark, answer = count + 1, page.view.note, page.answer
        if count == MOST_PAGES and not page.is_last:
            end = "newest" if history.newest == "last" else "oldest"
            remark = f"Only the first {len(entries):,} entries were read, and the {end} ones are missing."
            break
    return answer, AnswerContent({history.path: entries}).remarked(remark)
