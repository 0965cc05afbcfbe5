"""The MCP endpoint: a plain ASGI application that answers POSTs at `/mcp/TOKEN`, outside Django's handler.

Host and Origin are checked here, since no middleware runs. What is refused before the protocol is reached still
answers with a JSON-RPC error, so that clients have something to show.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.http.request import validate_host

from mcpservers import protocol
from mcpservers.errors import JsonRpcError, ServerUnknown, TokenRequired
from mcpservers.jsonrpc import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    Message,
    error_bytes,
    read_body,
    read_message,
    result_bytes,
)
from mcpservers.protocol import Exchange, RequestHeaders
from mcpservers.resolution import authorise, resolve

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

logger = structlog.get_logger(__name__)

PREFIX = "/mcp/"
JSON = "application/json"
EVENTS = "text/event-stream"

# Web pages of the origins that a setting names may call (Fetch standard, CORS); check_origin refused all others.
PREFLIGHT = (
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-allow-headers", b"*, Authorization"),
    (b"access-control-max-age", b"600"),
)
EXPOSED = b"ratelimit-limit, ratelimit-remaining, ratelimit-reset, www-authenticate"

NOT_FOUND = "No MCP server answers at this address. Check the URL, or ask for a new one in Patchbay."
TOKEN_REQUIRED = "This MCP server also asks for an API token of its environment: send it as `Authorization: Bearer …`."


class Disconnected(Exception):
    """The client closed the connection before its request was whole, or before a stateless answer was ready."""


@dataclass(slots=True)
class Reply:
    """An answer: status, body, and headers besides the usual ones."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Refusal(Exception):
    """A request is refused before the protocol is reached."""

    def __init__(self, status: int, message: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(message)
        error = error_bytes(JsonRpcError(INVALID_REQUEST, message), None, null_id=False)
        self.reply = Reply(status, error, headers)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one HTTP request below `/mcp/`."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    try:
        reply = await _reply(scope, headers, receive)
    except Refusal as refusal:
        reply = refusal.reply
    except Disconnected:
        return
    except Exception:
        logger.exception("mcp request failed")
        error = JsonRpcError(INTERNAL_ERROR, "Internal error: the request could not be handled. Try again later.")
        reply = Reply(500, error_bytes(error, None, null_id=False))
    await _send(reply, headers, send)


async def _reply(scope: Scope, headers: dict[bytes, str], receive: Receive) -> Reply:
    check_host(headers)
    check_origin(headers)
    if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers and b"origin" in headers:
        return Reply(204, headers=PREFLIGHT)
    if scope["method"] != "POST":
        raise Refusal(405, "This address takes POST requests of MCP clients.", (b"allow", b"POST"))
    server = await _server(scope["path"])
    try:
        grant = await authorise(server, headers.get(b"authorization", ""))
    except TokenRequired:
        raise Refusal(401, TOKEN_REQUIRED, (b"www-authenticate", b'Bearer realm="Patchbay"')) from None
    check_media_types(headers)
    body = await read_request_body(headers, receive)
    exchange = Exchange(
        server=server,
        headers=RequestHeaders(
            protocol_version=headers.get(b"mcp-protocol-version"),
            method=headers.get(b"mcp-method"),
            name=headers.get(b"mcp-name"),
            user_agent=headers.get(b"user-agent", ""),
        ),
        budget=settings.RESULT_BUDGET,
        token_id=grant.token_id if grant else None,
    )
    try:
        value = read_body(body)
        if isinstance(value, list):
            return await _answer_batch(value, exchange)
        return await _answer_one(value, exchange, receive)
    except JsonRpcError as error:
        return Reply(error.status, error_bytes(error, None, null_id=_null_id(exchange.headers)))


async def _server(path: str) -> Any:
    token = path.removeprefix(PREFIX).removesuffix("/")
    try:
        return await resolve(token)
    except ServerUnknown:
        raise Refusal(404, NOT_FOUND) from None


def _null_id(headers: RequestHeaders) -> bool:
    # JSON-RPC 2.0, Response object: null where the id could not be read. MCP leaves the key out since 2025-11-25.
    return (headers.protocol_version or "") < protocol.ARGUMENT_ERRORS_IN_RESULT


async def _answer_one(value: Any, exchange: Exchange, receive: Receive) -> Reply:
    message = read_message(value)
    stateless = protocol.is_stateless(message, exchange.headers)
    if message.id is None:
        if not stateless:
            protocol.handshake_version(exchange.headers)
        return Reply(202)
    try:
        if stateless and message.method == "tools/call":
            result = await until_disconnect(protocol.answer(message, exchange), receive)
        else:
            result = await protocol.answer(message, exchange)
    except JsonRpcError as error:
        return Reply(error.status, error_bytes(error, message.id, null_id=False))
    limits = tuple((name.encode(), value.encode()) for name, value in exchange.limits.headers().items())
    return Reply(200, result_bytes(message.id, result), limits)


async def until_disconnect(answering: Awaitable[bytes], receive: Receive) -> bytes:
    """Return the answer, or stop working on it when the client goes away.

    MCP 2026-07-28, Streamable HTTP, Cancellation. In the handshake era a disconnect is no cancel.
    """
    work = asyncio.ensure_future(answering)
    gone = asyncio.ensure_future(_disconnect(receive))
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        raise Disconnected
    finally:
        work.cancel()
        gone.cancel()


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer_batch(values: list[Any], exchange: Exchange) -> Reply:
    # MCP 2025-03-26, Base protocol: batches must be accepted; 2025-06-18 took them out again
    version = protocol.handshake_version(exchange.headers) if exchange.headers.protocol_version else protocol.BATCHING
    if version != protocol.BATCHING:
        raise JsonRpcError(INVALID_REQUEST, f"Invalid request: {version} has no batches; send one message.", status=400)
    if not values:
        raise JsonRpcError(INVALID_REQUEST, "Invalid request: the batch is empty.", status=400)
    answers = [await _answer_in_batch(value, exchange) for value in values]
    written = [answer for answer in answers if answer]
    return Reply(200, b"[" + b",".join(written) + b"]") if written else Reply(202)


async def _answer_in_batch(value: Any, exchange: Exchange) -> bytes:
    message: Message | None = None
    try:
        message = read_message(value)
        if message.id is None:
            return b""
        if message.method == "initialize":
            raise JsonRpcError(INVALID_REQUEST, "Invalid request: initialize must not be part of a batch.")
        return result_bytes(message.id, await protocol.answer(message, exchange))
    except JsonRpcError as error:
        return error_bytes(error, message.id if message else None, null_id=True)


def check_host(headers: dict[bytes, str]) -> None:
    """Refuse a Host that is not ours (DNS rebinding)."""
    if not _is_ours(headers.get(b"host", "").lower(), tuple(settings.ALLOWED_HOSTS)):
        raise Refusal(400, "This host name is not served here. Set PUBLIC_URL or ALLOWED_HOSTS to serve it.")


@lru_cache(maxsize=64)
def _is_ours(host: str, allowed: tuple[str, ...]) -> bool:
    name, _, port = host.rpartition(":")
    return validate_host(name if port.isdigit() else host, allowed)


def check_origin(headers: dict[bytes, str]) -> None:
    """Refuse a web page of another origin; programs send no Origin."""
    origin = headers.get(b"origin")
    if origin is None or origin in settings.MCP_ALLOWED_ORIGINS:
        return
    if urlsplit(origin).netloc.lower() != headers.get(b"host", "").lower():
        raise Refusal(403, "This origin may not call MCP servers here. MCP_ALLOWED_ORIGINS names those that may.")


def check_media_types(headers: dict[bytes, str]) -> None:
    """Refuse a body that is not JSON, and a client that accepts neither JSON nor events."""
    sent = headers.get(b"content-type", JSON).partition(";")[0].strip().lower()
    if sent != JSON:
        raise Refusal(415, "Send the message as application/json.")
    accepted = headers.get(b"accept", "*/*").lower()
    if not any(kind in accepted for kind in (JSON, EVENTS, "*/*", "application/*")):
        raise Refusal(406, "Accept application/json or text/event-stream.")


async def read_request_body(headers: dict[bytes, str], receive: Receive) -> bytes:
    """Return the whole body; refuse one over the limit as soon as that is known."""
    limit: int = settings.MAX_BODY_BYTES
    declared = headers.get(b"content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise Refusal(413, f"The body is larger than {limit} bytes.", (b"connection", b"close"))
    chunks: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Disconnected
        chunk: bytes = event.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise Refusal(413, f"The body is larger than {limit} bytes.", (b"connection", b"close"))
        chunks.append(chunk)
        if not event.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _send(reply: Reply, headers: dict[bytes, str], send: Send) -> None:
    body, media_type = reply.body, JSON
    accepted = headers.get(b"accept", "*/*").lower()
    if body and reply.status == 200 and EVENTS in accepted and JSON not in accepted and "*/*" not in accepted:
        body, media_type = b"event: message\ndata: " + body + b"\n\n", EVENTS
    sent = [(b"cache-control", b"no-store"), (b"content-length", str(len(body)).encode()), *reply.headers]
    if body:
        sent.append((b"content-type", media_type.encode()))
    origin = headers.get(b"origin")
    if origin in settings.MCP_ALLOWED_ORIGINS:
        sent += [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-expose-headers", EXPOSED),
            (b"vary", b"Origin"),
        ]
    await send({"type": "http.response.start", "status": reply.status, "headers": sent})
    await send({"type": "http.response.body", "body": body})
