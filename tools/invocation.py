"""Call a tool: check the arguments, ask the vendor, shape the answer, note the call. The one way to do it."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db import DatabaseError

from accounts.calling import ask
from accounts.connections import Connection
from accounts.errors import UpstreamFailure, UpstreamForbidden, UpstreamTimeout, UpstreamTooLarge
from accounts.upstream import UpstreamResponse
from tools import cursors
from tools.answers import read_answer
from tools.arguments import Bound, bind, check
from tools.catalogue import Tool
from tools.errors import (
    AnswerUnusable,
    CallFailed,
    InvalidArguments,
    RateLimited,
    ToolError,
    VendorRefused,
    VendorUnreachable,
)
from tools.metrics import count_call, observe_upstream
from tools.models import Outcome
from tools.pagination import Page
from tools.ratelimits import RateLimits, read_limits
from tools.record import Caller, CallNote, recorder
from tools.shaping import Shaped, shape_page, shape_value

OUTCOMES: dict[type[CallFailed], str] = {
    InvalidArguments: Outcome.INVALID,
    RateLimited: Outcome.RATE_LIMITED,
    VendorRefused: Outcome.REFUSED,
    VendorUnreachable: Outcome.UNREACHABLE,
    AnswerUnusable: Outcome.UNUSABLE,
}


@dataclass(frozen=True, slots=True)
class CallResult:
    """What a call brought: JSON text within the budget, and the vendor's limits."""

    text: str
    limits: RateLimits
    cut: bool


async def invoke(tool: Tool, connection: Connection, arguments: Any, caller: Caller, *, budget: int) -> CallResult:
    """Call a tool in an account's name; raise CallFailed. `budget` is the most characters of the result."""
    note = CallNote(caller, tool.name, tool.method.access, datetime.now(UTC))
    started = time.perf_counter()
    try:
        result = await _call(tool, connection, arguments, note, budget)
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


async def _call(tool: Tool, connection: Connection, arguments: Any, note: CallNote, budget: int) -> CallResult:
    if isinstance(arguments, dict):
        note.arguments = arguments
    used = check(tool, arguments)
    bound_to, position, limit = b"", 0, 0
    paging: list[tuple[str, str]] = []
    if tool.pager:
        bound_to = cursors.binding(connection.account_id, tool.name, used)
        position, limit = _position(tool, used, bound_to), used.get("limit", tool.pager.default_limit)
        paging = tool.pager.parameters(position, limit)
    bound = bind(tool, used, paging)
    if not tool.read_only:
        try:
            await recorder.intend(note)
        except DatabaseError:
            raise CallFailed("It could not be noted in the record of calls, so it was not sent.") from None
    response = await _ask(tool, connection, bound, note)
    limits = read_limits(response.headers, tool.definition.rate_limit, status=response.status)
    result = read_answer(tool, connection, response, limits)
    if tool.pager:
        if not isinstance(result, list):
            reason = f"{connection.vendor} answered with something else than a list."
            raise AnswerUnusable(reason, response.status, limits)
        page = tool.pager.page(result, position, limit)
        shaped = shape_page(page.items, partial(_cursor_after, page, bound_to), budget=budget)
    else:
        shaped = _shape_single(tool, result, response, budget)
    return CallResult(shaped.text, limits, shaped.cut)


def _position(tool: Tool, used: dict[str, Any], bound_to: bytes) -> int:
    if "next_cursor" not in used:
        return 0
    try:
        return cursors.unseal(used["next_cursor"], bound_to)
    except cursors.CursorRefused as refused:
        raise InvalidArguments(reason=f"The arguments do not fit {tool.name}.", problems=[str(refused)]) from None


def _cursor_after(page: Page, bound_to: bytes, kept: int) -> str | None:
    after = page.position_after(kept)
    return None if after is None else cursors.seal(after, bound_to)


async def _ask(tool: Tool, connection: Connection, bound: Bound, note: CallNote) -> UpstreamResponse:
    headers = {"Content-Type": bound.media_type} if bound.media_type else None
    started = time.perf_counter()
    try:
        response = await ask(connection, tool.method.http, bound.target, headers=headers, content=bound.body)
    except UpstreamTooLarge as failure:
        raise AnswerUnusable(
            f"{connection.vendor}'s answer is too large to be read ({failure}). Ask for less: a lower limit, "
            "narrower filters, or a single record."
        ) from None
    except UpstreamForbidden as failure:
        raise CallFailed(f"The account's address may not be called: {failure}.") from None
    except UpstreamFailure as failure:
        raise VendorUnreachable(
            f"{connection.vendor} gave no answer: {failure}.",
            may_have_arrived=failure.may_have_arrived,
            timed_out=isinstance(failure, UpstreamTimeout),
        ) from None
    finally:
        seconds = time.perf_counter() - started
        note.upstream_ms = seconds * 1000
        observe_upstream(tool.definition.name, seconds)
    note.upstream_status, note.upstream_bytes = response.status, len(response.body)
    return response


def _shape_single(tool: Tool, result: Any, response: UpstreamResponse, budget: int) -> Shaped:
    if result is None and not tool.read_only:
        result = {"done": True, "status": response.status}
    return shape_value(result, budget=budget)


__all__ = ["CallResult", "Caller", "ToolError", "invoke"]
