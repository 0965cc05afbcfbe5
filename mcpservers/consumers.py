"""The consumers that hold streams of events: a server stream, a subscription, the old HTTP+SSE transport.

Each starts its stream in `http_request` and returns, so that Channels goes on to hear the disconnect; what is sent
later is sent by the hub's task or by a message of the channel layer. Consumers run behind no middleware:
`mcpservers.endpoint` has admitted the request and put what it found into the scope.
"""

import asyncio
import time
from contextlib import suppress
from typing import Any

import orjson
from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings

from accounts.api_tokens.recognition import TokenGrant
from mcpservers import legacy
from mcpservers.admission import Admitted
from mcpservers.eras import STATELESS_ERA
from mcpservers.jsonrpc import Id, result_bytes
from mcpservers.metrics import DROPPED
from mcpservers.replies import ABORT, COMMENT, Receive, Scope, Send, end_stream, event, open_stream, send_events
from mcpservers.resolution import ResolvedServer
from mcpservers.streams import hub

SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId"
LIST_CHANGED = "notifications/tools/list_changed"
ACKNOWLEDGED = "notifications/subscriptions/acknowledged"

# So much is handed to the connection at once; the rest waits here, where it is counted.
PIECE_BYTES = 64 * 1024


class EventStream(AsyncConsumer):  # type: ignore[misc]  # channels has no annotations
    """A stream of events over one response. `scope["mcp"]` holds the admitted request."""

    kind = "server"

    # Streams hear of changes through the hub, one for all; a name that no layer has keeps each of them from
    # subscribing to the channel layer too.
    channel_layer_alias = "none"

    def __init__(self) -> None:
        self.quiet_since = time.monotonic()
        self._writing: asyncio.Task[None] | None = None
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._ended = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Dispatch what the connection brings; without a layer there is one source, and no task to listen to it."""
        if self.channel_layer_alias == "default":
            await super().__call__(scope, receive, send)
            return
        self.scope, self.base_send = scope, send
        with suppress(StopConsumer):
            while True:
                await self.dispatch(await receive())

    async def http_request(self, message: dict[str, Any]) -> None:
        """Open the stream."""
        self.admitted: Admitted = self.scope["mcp"]
        self.server: ResolvedServer = self.admitted.server
        self.grant: TokenGrant | None = self.admitted.grant
        await open_stream(self.admitted.headers, self.send)
        await send_events(await self.opening(), self.send)
        hub.add(self)
        if hub.closing:
            self.end()

    async def opening(self) -> bytes:
        """Return what the stream begins with."""
        return b": open\n\n"

    async def http_disconnect(self, message: dict[str, Any]) -> None:
        """Let the stream go."""
        self._ended = True
        hub.discard(self)
        if self._writing is not None:
            self._writing.cancel()
        await self.closed()
        raise StopConsumer

    async def closed(self) -> None:
        """Clean up after the stream."""

    def tools_changed(self) -> None:
        """Tell the client that the list of tools is another one."""
        self.write(event(orjson.dumps({"jsonrpc": "2.0", "method": LIST_CHANGED})))

    def comment(self) -> None:
        """Send what keeps the connection open."""
        self.write(COMMENT)

    def end(self) -> None:
        """Close the stream."""
        if not self._ended:
            self._ended = True
            hub.discard(self)
            self._push(self.farewell())

    def farewell(self) -> bytes:
        """Return what the stream ends with."""
        return b""

    def write(self, data: bytes) -> None:
        """Send without waiting for the client."""
        if not self._ended:
            self._push(data)

    def _push(self, data: bytes) -> None:
        self.quiet_since = time.monotonic()
        # One answer may be larger than the limit; a reader who takes none is found out at the next.
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
        """End the stream and its connection: the client does not take what it is sent."""
        self._ended = True
        self._waiting.clear()
        hub.discard(self)
        if ABORT in self.scope:
            DROPPED[self.kind].inc()
            self.scope[ABORT]()


class ServerStream(EventStream):
    """The stream that a GET opens in the handshake era."""


class Subscription(EventStream):
    """The answer to `subscriptions/listen` (MCP 2026-07-28, Subscriptions): `scope["mcp.subscription"]` is its id.

    Only changes of tools are offered; `scope["mcp.tools"]` tells whether the client asked for them.
    """

    kind = "subscription"

    async def opening(self) -> bytes:
        """Acknowledge what will be delivered, before anything else."""
        self._id: Id = self.scope["mcp.subscription"]
        self._wants_tools: bool = self.scope["mcp.tools"]
        return self._notification(
            ACKNOWLEDGED, {"notifications": {"toolsListChanged": True} if self._wants_tools else {}}
        )

    def _notification(self, method: str, params: dict[str, Any]) -> bytes:
        marked = {"_meta": {SUBSCRIPTION_ID: self._id}, **params}
        return event(orjson.dumps({"jsonrpc": "2.0", "method": method, "params": marked}))

    def tools_changed(self) -> None:
        """Tell the client, where it asked to be told."""
        if self._wants_tools:
            self.write(self._notification(LIST_CHANGED, {}))

    def farewell(self) -> bytes:
        """Answer the request at last, so that the client knows that this is no broken connection."""
        ended = STATELESS_ERA.subscription_ended(self.server, {SUBSCRIPTION_ID: self._id})
        return event(result_bytes(self._id, ended))


class LegacyStream(EventStream):
    """HTTP+SSE (MCP 2024-11-05, Transports): the answers to messages that are posted elsewhere arrive here.

    Whichever process handles the POST sends the answer to this consumer's channel.
    """

    kind = "legacy"
    channel_layer_alias = "default"

    async def opening(self) -> bytes:
        """Tell the client where to post its messages."""
        self._session = await legacy.open_session(self.channel_name, self.server.server_id)
        return event(legacy.messages_path(self.scope, self._session).encode(), b"endpoint")

    async def stream_message(self, message: dict[str, Any]) -> None:
        """Pass an answer on."""
        self.write(event(message["data"]))

    def comment(self) -> None:
        """Keep the connection open, and the session known."""
        super().comment()
        asyncio.ensure_future(legacy.keep_session(self._session))  # noqa: RUF006  nothing depends on its end

    async def closed(self) -> None:
        """Forget the session, so that a POST to it is refused."""
        await legacy.close_session(self._session)
