"""The MCP endpoint: a plain ASGI application for everything below `/mcp/`, outside Django's handler.

POSTs are answered here. A request that opens a stream is handed to a consumer once it has been admitted.
"""

import asyncio
import logging
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings

from accounts.allowances import count_request, streams
from accounts.database.outages import refusal_for
from accounts.errors import AllowanceUsedUp
from mcpservers.admission import (
    Admitted,
    Http,
    address_in,
    admit,
    check_host,
    check_media_types,
    check_origin,
    client_address,
    read_request_body,
    request_headers,
)
from mcpservers.batches import answer_batch, check_batch, finish_writes
from mcpservers.cancellations import CallCancelled, accept, cancellable, known
from mcpservers.clients.introductions import introduce, introduced
from mcpservers.eras import STATELESS_ERA, Era, Manner, era_of
from mcpservers.errors import JsonRpcError, Refusal, SessionsAway
from mcpservers.jsonrpc import (
    INTERNAL_ERROR,
    Id,
    Request,
    limit_reached,
    read_body,
    read_message,
    result_bytes,
)
from mcpservers.last_seen import finish_writing, sighted
from mcpservers.replies import (
    EVENTS,
    Disconnected,
    Headers,
    Receive,
    Reply,
    Scope,
    Send,
    error_reply,
    refusal_reply,
    send_reply,
)
from mcpservers.spans import message_span, note_error
from mcpservers.streaming import legacy
from mcpservers.streaming.consumers import EventStream, LegacyStream, ServerStream, Subscription
from mcpservers.streaming.departures import cancelled_by_disconnect, has_disconnected
from mcpservers.streaming.long_calls import LongCall
from mcpservers.tool_calls import RequestContext, client_name

logger = logging.getLogger(__name__)

PREFIX = "/mcp/"
# The key of the scope under which the access log finds the id of the server that a request reached.
SERVER = "patchbay.server_id"
MAX_QUERY = 2000

# CORS (Fetch standard) for pages of the origins in MCP_ALLOWED_ORIGINS; check_origin has refused all others.
PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"*, Authorization"),
    (b"access-control-max-age", b"600"),
)
ALLOWED = (b"allow", b"GET, POST")

