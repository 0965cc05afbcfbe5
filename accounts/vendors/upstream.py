"""Send one request to a vendor and read its answer, within limits of time and size.

No redirect is followed. Failures are raised as an UpstreamFailure. Only an idempotent request is sent again, and only
if no connection could be made, or if a kept one ended before any of the answer to a safe one came (RFC 9110, 9.2.2).
"""

import asyncio
import random
import time
import weakref
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import TracebackType
from typing import cast

import httpx
from django.conf import settings

from accounts import tracing
from accounts.errors import UpstreamBroken, UpstreamTooLarge, UpstreamUnreachable
from accounts.tracing import SpanKind
from accounts.vendors.circuits import Circuits
from accounts.vendors.concurrency import Turns
from accounts.vendors.decompression import decompressed
from accounts.vendors.pace import Paces

# How many further attempts are made to connect, and the shortest and longest pause before each, in seconds.
RECONNECTIONS = 2
# How many files of records an account downloads and reads at once.
FILES_AT_ONCE = 2
SAFE = frozenset({"GET", "QUERY"})
PAUSE = (0.05, 0.25)


@dataclass(frozen=True, slots=True)
class UpstreamResponse:
    """A vendor's complete answer, with header names in lower case and the body decompressed."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type in lower case, without parameters; the first if there are several."""
        return self.headers.get("content-type", "").partition(";")[0].partition(",")[0].strip().lower()


class Upstream:
    """A pool of connections to vendors, with the accounts' turns and the circuits that go with it.

    Belongs to the event loop that it was made in.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._total_seconds: float = settings.UPSTREAM_TOTAL_SECONDS
        self._transport = transport
        self._max_bytes: int = settings.UPSTREAM_MAX_BYTES
        self.turns = Turns(
            concurrency=settings.UPSTREAM_ACCOUNT_CONCURRENCY,
            waiting=settings.UPSTREAM_ACCOUNT_WAITING,
            seconds=settings.UPSTREAM_WAIT_SECONDS,
        )
        # Of files, which are larger than other answers and take longer to be read.
        self.files = Turns(
            concurrency=FILES_AT_ONCE,
            waiting=settings.UPSTREAM_ACCOUNT_WAITING,
            seconds=settings.UPSTREAM_WAIT_SECONDS,
        )
        self.circuits = Circuits(
            failures=settings.UPSTREAM_CIRCUIT_FAILURES,
            window_seconds=settings.UPSTREAM_CIRCUIT_WINDOW_SECONDS,
            open_seconds=settings.UPSTREAM_CIRCUIT_OPEN_SECONDS,
        )
        self.paces = Paces(slow_seconds=settings.UPSTREAM_SLOW_SECONDS)

    async def __aenter__(self) -> "Upstream":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        if self._transport is not None:
            await self._transport.aclose()

    async def send(self, request: httpx.Request, *, idempotent: bool = False) -> UpstreamResponse:
        """Send a request and return the complete answer, or raise an UpstreamFailure.

        `idempotent` says that the request may be sent a second time.
        """
        return await (self._persist(request) if idempotent else self._exchange(request))

    async def _persist(self, request: httpx.Request) -> UpstreamResponse:
        """Send a request, again if that is safe; all attempts together take no longer than one request may."""
        ends = time.monotonic() + self._total_seconds
        reconnections = RECONNECTIONS
        while True:
            try:
                return await self._exchange(request)
            except UpstreamUnreachable as failure:
                pause = random.uniform(*PAUSE)  # noqa: S311  it spreads attempts, and is no secret
                if not failure.is_passing or not reconnections or time.monotonic() + pause >= ends:
                    raise
                reconnections -= 1
                await asyncio.sleep(pause)
            except UpstreamBroken as failure:
                if not failure.was_stale or request.method not in SAFE or time.monotonic() >= ends:
                    raise
                request.extensions["fresh"] = True  # a new connection cannot be stale
            request.extensions["seconds"] = ends - time.monotonic()

    def _exchange(self, request: httpx.Request) -> Awaitable[UpstreamResponse]:
        """Send a request once; as a span of its own, if anything is traced."""
        return self._traced(request) if tracing.is_on() else self._answer(request)

    async def _traced(self, request: httpx.Request) -> UpstreamResponse:
        attributes = {"http.request.method": request.method, **request.extensions.get("connection", {})}
        with tracing.span(request.method, SpanKind.CLIENT, attributes) as span:
            if settings.TRACEPARENT_TO_VENDORS:
                request.headers.update(tracing.carrier())
            answer = await self._answer(request)
            span.note({"http.response.status_code": answer.status})
            if answer.status >= 400:
                span.fail(str(answer.status))
            return answer

    async def _answer(self, request: httpx.Request) -> UpstreamResponse:
        transport = self._transport or await self._open()
        response = await transport.handle_async_request(request)
        headers = _headers_of(response.extensions.get("raw_headers") or response.headers.raw)
        stream = cast(httpx.AsyncByteStream, response.stream)
        most: int = request.extensions.get("most_bytes") or self._max_bytes
        try:
            _refuse_length(headers.get("content-length", ""), most)
            encoding = headers.get("content-encoding", "")
            # Compressed data is bounded too, since an endless stream may decompress to nothing.
            body = await _read(decompressed(_bounded(stream, most), encoding) if encoding else stream, most)
        finally:
            await stream.aclose()
        return UpstreamResponse(response.status_code, headers, body)

    async def _open(self) -> httpx.AsyncBaseTransport:
        """Make the pool of connections, with the first request.

        aiohttp takes 9 MB of a process, which one that calls no vendor does not spend. It is imported in a thread,
        since that would block all other requests for 0.2 s.
        """
        module = await asyncio.to_thread(import_module, "accounts.vendors.transport")
        # Another request may have made it meanwhile.
        if self._transport is None:
            self._transport = module.PooledTransport(
                connect_seconds=settings.UPSTREAM_CONNECT_SECONDS,
                read_seconds=settings.UPSTREAM_READ_SECONDS,
                total_seconds=self._total_seconds,
            )
        return self._transport


def _refuse_length(declared: str, most: int) -> None:
    # A longer number is too large in any case, and int() raises ValueError for thousands of digits.
    if declared.isascii() and declared.isdigit() and (len(declared) > 18 or int(declared) > most):
        raise _too_large(most)


def _too_large(most: int) -> UpstreamTooLarge:
    return UpstreamTooLarge(f"the answer is larger than {most} bytes")


async def _bounded(stream: AsyncIterable[bytes], most: int) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in stream:
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        yield chunk


async def _read(stream: AsyncIterable[bytes], most: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in stream:
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _headers_of(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    fields = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw]
    headers = dict(fields)
    if len(headers) < len(fields):
        # RFC 9110, 5.3: repeated fields form a list.
        headers = {name: ", ".join(value for other, value in fields if other == name) for name in headers}
    return headers


_pools: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Upstream]" = weakref.WeakKeyDictionary()


def shared_upstream() -> Upstream:
    """Return the pool of the running event loop."""
    loop = asyncio.get_running_loop()
    pool = _pools.get(loop)
    if pool is None:
        pool = _pools[loop] = Upstream()
    return pool


async def close_shared_upstream() -> None:
    """Close the pool of the running event loop, if there is one."""
    pool = _pools.pop(asyncio.get_running_loop(), None)
    if pool is not None:
        await pool.aclose()
