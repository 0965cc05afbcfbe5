"""Answers over ASGI: whole replies, refusals before the protocol is reached, and event streams."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from mcpservers.errors import JsonRpcError, Refusal
from mcpservers.jsonrpc import INVALID_REQUEST, Id, error_bytes

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = dict[bytes, str]
RawHeaders = list[tuple[bytes, bytes]]

# The scope's key for a function that aborts the connection, for a client that does not read what it is sent.
ABORT = "patchbay.abort"

JSON = "application/json"
EVENTS = "text/event-stream"
# Proxies and clients close idle connections, so a stream sends a comment at least every 15 s.
COMMENT_SECONDS = 14.0
COMMENT = b": \n\n"
EXPOSED = b"ratelimit-limit, ratelimit-remaining, ratelimit-reset, www-authenticate"


class Disconnected(Exception):
    """The client closed the connection before its request was complete, or before a stateless answer was ready."""


@dataclass(slots=True)
class Reply:
    """An answer: status, body, and headers in addition to those of every reply."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()


def error_reply(error: JsonRpcError, request_id: Id | None = None, *, null_id: bool = False) -> Reply:
    """Return the reply for an error; `null_id` writes a missing id as null."""
    return Reply(error.status, error_bytes(error, request_id, null_id=null_id), error.headers)


def refusal_reply(refusal: Refusal) -> Reply:
    """Return the reply to a request that never reached the protocol: a JSON-RPC error nonetheless."""
    return error_reply(JsonRpcError(INVALID_REQUEST, str(refusal), status=refusal.status, headers=refusal.headers))


def wants_events_only(headers: Headers) -> bool:
    """Return whether a client accepts answers only as events."""
    accepted = headers.get(b"accept", "*/*").lower()
    return EVENTS in accepted and JSON not in accepted and "*/*" not in accepted


def cross_origin(headers: Headers) -> RawHeaders:
    """Return the CORS headers (Fetch standard) for a page of an origin in MCP_ALLOWED_ORIGINS; none for others."""
    origin = headers.get(b"origin")
    if origin not in settings.MCP_ALLOWED_ORIGINS:
        return []
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", EXPOSED),
        (b"vary", b"Origin"),
    ]


async def send_reply(reply: Reply, headers: Headers, send: Send) -> None:
    """Send a whole reply, as an event if the client accepts nothing else."""
    body, media_type = reply.body, JSON
    if body and reply.status == 200 and wants_events_only(headers):
        body, media_type = event(body), EVENTS
    sent = [(b"cache-control", b"no-store"), (b"content-length", str(len(body)).encode()), *reply.headers]
    if body:
        sent.append((b"content-type", media_type.encode()))
    sent += cross_origin(headers)
    await send({"type": "http.response.start", "status": reply.status, "headers": sent})
    await send({"type": "http.response.body", "body": body})


def event(data: bytes, name: bytes = b"message", number: int | None = None) -> bytes:
    """Return one server-sent event; `number` is the id that a reconnecting browser sends as `Last-Event-ID`."""
    # HTML, 9.2.6 Interpreting an event stream: each line of the data is a field of its own.
    lines = data.replace(b"\n", b"\ndata: ")
    numbered = b"" if number is None else b"\nid: %d" % number
    return b"event: " + name + numbered + b"\ndata: " + lines + b"\n\n"


async def open_stream(headers: Headers, send: Send) -> None:
    """Begin an event stream, which no proxy may cache or buffer, in answer to a request with these headers."""
    sent = [
        (b"content-type", EVENTS.encode()),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),  # nginx buffers answers otherwise
        *cross_origin(headers),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": sent})


async def send_events(events: bytes, send: Send) -> None:
    """Send events or comments on an open stream."""
    await send({"type": "http.response.body", "body": events, "more_body": True})


async def end_stream(events: bytes, send: Send) -> None:
    """Send the last events of a stream, or nothing, and end it."""
    await send({"type": "http.response.body", "body": events, "more_body": False})
