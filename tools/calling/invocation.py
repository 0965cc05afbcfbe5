"""Call a tool: check the arguments, ask the vendor, shape the answer, record the call. There is no other way."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts import tracing
from accounts.errors import UpstreamFailure
from accounts.vendors.calling import ask
from accounts.vendors.connection import Connection
from accounts.vendors.downloads import REDIRECTS, download, moved_to
from accounts.vendors.upstream import UpstreamResponse
from tools.body_waits import told_wait
from tools.calling.answers.answer import AnswerContent, VendorAnswer
from tools.calling.answers.unchanged import unchanged, with_unchanged
from tools.calling.answers.unpaged import with_signs_of_more
from tools.calling.attachments.downloading import downloaded
from tools.calling.composites.composed import composed_result
from tools.calling.composites.composing import Composing
from tools.calling.counting import counted
from tools.calling.failures import call_failure
from tools.calling.intending import Leaving, note_before_sending
from tools.calling.joining import joined
from tools.calling.names import Entries, NamesOfIds, Unlisted, forget
from tools.calling.paging import PageStep, step_of
from tools.calling.recording import recorded
from tools.calling.refused_credentials import with_standing
from tools.calling.results import CallResult, chosen, counted_result, download_result, page_result, single_result
from tools.calling.sending.binding import ToolRequest, bind
from tools.calling.sending.checking import check, from_text, invalid_arguments
from tools.calling.sending.ids import wrong_ids
from tools.calling.sending.meaning import remark_on
from tools.calling.sending.numeric_ids import with_numeric_ids
from tools.calling.spans import call_span
from tools.calling.walking import Asking
from tools.catalogue.result_arguments import GROUP_BY
from tools.catalogue.tool import Tool, ToolSet
from tools.errors import ToolError, VendorRefused
from tools.pagination import NOT_PAGED
from tools.ratelimits import read_limits
from tools.record.metrics import observe_upstream
from tools.record.notes import Caller, CallNote, masked

# A longer answer is read in a thread, so that it does not block the event loop.
LONG_ANSWER = 64 * 1024
# Arguments of a larger request are checked and encoded in a thread, so that they do not block the event loop.
LARGE_REQUEST = 32 * 1024

# Of the result of a composite's step: it is cut only with the others, to what all of them may take.
STEP_TOKENS = 10**7
NO_TOOLS = ToolSet({})

Read = TypeVar("Read")


async def invoke(
    tool: Tool,
    connection: Connection,
    arguments: Any,
    caller: Caller,
    *,
    budget: int,
    request_bytes: int = 0,
    note: CallNote | None = None,
    has_left: Leaving | None = None,
    among: ToolSet | None = None,
) -> CallResult:
    """Call a tool on behalf of an account; raise CallFailed. `budget` is the most tokens of the result.

    `request_bytes` is the size of the request that carried the arguments. `note` receives what is known of the call,
    for callers that display it. `has_left` is asked before a write is sent: without a client, it is not. `among` are
    all tools of the caller, some of which tell the names of ids.
    """
    note = note or CallNote(caller, tool.name, tool.method.access, datetime.now(UTC))
    with recorded(note), call_span(tool, caller):
        names = _names_of(tool, connection, note, among)
        is_large = request_bytes > LARGE_REQUEST
        prepared = await _prepare(tool, connection, arguments, note, names, among=among, is_large=is_large)
        if not tool.read_only:
            # Committed before anything is sent, so that no write goes unrecorded.
            with tracing.span("commit intent"):
                await note_before_sending(note, has_left)
        if tool.composite:
            result = await _compose(tool, connection, prepared, note, among, budget=budget)
        else:
            result = await _call(tool, connection, prepared, note, names, budget=budget)
        if not tool.read_only:
            forget(connection.account_id, tool.resource)
        note.result_chars = len(result.text)
        return result


async def entries_of(key: str, lister: Tool, connection: Connection, caller: Caller, *, among: ToolSet) -> Entries:
    """Return the entries of a lookup, kept or by a call of the tool that lists them; raise CallFailed."""
    note = CallNote(caller, lister.name, lister.method.access, datetime.now(UTC))
    asking, lookups = _asking(connection, note), lister.definition.lookups
    names = NamesOfIds(connection.account_id, lookups, among, asking, connection.revision, must_come=True)
    kept = names.kept(key)
    if kept is not None:
        return kept
    with recorded(note):
        return await names.entries(key, lister)


def _names_of(tool: Tool, connection: Connection, note: CallNote, among: ToolSet | None) -> NamesOfIds | None:
    """Return what tells the names of ids for a call; None where nothing does."""
    lookups = tool.definition.lookups_of(tool.resource)
    if among is None or not lookups or not settings.NAMES_SECONDS:
        return None
    return NamesOfIds(connection.account_id, lookups, among, _asking(connection, note), connection.revision)


def _asking(connection: Connection, note: CallNote) -> Asking:
    return Asking(lambda tool, request: _ask(tool, connection, request, note), _reading)


async def _call(
    tool: Tool,
    connection: Connection,
    prepared: "Preparation",
    note: CallNote,
    names: NamesOfIds | None,
    *,
    budget: int,
) -> CallResult:
    used, step, request, remarks = prepared
    if tool.counted:
        return await _count(tool, connection, used, note, names, budget=budget, remarks=remarks)
    if tool.records:
        file, limits = await downloaded(tool, used, _asking(connection, note), note, tokens=budget)
        told = download_result(tool, file, limits, budget=budget, remarks=remarks)
        return told.concealed(connection.authentication.secrets)
    content = None
    if tool.joined:
        answer, content = await joined(tool, tool.joined, used, _asking(connection, note))
    else:
        answer = await _ask(tool, connection, request, note)
    if step:
        view = await _reading(answer, partial(step.view, request.target, answer))
        shown = await names.beside(tool, view.items, chosen(tool, used, view.items)) if names else {}
        result, beside = page_result(answer, used, view, budget=budget, names=shown, remarks=remarks), view.beside
    else:
        content = content or with_signs_of_more(await _content(answer, used, note), answer)
        members = chosen(tool, used, content.result)
        shown = await names.beside(tool, content.result, members) if names and content.as_documented else {}
        result = single_result(answer, used, content, budget=budget, names=shown, remarks=remarks)
        beside = content.beside
    if tool.method.answer != "json" or beside.remarks or (tool.shaping.html and (tool.joined or _has_markup(answer))):
        # Markup or a charset may have split a secret, which conversion to text, or lenient reading, put together again.
        return result.concealed(connection.authentication.secrets)
    return result


def _has_markup(answer: VendorAnswer) -> bool:
    """Return whether there may be a tag or an entity in an answer, as it is or in JSON's escapes."""
    body = answer.response.body
    return b"<" in body or b"&" in body or b"\\" in body


