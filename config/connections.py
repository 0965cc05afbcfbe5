"""A client's connection: uvicorn's protocol, which by itself waits for ever for a request that never comes.

Each connection has one timer, which looks at it now and then; a request costs no more than notes of the time.

What a client holds up, and for how long:
- silence, and a head under way: HEAD_SECONDS, and MAX_HEAD_BYTES;
- a body under way, as long as it is read here: LEAST_BYTES in each span of BODY_SECONDS;
- an answer that is not taken: LEAST_BYTES in each span of WRITE_SECONDS;
- the time between two requests: uvicorn's timeout_keep_alive, whatever bytes come that begin none.
A call that takes long, or a stream on which nothing happens, is no fault of the client.
"""

import asyncio
import fcntl
import resource
import sys
import termios
from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from prometheus_client import Counter
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from config.heads import TARGET
from mcpservers.replies import ABORT

# What a reader or a writer must move in a span of time: half a kilobyte each second, where it is 30 s.
LEAST_BYTES = 16 * 1024
# Answered also when there are too many connections: or the process would be ended for being busy.
PROBES = (b"/livez", b"/readyz")
# So many connections beyond the limit are told that there are too many, the rest are closed at once.
TOLD = 64

ENDED = Counter("patchbay_connections_ended", "Connections ended for what the client held up.", ["reason"])


def most_connections() -> int:
    """Return how many connections are served at once, which leaves a quarter of the process's files for the rest."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(settings.MAX_CONNECTIONS, files * 3 // 4)


class ClientConnection(HttpToolsProtocol):
    """One connection, whose client is bounded in time and bytes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._most = most_connections()
        self._timer: asyncio.TimerHandle | None = None
        self._in_head = self._in_body = self._had_request = False
        self._since = self._writing_since = 0.0
        self._received = self._received_before = self._unsent = 0
        # Bytes that are no body since the last piece of one: a head, the lengths of chunks, a trailer.
        self._beside = 0
        self._steps = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take a connection, and begin to watch it."""
        super().connection_made(transport)
        self._since = self.loop.time()
        if len(self.connections) > self._most + TOLD:
            ENDED.labels("too many").inc()
            transport.abort()
        else:
            self._look_in(settings.HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; refuse a head or a trailer that has no end."""
        steps = self._steps
        super().data_received(data)
        self._received += len(data)
        self._beside = 0 if self._steps != steps else self._beside + len(data)
        if self._beside > settings.MAX_HEAD_BYTES and not self.transport.is_closing():
            self._end("large head", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Note that a head began."""
        super().on_message_begin()
        self._in_head = self._had_request = True
        self._since = self.loop.time()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; the fields of a trailer are none (RFC 9110, 6.5.1)."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Note that a head is whole, and hand the request on, or the answer that there are too many."""
        self._in_head, self._in_body = False, True
        self._steps += 1
        self._since, self._received_before = self.loop.time(), self._received
        scope = cast("dict[str, Any]", self.scope)
        scope[TARGET], scope[ABORT] = self.url, self._abort
        self.limit_concurrency = None if self.url.rstrip(b"/") in PROBES else self._most
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Note that a body goes on."""
        self._steps += 1
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that a request is whole."""
        self._steps += 1
        self._in_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Note when the client was answered."""
        self._since = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Note that the client does not take what it is sent."""
        super().pause_writing()
        self._writing_since, self._unsent = self.loop.time(), self._not_taken()

    def resume_writing(self) -> None:
        """Note that the client takes it again."""
        self._writing_since = 0.0
        super().resume_writing()

    def _unsupported_upgrade_warning(self) -> None:
        # RFC 9110, 7.8: an upgrade may be ignored. What follows such a head cannot be told from it, so it is the last.
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def _look_in(self, seconds: float) -> None:
        self._timer = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        now = self.loop.time()
        span, reason, status = self._patience(now)
        if span > 0:
            # A wait that begins meanwhile ends no later than it must.
            self._look_in(min(span, settings.HEAD_SECONDS, settings.BODY_SECONDS, settings.WRITE_SECONDS))
        else:
            self._end(reason, status)

    def _patience(self, now: float) -> tuple[float, str, HTTPStatus | None]:
        """Return how long the client may go on as it does; why it may not, and what it is told then."""
        if self.flow.write_paused or self.transport.is_closing():
            return self._patience_of_writing(now), "answer not taken", None
        answering = self.cycle is not None and not self.cycle.response_complete
        if self._in_body:
            return self._patience_of_body(now), "slow body", HTTPStatus.REQUEST_TIMEOUT
        if answering:
            return settings.WRITE_SECONDS, "", None
        if self._in_head:
            return self._since + settings.HEAD_SECONDS - now, "slow head", HTTPStatus.REQUEST_TIMEOUT
        span = self.timeout_keep_alive if self._had_request else settings.HEAD_SECONDS
        return self._since + span - now, "silent", None

    def _patience_of_body(self, now: float) -> float:
        left = self._since + settings.BODY_SECONDS - now
        if left > 0:
            return left
        unread = self.flow.read_paused or (not self.cycle.response_complete and self.cycle.waiting_for_100_continue)
        if unread or self._received - self._received_before >= LEAST_BYTES:
            self._since, self._received_before = now, self._received
            return float(settings.BODY_SECONDS)
        return 0

    def _patience_of_writing(self, now: float) -> float:
        unsent = self._not_taken()
        if not self._writing_since:
            self._writing_since, self._unsent = now, unsent
        left = self._writing_since + settings.WRITE_SECONDS - now
        if left > 0:
            return left
        if self._unsent - unsent >= LEAST_BYTES:
            self._writing_since, self._unsent = now, unsent
            return float(settings.WRITE_SECONDS)
        return 0

    def _not_taken(self) -> int:
        """Return how many bytes the client has not taken, here or in the system's buffer, which moves in leaps."""
        waiting = self.transport.get_write_buffer_size()
        try:
            queued = fcntl.ioctl(self.transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
        except OSError:  # it is closed, or the system knows no such figure of sockets
            return waiting
        return waiting + int.from_bytes(queued, sys.byteorder)

    def _end(self, reason: str, status: HTTPStatus | None) -> None:
        """Close the connection; tell the client why, where no answer has begun."""
        ENDED.labels(reason).inc()
        answering = self.cycle is not None and not self.cycle.response_complete
        amid_answer = answering and (self.cycle.response_started or not self._in_body)
        # One that is closing already does not even take what it was told.
        if status is None or amid_answer or self.transport.is_closing():
            self.transport.abort()
            return
        line = f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        self.transport.write(line.encode())
        self.transport.close()
        self._writing_since = 0.0
        if self._timer is not None:
            self._timer.cancel()
        self._look_in(settings.WRITE_SECONDS)

    def _abort(self) -> None:
        """End the connection at once, with what it was sent and did not take."""
        if not self.transport.is_closing():
            ENDED.labels("answer not taken").inc()
        self.transport.abort()