# asyncio itself keeps only weak references to tasks.
_background: set[asyncio.Task[None]] = set()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one HTTP request below `/mcp/`."""
    headers = request_headers(scope)
    try:
        reply = await _route(Http(scope, headers, receive, send))
        if isinstance(reply, StreamRequest):
            # Run from here, where no frame keeps the body or the parsed message for the life of the stream.
            reply = await reply.run()
    except Refusal as refusal:
        reply = refusal_reply(refusal)
    except Disconnected:
        return
    except Exception as error:  # the endpoint's last resort: the log gets everything, the client no cause
        reply = _failed(error, None)
    if reply is not None:
        await send_reply(reply, headers, send)


def _failed(error: Exception, request_id: Id | None) -> Reply:
    """Log an exception, or count it with an outage of the database; return an answer that reveals nothing of it."""
    outage = refusal_for(error)
    if outage is not None:
        wait = (b"retry-after", str(outage.retry_after).encode())
        words = f"{outage.words} Nothing was sent."
        return error_reply(JsonRpcError(INTERNAL_ERROR, words, status=503, headers=(wait,)), request_id)
    logger.error("mcp request failed", exc_info=error)
    words = "Internal error: the request could not be handled. Try again later."
    return error_reply(JsonRpcError(INTERNAL_ERROR, words, status=500), request_id)


async def _route(http: Http) -> "Reply | StreamRequest | None":
    """Return the answer to a request, or the stream that will answer it; None if the answer was already sent."""
    scope, headers = http.scope, http.headers
    check_host(headers)
    check_origin(scope, headers)
    method = scope["method"]
    if method == "OPTIONS" and b"access-control-request-method" in headers and b"origin" in headers:
        return Reply(204, headers=PREFLIGHT)
    # DELETE too, which would end a session (MCP 2025-11-25, Session Management): there are none.
    if method not in {"GET", "POST"}:
        raise Refusal(405, "This address takes POST and GET requests of MCP clients.", ALLOWED)
    where = address_in(scope["path"].removeprefix(PREFIX))
    admitted = await admit(where, headers, client_address(scope))
    scope[SERVER] = admitted.server.server_id
    try:
        await count_request(*admitted.holders)
    except AllowanceUsedUp as used_up:
        return error_reply(limit_reached(used_up), await _readable_id(http))
    match method, where.rest:
        # Some clients try Streamable HTTP first at any address that they are given.
        case "POST", "" | "sse":
            return await _post(admitted, http)
        case "GET", "":
            check_stream(headers)
            return StreamRequest(ServerStream, admitted, http)
        case "GET", "sse":
            return StreamRequest(LegacyStream, admitted, http)
        case "POST", "messages":
            return await _post_legacy(admitted, http)
        case _:
            raise Refusal(405, "This address takes POST requests.", (b"allow", b"POST"))


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """A request whose answer is a stream: the consumer that serves it, what to add to its scope, what lasts with it."""

    kind: type[EventStream]
    admitted: Admitted
    http: Http
    found: dict[str, Any] = field(default_factory=dict)
    under_way: AbstractContextManager[object] = field(default_factory=nullcontext)

    async def run(self) -> Reply | None:
        """Run the consumer until the stream ends; return a refusal if too many streams are open."""
        try:
            with streams.one(*self.admitted.holders), self.under_way:
                # Without as_asgi, which makes a function each time, or a copy of the scope: open streams are many.
                self.http.scope.update(self.found, mcp=self.admitted)
                await self.kind()(self.http.scope, self.http.receive, self.http.send)
        except AllowanceUsedUp as used_up:
            return error_reply(limit_reached(used_up), self.found.get("mcp.subscription"))
        return None


async def _readable_id(http: Http) -> Id | None:
    """Return the id of the message in a body, so that the client can tell which of its requests was refused."""
    if http.scope["method"] != "POST":
        return None
    try:
        message = read_message(read_body(await read_request_body(http.headers, http.receive)))
    except JsonRpcError as error:
        return error.message_id
    return message.id if isinstance(message, Request) else None


def check_stream(headers: Headers) -> None:
    """Refuse a GET that cannot open a stream: in a revision without them, or from a client that takes no events."""
    era = era_of(None, headers)
    if not era.opens_stream_on_get:
        raise Refusal(405, f"In {era.version} changes come on subscriptions/listen, a POST.", (b"allow", b"POST"))
    if EVENTS not in headers.get(b"accept", "").lower():
        raise Refusal(405, "A GET opens a stream of events: accept text/event-stream, or send a POST.", ALLOWED)


async def _post(admitted: Admitted, http: Http) -> Reply | StreamRequest | None:
    check_media_types(http.headers)
    body = await read_request_body(http.headers, http.receive)
    try:
        value = read_body(body)
        if isinstance(value, list):
            check_batch(value, http.headers)
            async with cancelled_by_disconnect(http.receive) as leaving:
                context = replace(introduced(admitted.context(len(body), leaving)), is_batched=True)
                return await answer_batch(value, context, _answer)
        message = read_message(value)
        era = era_of(message, http.headers)
        if not isinstance(message, Request):
            era.acknowledge()
            await accept(message, admitted.context(len(body)))
            # MCP 2025-11-25, Streamable HTTP: an accepted notification or response gets 202 without a body.
            return Reply(202)
    except JsonRpcError as error:
        return error_reply(error, error.message_id, null_id=era_of(None, http.headers).names_unread_id)
    has_left = None if era.cancelled_by_disconnect else partial(has_disconnected, http.receive)
    context = introduced(admitted.context(len(body), has_left, revision=era.version))
    if message.method == "initialize":
        await introduce(message, context)
    match era.manner(message):
        case Manner.WHOLE:
            return await _answer(message, era, context)
        case Manner.LONG:
            return await _answer_patiently(message, era, context, http)
        case Manner.STREAM:
            return _subscribe(message, admitted, http, known(message, context))


async def _answer(request: Request, era: Era, context: RequestContext) -> Reply:
    """Answer a request, with the vendor's rate limits in headers; a call that the client cancels, without a body."""
    # First: that a client connected is seen also while its first call lasts, or if that is refused or cancelled.
    sighted(context.server.server_id, client_name(request, context))
    with message_span(request, era.version, context.server) as span:
        try:
            with cancellable(request, context):
                result = await era.answer(request, context)
        except CallCancelled:
            span.fail("cancelled")
            # MCP, Cancellation: a cancelled request gets no response.
            return Reply(202)
        except JsonRpcError as error:
            note_error(span, error)
            return error_reply(error, request.id)
        except Exception as failure:  # the last resort again, since only here can the answer carry the request's id
            span.fail(type(failure).__name__)
            return _failed(failure, request.id)
    limits = [(name.encode(), b"%d" % value) for name, value in result.limits.items()]
    return Reply(200, result_bytes(request.id, result.body), tuple(limits))


