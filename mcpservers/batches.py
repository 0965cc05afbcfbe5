"""Answer a batch of messages (MCP 2025-03-26) one after another, within limits, while the client is connected.

A message of a few bytes can request megabytes, so the size of a batch's answers is limited too.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from django.conf import settings

from mcpservers.cancellations import accept
from mcpservers.eras import Era, era_of, handshake_of
from mcpservers.errors import JsonRpcError
from mcpservers.jsonrpc import INVALID_REQUEST, Request, error_bytes, read_message
from mcpservers.replies import Headers, Reply
from mcpservers.resolution import ResolvedServer
from mcpservers.tool_calls import RequestContext

Answering = Callable[[Request, Era, RequestContext], Coroutine[Any, Any, Reply]]

NO_INITIALIZE = "Invalid request: initialize must not be part of a batch."
NOT_BEGUN = (
    "Not begun: the answers to the messages before this one fill what a batch may be answered with. "
    "Send it again, in a batch of fewer messages."
)
# Writes that go on although their client has gone: what was sent to a vendor cannot be taken back.
_going_on: set[asyncio.Task[Reply]] = set()


def check_batch(values: list[Any], headers: Headers) -> None:
    """Raise JsonRpcError for a batch of which no message is answered."""
    era = handshake_of(headers.get(b"mcp-protocol-version") or None)
    era.acknowledge()
    if not era.takes_batches:
        problem = f"Invalid request: {era.version} has no batches; send one message."
        raise JsonRpcError(INVALID_REQUEST, problem, status=400)
    if not values:
        raise JsonRpcError(INVALID_REQUEST, "Invalid request: the batch is empty.", status=400)
    most: int = settings.MCP_BATCH_MESSAGES
    if len(values) > most:
        problem = f"Invalid request: the batch holds {len(values)} messages; send at most {most} at once."
        raise JsonRpcError(INVALID_REQUEST, problem, status=400)


async def answer_batch(values: list[Any], context: RequestContext, answering: Answering) -> Reply:
    """Answer the messages of a checked batch.

    When cancelled, it begins no further message and ends a read under way; a write under way goes on. Once the answers
    are larger than MCP_BATCH_BYTES, the remaining messages are refused before they begin, so that no call is made
    whose answer is withheld.
    """
    written: list[bytes] = []
    size = 0
    for value in values:
        answer = await _answered(value, context, answering, is_full=size > settings.MCP_BATCH_BYTES)
        size += len(answer)
        if answer:
            written.append(answer)
        await asyncio.sleep(0)  # lists and refusals never wait, and would keep the event loop from other requests
    return Reply(200, b"[" + b",".join(written) + b"]") if written else Reply(202)


async def _answered(value: Any, context: RequestContext, answering: Answering, *, is_full: bool) -> bytes:
    try:
        message = read_message(value)
    except JsonRpcError as refused:
        return error_bytes(refused, refused.message_id, null_id=True)
    if not isinstance(message, Request):
        await accept(message, context)
        return b""
    refusal = NOT_BEGUN if is_full else NO_INITIALIZE if message.method == "initialize" else ""
    if refusal:
        return error_bytes(JsonRpcError(INVALID_REQUEST, refusal), message.id, null_id=False)
    era = era_of(message, context.headers)
    context = replace(context, revision=era.version)
    if not _may_write(message, context.server):
        return (await answering(message, era, context)).body
    working = asyncio.ensure_future(answering(message, era, context))
    _going_on.add(working)
    working.add_done_callback(_going_on.discard)
    return (await asyncio.shield(working)).body


def _may_write(request: Request, server: ResolvedServer) -> bool:
    """Return whether a request calls a tool that may change the vendor's data."""
    name = request.params.get("name")
    return request.method == "tools/call" and isinstance(name, str) and server.may_write(name)


async def finish_writes() -> None:
    """Wait for writes whose client has gone, at most SHUTDOWN_SECONDS."""
    if _going_on:
        await asyncio.wait(set(_going_on), timeout=settings.SHUTDOWN_SECONDS)
