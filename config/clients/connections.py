"""uvicorn's protocol with limits on slow clients, for which it would otherwise wait for ever.

Each connection has one timer, which checks it now and then; a request only records times.

The limits:
- before the first request, and within a head: HEAD_SECONDS, and MAX_HEAD_BYTES;
- within a body, while it is being read: at least LEAST_BYTES in each BODY_SECONDS;
- while the client does not read an answer: at least LEAST_BYTES in each WRITE_SECONDS;
- between requests: uvicorn's timeout_keep_alive, whatever bytes arrive that start none.
A long call or an idle stream is not the client's fault, and has no limit here.
"""

import asyncio
import fcntl
import sys
import termios
from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from prometheus_client import Counter
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from config.clients.joined_writes import JoinedWrites
from config.middleware.heads import TARGET
from config.processes.open_files import most_connections
from mcpservers.replies import ABORT

# The bytes that must move in each span; with 30 s, about half a kilobyte a second.
LEAST_BYTES = 16 * 1024
# Answered even beyond the connection limit, or a busy process would be restarted as dead.
PROBES = (b"/livez", b"/readyz")
# So many connections beyond the limit are answered that there are too many; the rest are closed.
ANSWERED_BEYOND = 64

ENDED = Counter("patchbay_connections_ended", "Connections closed because of the client, by reason.", ["reason"])
ENDED.labels("too many")  # made in advance: an alert sees no increase in a series that is new


class ClientConnection(HttpToolsProtocol):
    """A connection with limits on the client's time and bytes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._most = most_connections()
        self._timer: asyncio.TimerHandle | None = None
        self._in_head = self._in_body = self._had_request = False
        self._since = self._writing_since = 0.0
        self._received = self._received_before = self._unsent = 0
        # Bytes outside the body since its last piece: a head, chunk sizes, a trailer.
        self._beside = 0
        self._steps = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Accept a connection and start its timer, or abort it far beyond the limit."""
        super().connection_made(cast("asyncio.Transport", JoinedWrites(transport, self.loop)))
        self._since = self.loop.time()
        if len(self.connections) > self._most + ANSWERED_BEYOND:
            ENDED.labels("too many").inc()
            transport.abort()
        else:
            self._look_in(settings.HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the data; refuse a head or trailer beyond MAX_HEAD_BYTES."""
        steps = self._steps
        super().data_received(data)
        self._received += len(data)
        self._beside = 0 if self._steps != steps else self._beside + len(data)
        if self._beside > settings.MAX_HEAD_BYTES and not self.transport.is_closing():
            self._end("large head", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Record the start of a head."""
        super().on_message_begin()
        self._in_head = self._had_request = True
        self._since = self.loop.time()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header field, but not a trailer field, which must not be merged (RFC 9110, section 6.5.1)."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Pass the request on, or let uvicorn answer 503 beyond the limit; probes are always passed on."""
        self._in_head, self._in_body = False, True
        self._steps += 1
        self._since, self._received_before = self.loop.time(), self._received
        scope = cast("dict[str, Any]", self.scope)
        scope[TARGET], scope[ABORT] = self.url, self._abort
        # uvicorn counts this connection too, and refuses when the limit is reached.
        self.limit_concurrency = None if self.url.rstrip(b"/") in PROBES else self._most + 1
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._steps += 1
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._steps += 1
        self._in_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Record the end of an answer, from which the idle time counts."""
        self._since = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Record that the client stopped reading, and how much is unsent."""
        super().pause_writing()
        self._writing_since, self._unsent = self.loop.time(), self._not_taken()

    def resume_writing(self) -> None:
        """Record that the client reads again."""
        self._writing_since = 0.0
        super().resume_writing()

    def _unsupported_upgrade_warning(self) -> None:
        # RFC 9110, section 7.8: an upgrade may be ignored. Data of the new protocol could not be told from a further
        # request, so this one is the last.
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def _look_in(self, seconds: float) -> None:
        self._timer = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        now = self.loop.time()
        span, reason, status = self._patience(now)
        if span > 0:
            # No longer than the shortest limit, in case another wait starts meanwhile.
            self._look_in(min(span, settings.HEAD_SECONDS, settings.BODY_SECONDS, settings.WRITE_SECONDS))
        else:
            self._end(reason, status)

    def _patience(self, now: float) -> tuple[float, str, HTTPStatus | None]:
        """Return how long the client may go on, and the reason and status for ending the connection after that."""
        if self.flow.write_paused or self.transport.is_closing():
            return self._patience_of_writing(now), "answer not taken", None
        answering = self.cycle is not None and not self.cycle.response_complete
        if self._in_body:
            return self._patience_of_body(now), "slow body", HTTPStatus.REQUEST_TIMEOUT
        if answering:  # the client waits for Patchbay, so only look again later
            return settings.WRITE_SECONDS, "", None
        if self._in_head:
            return self._since + settings.HEAD_SECONDS - now, "slow head", HTTPStatus.REQUEST_TIMEOUT
        span = self.timeout_keep_alive if self._had_request else settings.HEAD_SECONDS
        return self._since + span - now, "silent", None

    def _patience_of_body(self, now: float) -> float:
        left = self._since + settings.BODY_SECONDS - now
        if left > 0:
            return left
        # The client is not to blame while Patchbay does not read.
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
        """Return the bytes that the client has not read, or that are in the kernel's buffer, which drains in bursts."""
        waiting = self.transport.get_write_buffer_size()
        try:
            queued = fcntl.ioctl(self.transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
        except OSError:  # closed, or the system does not support this for sockets
            return waiting
        return waiting + int.from_bytes(queued, sys.byteorder)

    def _end(self, reason: str, status: HTTPStatus | None) -> None:
        """Close the connection, with `status` if no answer has begun."""
        ENDED.labels(reason).inc()
        answering = self.cycle is not None and not self.cycle.response_complete
        amid_answer = answering and (self.cycle.response_started or not self._in_body)
        # A client whose connection is closing already has not read the previous status either.
        if status is None or amid_answer or self.transport.is_closing():
            self.transport.abort()
            return
        line = f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        self.transport.write(line.encode())
        self.transport.close()
        self._writing_since = 0.0
        if self._timer is not None:
            self._timer.cancel()
        # Abort later, if the client does not read the status either.
        self._look_in(settings.WRITE_SECONDS)

    def _abort(self) -> None:
        """Abort the connection, and discard unsent data."""
        if not self.transport.is_closing():
            ENDED.labels("answer not taken").inc()
        self.transport.abort()
