"""Answer a long call as a stream: progress if the client asked for it, else comments, then the result.

Proxies and clients close idle connections, and a call may take as long as the vendor does.
"""

import asyncio
import time
from types import TracebackType

import orjson
from django.conf import settings

from mcpservers.jsonrpc import MAX_ID, Request, meta_of
from mcpservers.replies import COMMENT_SECONDS, EVENTS, Headers, Send, end_stream, event, open_stream, send_events

PROGRESS_SECONDS = 2.0
WORKING = b": working\n\n"


def progress_token(request: Request) -> str | int | None:
    """Return the token under which the client wants progress notifications; None if it wants none."""
    token = (meta_of(request) or {}).get("progressToken")
    # JSON true and false are ints to Python.
    if isinstance(token, bool) or not isinstance(token, str | int):
        return None
    # Each notification repeats it.
    return None if isinstance(token, str) and len(token) > MAX_ID else token


class LongCall:
    """Watches over a call: opens a stream once it has run for LONG_CALL_SECONDS, if the client accepts events.

    A call that ends sooner costs one timer. Leaving the context stops the watch; `finish` then sends the answer if a
    stream was opened.
    """

    def __init__(self, request: Request, headers: Headers, send: Send) -> None:
        self._request = request
        self._headers = headers
        self._send = send
        self._streaming: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._started = False

    async def __aenter__(self) -> "LongCall":
        if EVENTS in self._headers.get(b"accept", "").lower():
            self._timer = asyncio.get_running_loop().call_later(settings.LONG_CALL_SECONDS, self._begin)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._streaming is not None:
            self._streaming.cancel()
            # `finish` must not send while a progress event is being sent.
            await asyncio.wait({self._streaming})

    @property
    def is_streaming(self) -> bool:
        """Whether the answer must go out as the end of a stream."""
        return self._started

    async def finish(self, body: bytes) -> None:
        """Send the answer as the last event of the stream, which just ends if there is none."""
        await end_stream(event(body) if body else b"", self._send)

    def _begin(self) -> None:
        self._streaming = asyncio.ensure_future(self._stream())

    async def _stream(self) -> None:
        # The call began this long before its stream.
        started = time.monotonic() - settings.LONG_CALL_SECONDS
        self._started = True
        token = progress_token(self._request)
        await open_stream(self._headers, self._send)
        while True:
            beat = WORKING if token is None else _progress(token, time.monotonic() - started)
            await send_events(beat, self._send)
            await asyncio.sleep(COMMENT_SECONDS if token is None else PROGRESS_SECONDS)


def _progress(token: str | int, seconds: float) -> bytes:
    """Return a progress notification; it counts seconds, since a vendor does not report its progress."""
    params = {"progressToken": token, "progress": round(seconds, 1), "message": "Waiting for the vendor"}
    return event(orjson.dumps({"jsonrpc": "2.0", "method": "notifications/progress", "params": params}))