async def _answer_patiently(request: Request, era: Era, context: RequestContext, http: Http) -> Reply | None:
    """Answer a request, as a stream if it takes long; return None if the answer was sent that way."""
    until_disconnect: AbstractAsyncContextManager[object] = nullcontext()
    if era.cancelled_by_disconnect:
        until_disconnect = cancelled_by_disconnect(http.receive)
    async with LongCall(request, http.headers, http.send) as long_call, until_disconnect:
        reply = await _answer(request, era, context)
    if not long_call.is_streaming:
        return reply
    await long_call.finish(reply.body)
    return None


def _subscribe(
    request: Request, admitted: Admitted, http: Http, under_way: AbstractContextManager[object]
) -> Reply | StreamRequest:
    """Open the stream of a subscription (MCP 2026-07-28, Subscriptions)."""
    try:
        lists = STATELESS_ERA.listens_to(request, http.headers)
    except JsonRpcError as error:
        return error_reply(error, request.id)
    # The body has been read, but a consumer only starts at a request event.
    read_already: list[Any] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive_rest() -> Any:
        return read_already.pop() if read_already else await http.receive()

    found = {"mcp.subscription": request.id, "mcp.lists": lists}
    return StreamRequest(Subscription, admitted, replace(http, receive=receive_rest), found, under_way)


async def _post_legacy(admitted: Admitted, http: Http) -> Reply:
    """Take a message of the old HTTP+SSE transport; its answer goes to the stream (MCP 2024-11-05, Transports)."""
    # The answer goes to the stream, so what this POST accepts does not matter.
    check_media_types({**http.headers, b"accept": "*/*"})
    session_id = _session_in(http.scope.get("query_string", b""))
    session = await legacy.find_session(session_id, admitted.server.server_id) if session_id else None
    if session is None:
        raise Refusal(404, "The stream of this session is gone. Open a new one with GET on …/sse.")
    body = await read_request_body(http.headers, http.receive)
    try:
        message = read_message(read_body(body))
    except JsonRpcError as error:
        return error_reply(error, error.message_id, null_id=True)
    context = replace(
        session.applied_to(admitted.context(len(body)), session_id),
        has_left=partial(legacy.is_closed, session_id, admitted.server.server_id),
    )
    if not isinstance(message, Request):
        await accept(message, context)
        return Reply(202)
    if message.method == "initialize":
        # Before the answer: the client's next message may reach another process.
        await legacy.agree(session_id, session, message, context)
    _begin_answer(message, context, session.channel)
    return Reply(202)


def _begin_answer(request: Request, context: RequestContext, channel: str) -> None:
    era = era_of(request, context.headers)
    task = asyncio.create_task(_answer_later(request, era, replace(context, revision=era.version), channel))
    _background.add(task)
    task.add_done_callback(_background.discard)


def _session_in(query: bytes) -> str:
    """Return the session that a query names; empty for a query longer than any that Patchbay issues."""
    if len(query) > MAX_QUERY:
        return ""
    return parse_qs(query.decode("latin-1")).get(legacy.PARAMETER, [""])[0]


async def _answer_later(request: Request, era: Era, context: RequestContext, channel: str) -> None:
    try:
        reply = await _answer(request, era, context)
        if reply.body:
            await legacy.deliver(channel, reply.body)
    except SessionsAway:
        pass  # told already; the client asks again when its patience ends
    except Exception:  # nothing awaits this task, so nothing else would log it
        logger.exception("an answer could not be delivered to its stream")


async def finish_background() -> None:
    """Wait for pending sightings, writes and answers to streams, the last two for at most SHUTDOWN_SECONDS each."""
    await finish_writing()
    await finish_writes()
    if _background:
        await asyncio.wait(set(_background), timeout=settings.SHUTDOWN_SECONDS)


__all__ = ["PREFIX", "SERVER", "application", "finish_background"]
