"""Find a file of a record: by the record's own reads, never by an address that a caller gives."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

from accounts.definition import Attachments
from accounts.texts.counting import counted
from accounts.texts.invisible import unescaped, visible
from tools.calling.answers.answer import VendorAnswer
from tools.calling.attachments.files import Attachment, files_in
from tools.calling.sending.binding import bind
from tools.calling.walking import Asking, pages
from tools.catalogue.result_arguments import ATTACHMENT_ID
from tools.catalogue.tool import Tool
from tools.errors import AttachmentUnknown

# Of a record's list, such as the comments of a ticket.
MOST_PAGES = 10
MOST_NAMED = 20


async def found_file(tool: Tool, used: dict[str, Any], asking: Asking) -> tuple[Attachment, VendorAnswer]:
    """Return the file that a call means, and the answer that tells of it.

    Raises AttachmentUnknown if the record has no such file, CallFailed if the record cannot be read.
    """
    declared = cast(Attachments, tool.definition.attachments)
    wanted, others, is_whole = unescaped(used[ATTACHMENT_ID]), [], True
    for read in tool.records:
        async for content, answer, more in _contents(read, used, asking):
            for each in files_in(content, declared):
                if each.id == wanted:
                    return each, answer
                others.append(each)
            is_whole = is_whole and not more
    raise AttachmentUnknown(_words(wanted, list(dict.fromkeys(others)), is_whole=is_whole))


async def _contents(read: Tool, used: dict[str, Any], asking: Asking) -> AsyncIterator[tuple[Any, VendorAnswer, bool]]:
    """Yield a record, or its pages: each with its answer, and whether more follows that is not looked through."""
    if read.pager is None:
        answer = await asking.ask(read, bind(read, used))
        yield (await asyncio.to_thread(answer.content)).result, answer, False
        return
    count = 0
    async for page in pages(read, read.pager, used, asking):
        count += 1
        yield page.view.items, page.answer, count == MOST_PAGES and not page.is_last
        if count == MOST_PAGES:
            return


def _words(wanted: str, others: list[Attachment], *, is_whole: bool) -> str:
    """Return that there is no such file, and which there are."""
    part = "" if is_whole else f" in the first {MOST_PAGES} pages of its list"
    if not others:
        return f"The record has no attachments{part}."
    named = "; ".join(map(str, others[:MOST_NAMED]))
    more = f"; and {counted(len(others) - MOST_NAMED, 'other')}" if len(others) > MOST_NAMED else ""
    return visible(
        f"The record has no attachment {wanted!r}{part}. It has: {named}{more}. Call again with one of these ids."
    )
