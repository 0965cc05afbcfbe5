"""Send one request to a vendor and read its answer, within limits of time and size.

Requests are httpx's, sent by its aiohttp transport. No cookies are kept, no redirect is followed, nothing is
retried; what goes wrong is raised as an UpstreamFailure.
"""

import asyncio
import weakref
import zlib
from dataclasses import dataclass
from types import TracebackType
from typing import cast

import aiohttp
import httpx
from django.conf import settings
from httpx_aiohttp import AiohttpTransport

from accounts.addresses import GuardedResolver, check_host
from accounts.errors import (
    UpstreamBroken,
    UpstreamFailure,
    UpstreamTimeout,
    UpstreamTooLarge,
    UpstreamUnreachable,
)

KEEPALIVE_SECONDS = 30
MAX_CONNECTIONS_A_HOST = 64


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

    def __init__(self) -> None:
        self._transport = AiohttpTransport(client=_session)

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
        check_host(request.url.host, request.url.port or (443 if request.url.scheme == "https" else 80))
        request.extensions["timeout"] = {"connect": settings.UPSTREAM_CONNECT_SECONDS}
        sent = False
        try:
            async with asyncio.timeout(settings.UPSTREAM_TOTAL_SECONDS):
                response = await self._transport.handle_async_request(request)
                sent = True
                headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers.raw}
                try:
                    body = await _read(response, encoded="content-encoding" in headers)
                finally:
                    await stream_of(response).aclose()
        except TimeoutError:
            raise UpstreamTimeout(f"no whole answer within {settings.UPSTREAM_TOTAL_SECONDS} s") from None
        except httpx.HTTPError as failure:
            raise _translated(failure, sent=sent) from None
        except (zlib.error, httpx.DecodingError):
            raise UpstreamBroken("the answer's compression cannot be read") from None
        return UpstreamResponse(response.status_code, headers, body)


def _session() -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        resolver=GuardedResolver(),
        use_dns_cache=False,
        limit=0,
        limit_per_host=MAX_CONNECTIONS_A_HOST,
        keepalive_timeout=KEEPALIVE_SECONDS,
    )
    # A jar would carry one account's cookies into another account's requests.
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)


def stream_of(response: httpx.Response) -> httpx.AsyncByteStream:
    """Return the stream of an answer that came through an asynchronous transport."""
    return cast(httpx.AsyncByteStream, response.stream)


async def _read(response: httpx.Response, *, encoded: bool) -> bytes:
    """Return the body. What is not encoded is taken from the transport as it comes, past httpx's decoders."""
    limit: int = settings.UPSTREAM_MAX_BYTES
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes() if encoded else stream_of(response):
        size += len(chunk)
        if size > limit:
            raise UpstreamTooLarge(f"the answer is larger than {limit} bytes")
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _translated(failure: httpx.HTTPError, *, sent: bool) -> UpstreamFailure:
    if isinstance(failure, httpx.TimeoutException) and not isinstance(failure, httpx.ConnectTimeout):
        return UpstreamTimeout("the vendor stopped answering")
    if not sent and isinstance(failure, httpx.ConnectError):
        return UpstreamUnreachable("no connection could be made")
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
