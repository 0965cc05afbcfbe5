"""Cancel calls that a client no longer waits for (`notifications/cancelled`), in whichever process they run.

Ids are unique only within one client, and there are no session ids, so clients are told apart by all that the requests
of one have in common. A call is cancelled only if no other request of the same key, whatever its method, is running or
was just answered: that one may be meant, and this call another client's. MCP lets a server ignore a cancellation, and a
doubtful one is ignored.

With a shared channel layer, each process that hears of a cancellation tells all the others how many requests of the key
it knows, and decides once it has heard them.
"""

import asyncio
import time
from collections import deque
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from accounts import broadcast
from mcpservers.clients.senders import sender_of
from mcpservers.jsonrpc import Id, Notification, Request, Response
from mcpservers.tool_calls import RequestContext

CANCELLED = "notifications/cancelled"
REASON = "The client cancelled the call before the answer came."
GROUP = "patchbay.cancellations"
# How long a process waits to hear which calls the others know.
HEARING_SECONDS = 0.25
# A cancellation may be meant for a call that was answered this long ago: both were on their way at once.
LATE_SECONDS = 3.0
ENDED_CALLS = 4096

# Everything that the requests of one client have in common, and the id of one of them.
Key = tuple[str | int | None, ...]


class CallCancelled(Exception):
    """The client cancelled the call, and expects no answer."""


class RequestUnderWay:
    """A context in which a request is known, and for LATE_SECONDS after it; it can be cancelled if it is `cancellable`.

    A cancelled block raises CallCancelled.
    """

    __slots__ = ("_cancellable", "_key", "_known", "_task", "is_cancelled")

    def __init__(self, calls: "RunningCalls", key: Key, *, cancellable: bool) -> None:
        self._known, self._key, self._cancellable = calls, key, cancellable
        self._task: asyncio.Task[Any] | None = None
        self.is_cancelled = False

    def __enter__(self) -> "RequestUnderWay":
        if self._cancellable:
            self._task = asyncio.current_task()
        self._known.begun(self._key, self)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, traceback: object) -> None:
        self._known.ended(self._key, self)
        if self.is_cancelled and kind is asyncio.CancelledError and self._task is not None:
            # This cancellation is handled here, and must not count for enclosing timeouts (asyncio, Task.uncancel).
            self._task.uncancel()
            raise CallCancelled from None

    def cancel(self) -> None:
        if self._task is not None and not self.is_cancelled:
            self.is_cancelled = True
            self._task.cancel(REASON)


@dataclass
class RunningCalls:
    """The requests of one process, of which the calls of tools can be cancelled."""

    _running: dict[Key, list[RequestUnderWay]] = field(default_factory=dict)
    _ended: deque[tuple[float, Key]] = field(default_factory=lambda: deque(maxlen=ENDED_CALLS))
    # How many requests of a key are known everywhere, by the number of the cancellation.
    _counts: dict[str, int] = field(default_factory=dict)

    def cancellable(self, key: Key) -> RequestUnderWay:
        """Let the block be cancelled by its key; it then raises CallCancelled."""
        return RequestUnderWay(self, key, cancellable=True)

    def counted(self, key: Key) -> RequestUnderWay:
        """Know of a request while the block runs, and for LATE_SECONDS after it."""
        return RequestUnderWay(self, key, cancellable=False)

    def begun(self, key: Key, request: RequestUnderWay) -> None:
        self._running.setdefault(key, []).append(request)

    def ended(self, key: Key, request: RequestUnderWay) -> None:
        running = self._running[key]
        running.remove(request)
        if not running:
            del self._running[key]
        if not request.is_cancelled:
            self._ended.append((time.monotonic(), key))

    async def cancel(self, key: Key) -> None:
        """Cancel the call of a key, here or in another process, unless it may be another client's."""
        if broadcast.is_shared():
            await broadcast.send(GROUP, {"type": "cancel", "number": uuid4().hex, "key": list(key)})
        elif self._known(key) == 1:
            self._cancel_here(key)

    async def hear(self, message: dict[str, Any]) -> None:
        """Handle a message of the group, from another process or this one."""
        number = message["number"]
        if message["type"] == "known":
            if number in self._counts:
                self._counts[number] += message["count"]
            return
        key = tuple(message["key"])
        if key not in self._running:
            await self._tell(number, key)
            return
        self._counts[number] = 0
        asyncio.get_running_loop().call_later(HEARING_SECONDS, self._decide, number, key)
        await self._tell(number, key)

    async def _tell(self, number: str, key: Key) -> None:
        if count := self._known(key):
            await broadcast.send(GROUP, {"type": "known", "number": number, "count": count})

    def _decide(self, number: str, key: Key) -> None:
        if self._counts.pop(number) == 1:
            self._cancel_here(key)

    def _known(self, key: Key) -> int:
        """Return how many requests of a key are running here or were answered in the last LATE_SECONDS."""
        since = time.monotonic() - LATE_SECONDS
        ended = sum(1 for moment, other in self._ended if moment >= since and other == key)
        return len(self._running.get(key, ())) + ended

    def _cancel_here(self, key: Key) -> None:
        for call in self._running.get(key, ()):
            call.cancel()


running = RunningCalls()


def cancellable(request: Request, context: RequestContext) -> AbstractContextManager[object]:
    """Return a context in which the client can cancel a request; only what asks the vendor takes long enough for it."""
    asks_vendor = request.method in {"tools/call", "resources/read", "completion/complete"}
    return running.cancellable(_key(context, request.id)) if asks_vendor else known(request, context)


def known(request: Request, context: RequestContext) -> AbstractContextManager[object]:
    """Return a context in which a request is known: a cancellation of its id may mean it, and no other client's."""
    return running.counted(_key(context, request.id))


async def accept(message: Notification | Response, context: RequestContext) -> None:
    """Do what a message without an answer asks for: only `notifications/cancelled` asks for anything."""
    if not isinstance(message, Notification) or message.method != CANCELLED:
        return
    request_id = message.params.get("requestId")
    # JSON true and false are ints to Python.
    if isinstance(request_id, str | int) and not isinstance(request_id, bool):
        await running.cancel(_key(context, request_id))


def _key(context: RequestContext, request_id: Id) -> Key:
    """Return the key of a request of this sender."""
    return (*sender_of(context), request_id)


async def listen() -> None:
    """Hear of the cancellations that other processes receive, until cancelled."""
    await broadcast.listen_to(GROUP, running.hear)
