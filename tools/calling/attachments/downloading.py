"""Download a file of a record: find it, fetch it from where the vendor says, and read it."""

import time
from typing import Any, cast

from django.conf import settings

from accounts.definition import Attachments
from accounts.errors import UpstreamBusy, UpstreamFailure, UpstreamForbidden, UpstreamTooLarge
from accounts.vendors.downloads import fetch, file_address
from accounts.vendors.upstream import UpstreamResponse, shared_upstream
from tools.calling.answers.answer import VendorAnswer
from tools.calling.attachments.files import Attachment
from tools.calling.attachments.finding import found_file
from tools.calling.attachments.reading import FileRefused, ReadFile, read
from tools.calling.failures import call_failure
from tools.calling.walking import Asking
from tools.catalogue.result_arguments import FROM_PAGE
from tools.catalogue.tool import Tool
from tools.errors import AnswerUnusable
from tools.ratelimits import RateLimits
from tools.record.notes import CallNote


async def downloaded(
    tool: Tool, used: dict[str, Any], asking: Asking, note: CallNote, *, tokens: int
) -> tuple[ReadFile, RateLimits]:
    """Return the file that a call means, as a model gets it, and the vendor's limits; raise CallFailed."""
    attachment, answer = await found_file(tool, used, asking)
    size, most = attachment.size or 0, settings.ATTACHMENT_BYTES
    if size > most:
        raise _refused(answer, attachment, f"at most {most:,} bytes are downloaded")
    try:
        async with shared_upstream().files.of(answer.connection.party):
            response = await _fetched(answer, attachment, note)
            return await read(attachment, response, first=used.get(FROM_PAGE, 1), tokens=tokens), answer.limits
    except FileRefused as refused:
        raise _refused(answer, attachment, str(refused)) from None
    except UpstreamBusy as busy:
        raise call_failure(busy, answer.connection) from None


async def _fetched(answer: VendorAnswer, attachment: Attachment, note: CallNote) -> UpstreamResponse:
    """Return the vendor's answer to the download, and note it; raise CallFailed."""
    connection, started = answer.connection, time.perf_counter()
    declared = cast(Attachments, answer.tool.definition.attachments)
    most = settings.ATTACHMENT_BYTES
    try:
        address = file_address(connection, attachment.url, f"{connection.base_url}/")
        below = declared.credentials_below
        response = await fetch(connection, address, below=below, most_bytes=most, seen=note.seen)
    except UpstreamForbidden as forbidden:
        raise _refused(answer, attachment, f"it was not fetched, since {forbidden}") from None
    except UpstreamTooLarge:
        raise _refused(answer, attachment, f"at most {most:,} bytes are downloaded") from None
    except UpstreamFailure as failure:
        raise call_failure(failure, connection) from None
    finally:
        note.upstream_ms = (note.upstream_ms or 0) + (time.perf_counter() - started) * 1000
    note.upstream_status, note.upstream_bytes = response.status, len(response.body)
    if not 200 <= response.status < 300:
        raise _refused(answer, attachment, f"its download was answered with HTTP {response.status}")
    return response


def _refused(answer: VendorAnswer, attachment: Attachment, why: str) -> AnswerUnusable:
    return answer.unusable(f"has the file {attachment}, but {why}.", worth_repeating=False)