async def _content(answer: VendorAnswer, used: dict[str, Any], note: CallNote) -> AnswerContent:
    """Return what an answer holds, of a write also whether it changed anything."""
    try:
        content = await _reading(answer, answer.content)
    except VendorRefused as refused:
        return unchanged(answer.tool, used, refused)
    return with_unchanged(answer, used, content, note.started_at)


async def _count(
    tool: Tool,
    connection: Connection,
    used: dict[str, Any],
    note: CallNote,
    names: NamesOfIds | None,
    *,
    budget: int,
    remarks: tuple[str, ...],
) -> CallResult:
    group_by: str = used.get(GROUP_BY, "")
    count = await counted(tool, used, _asking(connection, note), connection.zone)
    shown = count.shown(group_by)
    if names and group_by:
        member = tool.method.counts[group_by.partition(":")[0]].member
        shown["groups"] = await names.in_groups(member, shown["groups"])
    return counted_result(tool, shown, count.limits, budget=budget, remarks=remarks)


async def _compose(
    tool: Tool,
    connection: Connection,
    prepared: "Preparation",
    note: CallNote,
    among: ToolSet | None,
    *,
    budget: int,
) -> CallResult:
    """Make the calls of a composite's steps, each recorded with its step under the trace of the whole."""
    used, _, _, remarks = prepared
    note.caller = replace(note.caller, trace_id=uuid4())
    started = time.perf_counter()
    note.before_ms = (started - note.began) * 1000

    async def call(read: Tool, arguments: dict[str, Any], step: str) -> CallResult:
        caller = replace(note.caller, step=step)
        own = CallNote(caller, read.name, read.method.access, datetime.now(UTC), seen=note.seen)
        result = await invoke(read, connection, arguments, caller, budget=STEP_TOKENS, note=own, among=among)
        note.upstream_bytes += own.upstream_bytes
        return result

    composed = await Composing(tool, used, among or NO_TOOLS, call).composed()
    note.upstream_ms = (time.perf_counter() - started) * 1000
    result = partial(composed_result, tool, used, composed, budget=budget, remarks=remarks)
    return await asyncio.to_thread(result) if note.upstream_bytes > LONG_ANSWER else result()


