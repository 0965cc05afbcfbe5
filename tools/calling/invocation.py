"""Call a tool: check the arguments, ask the vendor, shape the answer, note the call. The one way to do it."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from django.db import DatabaseError

from accounts.errors import UpstreamFailure
from accounts.vendors.calling import ask
from accounts.vendors.connection import Connection
from accounts.vendors.upstream import UpstreamResponse
from tools.calling.answers import Answer, read_answer
from tools.calling.arguments import Bound, bind, check
from tools.calling.failures import call_failure
from tools.calling.paging import Step, step_of
from tools.calling.results import CallResult, page_result, single_result
from tools.catalogue.compilation import Tool
from tools.errors import (
    AccountBusy,
    AnswerUnusable,
    CallFailed,
    InvalidArguments,
    RateLimited,
    ToolError,
    VendorDown,
    VendorRefused,
    VendorUnreachable,
)
from tools.models import Outcome
from tools.pagination import NOT_PAGED
from tools.ratelimits import RateLimits, read_limits
from tools.record.metrics import count_call, observe_upstream
from tools.record.notes import Caller, CallNote, masked
from tools.record.recorder import recorder

LONG_PAGE = 64 * 1024
# What came in a larger request is checked and written in a thread, where it holds up nobody else.
LARGE_REQUEST = 64 * 1024

OUTCOMES: dict[type[CallFailed], str] = {
    InvalidArguments: Outcome.INVALID,
    RateLimited: Outcome.RATE_LIMITED,
    AccountBusy: Outcome.BUSY,
    VendorRefused: Outcome.REFUSED,
    VendorUnreachable: Outcome.UNREACHABLE,
    VendorDown: Outcome.UNREACHABLE,
    AnswerUnusable: Outcome.UNUSABLE,
}


async def invoke(
    tool: Tool,
    connection: Connection,
    arguments: Any,
    caller: Caller,
    *,
    budget: int,
    request_bytes: int = 0,
    note: CallNote | None = None,
) -> CallResult:
    """Call a tool in an account's name; raise CallFailed. `budget` is the most characters of the result.

    `request_bytes` is the size of the request that brought the arguments. What is known of the call goes into `note`,
    for callers that display it.
    """
    note = note or CallNote(caller, tool.name, tool.method.access, datetime.now(UTC))
    started = time.perf_counter()
    try:
        result = await _call(tool, connection, arguments, note, budget=budget, request_bytes=request_bytes)
        note.outcome, note.result_chars = Outcome.OK, len(result.text)
        return result
    except CallFailed as failed:
        note.outcome, note.error = OUTCOMES.get(type(failed), Outcome.FAILED), _noted(failed)
        raise
    except asyncio.CancelledError:
        note.outcome, note.error = Outcome.CANCELLED, "The client went away before the answer came."
        raise
    finally:
        note.duration_ms = (time.perf_counter() - started) * 1000
        recorder.add(note)
        count_call(note)


def _noted(failed: CallFailed) -> str:
    said = getattr(failed, "problems", None) or [getattr(failed, "words", "")]
    return " ".join([failed.reason, *said]).strip()


async def _call(
    tool: Tool, connection: Connection, arguments: Any, note: CallNote, *, budget: int, request_bytes: int
) -> CallResult:
    if request_bytes > LARGE_REQUEST:
        # What is kept until the record is written is what the record has room for.
        note.arguments = await asyncio.to_thread(masked, arguments) if isinstance(arguments, dict) else {}
        used, step, bound = await asyncio.to_thread(_prepared, tool, connection, arguments)
    else:
        note.arguments = arguments if isinstance(arguments, dict) else {}
        used, step, bound = _prepared(tool, connection, arguments)
    if not tool.read_only:
        try:
            await recorder.intend(note)
        except DatabaseError:
            raise CallFailed("It could not be noted in the record of calls, so it was not sent.") from None
    response = await _ask(tool, connection, bound, note)
    limits = read_limits(response.headers, tool.definition.rate_limit, status=response.status)
    if step:
        shown = step.shown(bound.target, response, limits)
        result = page_result(tool, used, shown, limits, budget=budget)
    else:
        answer = await _read(tool, connection, response, limits)
        result = single_result(tool, used, answer.result, response.status, limits, budget=budget)
    if tool.method.answer != "json" or tool.shaping.html:
        # What markup or a charset kept apart in the answer may stand together now.
        return result.concealed(connection.authentication.secrets)
    return result


def _prepared(tool: Tool, connection: Connection, arguments: Any) -> tuple[dict[str, Any], Step | None, Bound]:
    """Return the arguments as they will be used, the page that they ask for, and the request that they make."""
    used = check(tool, arguments)
    step = step_of(tool, tool.pager, connection, used) if tool.pager else None
    return used, step, bind(tool, used, step.request() if step else NOT_PAGED)


async def _read(tool: Tool, connection: Connection, response: UpstreamResponse, limits: RateLimits) -> Answer:
    """Read an answer; a long HTML page in a thread, so that it does not hold up others."""
    if tool.method.answer == "html" and len(response.body) > LONG_PAGE:
        return await asyncio.to_thread(read_answer, tool, connection, response, limits)
    return read_answer(tool, connection, response, limits)


async def _ask(tool: Tool, connection: Connection, bound: Bound, note: CallNote) -> UpstreamResponse:
    headers = {**bound.headers, "Content-Type": bound.media_type} if bound.media_type else bound.headers
    started = time.perf_counter()
    note.before_ms = (started - note.began) * 1000
    try:
        response = await ask(
            connection,
            tool.method.http,
            bound.target,
            headers=headers,
            content=bound.body,
            idempotent=tool.idempotent,
            seen=note.seen,
        )
    except UpstreamFailure as failure:
        raise call_failure(failure, connection) from None
    finally:
        seconds = time.perf_counter() - started
        note.upstream_ms = seconds * 1000
        observe_upstream(tool.definition.name, seconds)
    note.upstream_status, note.upstream_bytes = response.status, len(response.body)
    return response


__all__ = ["CallResult", "Caller", "ToolError", "invoke"]
