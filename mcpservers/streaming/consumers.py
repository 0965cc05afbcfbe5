"""The consumers that serve event streams: a server stream, a subscription, the old HTTP+SSE transport.

Each opens its stream in `http_request` and returns, so that the disconnect is still received; whatever follows is sent
by the hub's task or on a message from the channel layer. Consumers run behind no middleware: `mcpservers.endpoint` has
admitted the request and put what they need into the scope.
"""

import asyncio
import time
from collections.abc import Collection
from contextlib import suppress
from typing import Any

import orjson
from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings

from accounts.api_tokens.recognition import TokenGrant
from mcpservers.admission import Admitted
from mcpservers.eras import LISTENED, STATELESS_ERA
from mcpservers.errors import Refusal
from mcpservers.jsonrpc import Id, result_bytes
from mcpservers.metrics import DROPPED
from mcpservers.replies import ABORT, COMMENT, Receive, Scope, Send, end_stream, event, open_stream, send_events
from mcpservers.resolution import ResolvedServer
from mcpservers.streaming import legacy
from mcpservers.streaming.streams import hub

SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId"
LIST_CHANGED = "notifications/{kind}/list_changed"
ACKNOWLEDGED = "notifications/subscriptions/acknowledged"

# How much is handed to the connection at once; the rest waits here, where it is counted.
PIECE_BYTES = 64 * 1024


class EventStream(AsyncConsumer):  # type: ignore[misc]  # channels has no annotations
    """An event stream over one response; `scope["mcp"]` is the admitted request."""

    kind = "server"

    # Streams learn of changes through the hub; the name of no existing layer keeps each of them from subscribing to
    # the channel layer too.
    channel_layer_alias = "none"

    def __init__(self) -> None:
        self.quiet_since = time.monotonic()
        self._writing: asyncio.Task[None] | None = None
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._ended = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Dispatch the connection's events; without a channel layer this needs no task that listens for messages."""
        if self.channel_layer_alias == "default":
            await super().__call__(scope, receive, send)
            return
        self.scope, self.base_send = scope, send
        with suppress(StopConsumer):
            while True:
                await self.dispatch(await receive())

    async def http_request(self, message: dict[str, Any]) -> None:
        self.admitted: Admitted = self.scope["mcp"]
        self.server: ResolvedServer = self.admitted.server
        self.grant: TokenGrant | None = self.admitted.grant
        self.access = self.admitted.access
        first = await self.opening()
        await open_stream(self.admitted.headers, self.send)
        await send_events(first, self.send)
        hub.add(self)
        # The hub may have ended all streams before it knew this one.
        if hub.closing:
            self.end()

    async def opening(self) -> bytes:
        """Return the first bytes of the stream, sent before any event; raise Refusal if it cannot be opened."""
        return b": open\n\n"

    async def http_disconnect(self, message: dict[str, Any]) -> None:
        self._ended = True
        hub.discard(self)
        if self._writing is not None:
            self._writing.cancel()
        await self.closed()
        raise StopConsumer

    async def closed(self) -> None:
        """Clean up after the client has gone."""

    def lists_changed(self, kinds: Collection[str]) -> None:
        for kind in kinds:
            self.write(event(orjson.dumps({"jsonrpc": "2.0", "method": LIST_CHANGED.format(kind=kind)})))

    def comment(self) -> None:
        self.write(COMMENT)

    def end(self) -> None:
        if not self._ended:
            self._ended = True
            hub.discard(self)
            self._push(self.farewell())

    def farewell(self) -> bytes:
        """Return the last bytes of a stream that the server ends."""
        return b""

    def write(self, data: bytes) -> None:
        """Send without waiting for the client; do nothing once the stream has ended."""
        if not self._ended:
            self._push(data)

    def _push(self, data: bytes) -> None:
        self.quiet_since = time.monotonic()
        # Checked before this piece is added: one answer may exceed the limit, but a client that reads nothing may not.
        if self._waiting_bytes > settings.STREAM_WAITING_BYTES:
            self._drop()
            return
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.ensure_future(self._flush())

    async def _flush(self) -> None:
        try:
            while self._waiting:
                data, self._waiting = b"".join(self._waiting), []
                for start in range(0, len(data), PIECE_BYTES):
                    piece = data[start : start + PIECE_BYTES]
                    async with asyncio.timeout(settings.WRITE_SECONDS):
                        await send_events(piece, self.send)
                    self._waiting_bytes -= len(piece)
        except (TimeoutError, OSError):
            self._drop()
        if self._ended:
            await end_stream(b"", self.send)

    def _drop(self) -> None:
        """End the stream and its connection, since the client does not read what it is sent."""
        self._ended = True
        self._waiting.clear()
        hub.discard(self)
        # Only config/clients/connections.py provides it; another server closes the connection in its own time.
        if ABORT in self.scope:
            DROPPED[self.kind].inc()
            self.scope[ABORT]()


class ServerStream(EventStream):
    """The stream that a GET opens in the handshake era."""


class Subscription(EventStream):
    """The answer to `subscriptions/listen` (MCP 2026-07-28, Subscriptions): `scope["mcp.subscription"]` is its id.

    Only changes of lists are offered; `scope["mcp.lists"]` are those that the client subscribed to.
    """

    kind = "subscription"

    async def opening(self) -> bytes:
        """Acknowledge the subscription, before anything else, with the notifications that will be delivered."""
        self._id: Id = self.scope["mcp.subscription"]
        self._wanted: Collection[str] = self.scope["mcp.lists"]
        return self._notification(ACKNOWLEDGED, {"notifications": {LISTENED[kind]: True for kind in self._wanted}})

    def _notification(self, method: str, params: dict[str, Any]) -> bytes:
        marked = {"_meta": {SUBSCRIPTION_ID: self._id}, **params}
        return event(orjson.dumps({"jsonrpc": "2.0", "method": method, "params": marked}))

    def lists_changed(self, kinds: Collection[str]) -> None:
        for kind in kinds:
            if kind in self._wanted:
                self.write(self._notification(LIST_CHANGED.format(kind=kind), {}))

    def farewell(self) -> bytes:
        """Answer the request, so that the client can tell the end of the subscription from a broken connection."""
        ended = STATELESS_ERA.subscription_ended(self.server, {SUBSCRIPTION_ID: self._id})
        return event(result_bytes(self._id, ended))


class LegacyStream(EventStream):
    """HTTP+SSE (MCP 2024-11-05, Transports): this stream carries the answers to messages posted at another address.

    The process that handles the POST sends the answer to this consumer's channel.
    """

    kind = "legacy"
    channel_layer_alias = "default"

    def __init__(self) -> None:
        super().__init__()
        self._session = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the stream; raise SessionsAway if the channel layer has no place for it."""
        try:
            await super().__call__(scope, receive, send)
        except Refusal:
            raise
        except Exception as problem:
            if self._session:
                raise
            raise legacy.away(problem) from problem

    async def opening(self) -> bytes:
        """Send the client the address for its messages."""
        self._session = await legacy.open_session(self.channel_name, self.server.server_id)
        return event(legacy.messages_path(self.scope, self._session).encode(), b"endpoint")

    async def stream_message(self, message: dict[str, Any]) -> None:
        """Write an answer that came over the channel layer."""
        self.write(event(message["data"]))

    def comment(self) -> None:
        super().comment()
        asyncio.ensure_future(legacy.keep_session(self._session))  # noqa: RUF006  nothing depends on its end

    async def closed(self) -> None:
        """Close the session, so that a POST to it is refused."""
        if self._session:
            await legacy.close_session(self._session)
