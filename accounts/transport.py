"""httpx's transport to vendors, over aiohttp's pool of connections.

httpx's own pool collapses under concurrency, and parsing a URL anew for each call costs more than sending it. So
this transport takes the request target from httpx's `target` extension (path and query, quoted already), and puts it
behind the request's base address as it is.
"""

import asyncio
from collections.abc import AsyncIterator
from functools import lru_cache

import aiohttp
import httpx
from django.conf import settings
from yarl import URL

from accounts.addresses import GuardedResolver, check_host

KEEPALIVE_SECONDS = 30
MAX_CONNECTIONS_A_HOST = 64
CHUNK_BYTES = 64 * 1024


class PooledTransport(httpx.AsyncBaseTransport):
    """Send requests over kept connections to addresses that may be called.

    No cookies, no redirects, no retries, no proxy from the environment. `connect_seconds` and `total_seconds` bound
    each request, the reading of its answer included. Raises UpstreamForbidden, and httpx's own errors.
    """

    def __init__(self, *, connect_seconds: float, total_seconds: float) -> None:
        self._timeout = aiohttp.ClientTimeout(total=total_seconds, sock_connect=connect_seconds)
        connector = aiohttp.TCPConnector(
            resolver=GuardedResolver(),
            use_dns_cache=False,
            limit=0,
            limit_per_host=MAX_CONNECTIONS_A_HOST,
            keepalive_timeout=KEEPALIVE_SECONDS,
        )
        # A jar would carry one account's cookies into another account's requests.
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )
        # Or GET, PUT and DELETE would be sent a second time where a kept connection breaks.
        self._session._retry_connection = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the answer's body is still to be read."""
        base = str(request.url)
        target: str = request.extensions.get("target", "")
        try:
            check_base(base, settings.UPSTREAM_PRIVATE_HOSTS)
            response = await self._session._request(
                request.method,
                URL(base + target, encoded=True),
                headers=request.headers.multi_items(),
                data=b"".join(request.stream) or None,  # type: ignore[arg-type]  # a ByteStream is both kinds of stream
                allow_redirects=False,
                timeout=self._timeout,
            )
        except ValueError as failure:
            raise httpx.UnsupportedProtocol(str(failure)) from failure
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            raise _translated(failure) from failure
        return httpx.Response(response.status, headers=response.raw_headers, stream=_Body(response))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._session.close()


@lru_cache(maxsize=1024)
def check_base(base: str, excepted: frozenset[str]) -> None:
    """Raise UpstreamForbidden for a base address that may not be called; those that may are remembered."""
    # Read as aiohttp reads it, so that what is checked is what is called.
    url = URL(base, encoded=True)
    check_host(url.raw_host or "", url.port or 0, excepted)


class _Body(httpx.AsyncByteStream):
    """An answer's body as it comes, still compressed where the vendor compressed it."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.content.iter_chunked(CHUNK_BYTES):
                yield chunk
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            raise _translated(failure, reading=True) from failure

    async def aclose(self) -> None:
        self._response.release()


def _translated(failure: Exception, *, reading: bool = False) -> httpx.TransportError:
    match failure:
        case aiohttp.ConnectionTimeoutError():
            return httpx.ConnectTimeout(str(failure))
        case asyncio.TimeoutError():
            return httpx.ReadTimeout(str(failure))
        case aiohttp.ClientConnectorError():
            return httpx.ConnectError(str(failure))
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return httpx.UnsupportedProtocol(str(failure))
        case _:
            return httpx.ReadError(str(failure)) if reading else httpx.RemoteProtocolError(str(failure))