Preparation = tuple[dict[str, Any], PageStep | None, ToolRequest, tuple[str, ...]]


async def _prepare(
    tool: Tool,
    connection: Connection,
    arguments: Any,
    note: CallNote,
    names: NamesOfIds | None,
    *,
    among: ToolSet | None,
    is_large: bool,
) -> Preparation:
    """Return the arguments as they will be used, the page and the request that they make, and remarks on them."""
    arguments = from_text(arguments)
    given = arguments if isinstance(arguments, dict) else {}
    # Of a large request, only what the record has room for is kept in memory until it is written.
    note.arguments = await asyncio.to_thread(masked, given) if is_large else given
    checked = partial(_checked, tool, arguments, connection.zone)
    used, remarks = await asyncio.to_thread(checked) if is_large else checked()
    unlisted: Unlisted = {}
    if names:
        used, said, unlisted = await names.resolved(tool, used)
        remarks += said
    if tool.ids and (problems := [*wrong_ids(tool, used, unlisted, among)]):
        raise invalid_arguments(tool, problems)
    used = with_numeric_ids(tool, used)
    bound = await asyncio.to_thread(_bound, tool, connection, used) if is_large else _bound(tool, connection, used)
    return (used, *bound, remarks)


def _checked(tool: Tool, arguments: Any, zone: ZoneInfo) -> tuple[dict[str, Any], tuple[str, ...]]:
    left_out: list[str] = []
    used = check(tool, arguments, left_out=left_out, zone=zone)
    return used, (remark_on(left_out),) if left_out else ()


def _bound(tool: Tool, connection: Connection, used: dict[str, Any]) -> tuple[PageStep | None, ToolRequest]:
    step = step_of(tool, tool.pager, connection, used) if tool.pager else None
    return step, bind(tool, used, step.request() if step else NOT_PAGED)


async def _reading(answer: VendorAnswer, read: Callable[[], Read]) -> Read:
    """Return what `read` makes of an answer: HTML, and JSON that is only nearly right, take long to be read."""
    if len(answer.response.body) > LONG_ANSWER:
        return await asyncio.to_thread(read)
    return read()


async def _ask(tool: Tool, connection: Connection, request: ToolRequest, note: CallNote) -> VendorAnswer:
    """Call the vendor, and note the duration, status and size of its answer."""
    started = time.perf_counter()
    note.before_ms = (started - note.began) * 1000
    try:
        response = await _response(tool, connection, request, note)
    finally:
        seconds = time.perf_counter() - started
        note.upstream_ms = seconds * 1000
        observe_upstream(tool.definition.name, seconds)
    note.upstream_status, note.upstream_bytes = response.status, len(response.body)
    said = told_wait(response, tool.definition) if response.status >= 400 else None
    limits = read_limits(response.headers, tool.definition.rate_limit, status=response.status, said=said)
    answer = VendorAnswer(tool, connection, response, limits)
    if response.status >= 400:
        answer = await with_standing(answer)
    if tool.method.answer == "file" and response.status in REDIRECTS and tool.read_only:
        return replace(answer, response=await _followed(answer, request, note))
    return answer


async def _followed(answer: VendorAnswer, request: ToolRequest, note: CallNote) -> UpstreamResponse:
    """Return the file that a download was moved to; raise AnswerUnusable where it is not followed, or not there."""
    started = time.perf_counter()
    try:
        asked = f"{answer.connection.base_url}{request.target}"
        response = await download(
            answer.connection, moved_to(answer.connection, asked, answer.response), seen=note.seen
        )
    except UpstreamFailure as failure:
        raise answer.redirected(f"was not followed: {failure}") from None
    if not 200 <= response.status < 300:
        raise answer.redirected(f"was followed, to an answer with HTTP {response.status}")
    note.upstream_status, note.upstream_bytes = response.status, len(response.body)
    note.upstream_ms = (note.upstream_ms or 0) + (time.perf_counter() - started) * 1000
    return response


async def _response(tool: Tool, connection: Connection, request: ToolRequest, note: CallNote) -> UpstreamResponse:
    headers = {**request.headers, "Content-Type": request.media_type} if request.media_type else request.headers
    try:
        return await ask(
            connection,
            tool.method.http,
            request.target,
            headers=headers,
            content=request.body,
            idempotent=tool.idempotent,
            seen=note.seen,
        )
    except UpstreamFailure as failure:
        raise call_failure(failure, connection) from None


__all__ = ["CallResult", "Caller", "ToolError", "invoke"]
