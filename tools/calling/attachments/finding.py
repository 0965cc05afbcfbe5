"""Find a file of a record: by the record's own reads, never by an address that a caller gives."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, cast

from accounts.definition import Attachments
from accounts.texts.counting import counted
from accounts.texts.invisible import unescaped
from tools.calling.answers.answer import VendorAnswer
from tools.calling.attachments.files import Attachment, files_in
from tools.calling.sending.binding import bind
from tools.calling.walking import Asking, pages
from tools.catalogue.result_arguments import ATTACHMENT_ID
from tools.catalogue.tool import Tool
from tools.errors import AttachmentUnknown

# Of a record's list, such as the comments of a ticket: how many pages are looked through, and for how many seconds.
MOST_PAGES = 10
MOST_SECONDS = 20.0
MOST_NAMED = 20


async def found_file(tool: Tool, used: dict[str, Any], asking: Asking) -> tuple[Attachment, VendorAnswer]:
    """Return the file that a call means, and the answer that tells of it.

    Raises AttachmentUnknown if the record has no such file, CallFailed if the record cannot be read.
    """
    declared = cast(Attachments, tool.definition.attachments)
    wanted, others, last_page = unescaped(used[ATTACHMENT_ID]), [], 0
    for read in tool.records:
        async for content, answer, ended_at in _contents(read, used, asking):
            for each in files_in(content, declared):
                if each.id == wanted:
                    return each, answer
                others.append(each)
            last_page = ended_at or last_page
    raise AttachmentUnknown(_words(wanted, list(dict.fromkeys(others)), last_page))


async def _contents(read: Tool, used: dict[str, Any], asking: Asking) -> AsyncIterator[tuple[Any, VendorAnswer, int]]:
    """Yield a record, or its pages, each with its answer.

    The last one has its number if others follow that are not looked through; the number is 0 everywhere else.
    """
    if read.pager is None:
        answer = await asking.ask(read, bind(read, used))
        yield (await asyncio.to_thread(answer.content)).result, answer, 0
        return
    count, ends = 0, time.monotonic() + MOST_SECONDS
    async for page in pages(read, read.pager, used, asking):
        count += 1
        is_enough = count == MOST_PAGES or time.monotonic() > ends
        yield page.view.items, page.answer, count if is_enough and not page.is_last else 0
        if is_enough:
            return


def _words(wanted: str, others: list[Attachment], last_page: int) -> str:
    """Return that there is no such file, and which there are."""
    part = f" in the first {counted(last_page, 'page')} of its list" if last_page else ""
    if not others:
        return f"The record has no attachments{part}."
    named = "; ".join(map(str, others[:MOST_NAMED]))
    more = f"; and {counted(len(others) - MOST_NAMED, 'other')}" if len(others) > MOST_NAMED else ""
    return f"The record has no attachment {wanted!r}{part}. It has: {named}{more}. Call again with one of these ids."
