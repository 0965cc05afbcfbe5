"""Send one request to a vendor and read its answer, within limits of time and size.

Nothing is retried, no redirect is followed; what goes wrong is raised as an UpstreamFailure.
"""

import asyncio
import weakref
import zlib
from collections.abc import AsyncIterable
from dataclasses import dataclass
from types import TracebackType
from typing import cast

import httpx
from django.conf import settings

from accounts.decompression import EncodingUnknown, decompressed
from accounts.errors import UpstreamBroken, UpstreamFailure, UpstreamTimeout, UpstreamTooLarge, UpstreamUnreachable
from accounts.transport import PooledTransport


@dataclass(frozen=True, slots=True)
class UpstreamResponse:
    """A vendor's whole answer: header names are in lower case, the body is decompressed."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type in lower case, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Upstream:
    """A pool of connections to vendors; belongs to the event loop that it was made in."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport or PooledTransport(
            connect_seconds=settings.UPSTREAM_CONNECT_SECONDS, total_seconds=settings.UPSTREAM_TOTAL_SECONDS
        )
        self._max_bytes: int = settings.UPSTREAM_MAX_BYTES

    async def __aenter__(self) -> "Upstream":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def send(self, request: httpx.Request) -> UpstreamResponse:
        """Send a request and return the whole answer; raise an UpstreamFailure."""
        try:
            response = await self._transport.handle_async_request(request)
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers.raw}
            stream = cast(httpx.AsyncByteStream, response.stream)
            try:
                body = await self._read(decompressed(stream, headers.get("content-encoding", "")))
            finally:
                await stream.aclose()
        except httpx.HTTPError as failure:
            raise _translated(failure) from None
        except (zlib.error, EncodingUnknown):
            raise UpstreamBroken("the answer's compression cannot be read") from None
        return UpstreamResponse(response.status_code, headers, body)

    async def _read(self, stream: AsyncIterable[bytes]) -> bytes:
        chunks: list[bytes] = []
        size = 0
        async for chunk in stream:
            size += len(chunk)
            if size > self._max_bytes:
                raise UpstreamTooLarge(f"the answer is larger than {self._max_bytes} bytes")
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _translated(failure: httpx.HTTPError) -> UpstreamFailure:
    match failure:
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.UnsupportedProtocol():
            return UpstreamUnreachable("no connection could be made")
        case httpx.TimeoutException():
            return UpstreamTimeout(f"no whole answer within {settings.UPSTREAM_TOTAL_SECONDS} s")
        case _:
            return UpstreamBroken("the connection ended before the answer did")


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
