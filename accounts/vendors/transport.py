"""httpx's transport to vendors, over aiohttp's pool of connections.

httpx's own pool collapses under concurrency, and parsing a URL anew for each call costs more than sending it. So
this transport takes the request target from httpx's `target` extension (path and query, quoted already), and puts it
behind the request's base address as it is. The extension `owner` names the account: a connection that carried one
account's request carries no other account's, for a vendor that answers once too often would answer the wrong one.
"""

import select
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

import aiohttp
import httpx
from django.conf import settings
from yarl import URL

from accounts.errors import (
    UpstreamBroken,
    UpstreamFailure,
    UpstreamTimeout,
    UpstreamUnreachable,
    UpstreamUnsendable,
)
from accounts.vendors.addresses import GuardedResolver, Lookup, check_host, system_lookup

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ConnectionKey
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

KEEPALIVE_SECONDS = 30
CHUNK_BYTES = 64 * 1024

UNREACHABLE = "no connection could be made"
UNSENDABLE = "the request or its address cannot be written down"
BROKEN = "the connection ended before the answer did"


@dataclass(frozen=True, slots=True)
class Owner:
    """In whose name a request is sent."""

    environment_id: UUID
    account_id: UUID


@dataclass(slots=True)
class _Use:
    """What one request does with connections. `fresh`: it takes no kept one. Without an owner it leaves none either."""

    fresh: bool
    owner: Owner | None
    connected: bool = False
    kept: bool = False


_use: ContextVar[_Use] = ContextVar("use")


class OwnedRequest(aiohttp.ClientRequest):
    """A request whose connection is kept for its owner alone."""

    @property
    def connection_key(self) -> "ConnectionKey":
        """Tell the connections of each account apart."""
        key, owner = super().connection_key, _use.get().owner
        # The field in which aiohttp's pool tells apart who uses a proxy; there is none here.
        return key if owner is None else key._replace(proxy_headers_hash=owner.account_id.int)


class VendorConnector(aiohttp.TCPConnector):
    """aiohttp's pool, which tells a request whether its connection is a kept one, and keeps none that is spoilt.

    There is no limit to the connections of a host: many accounts share one, and the slowest would take all. How many
    an account can have is bounded by its turns.
    """

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: "list[Trace]",
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  the name is aiohttp's
    ) -> "Connection":
        """Return a connection, and note that there is one."""
        connection = await super().connect(req, traces, timeout)
        use = _use.get()
        use.connected = True
        if use.owner is None and connection.protocol is not None:
            connection.protocol.force_close()
        return connection

    async def _get(self, key: "ConnectionKey", traces: "list[Trace]") -> "Connection | None":
        use = _use.get()
        if use.fresh:
            return None
        while (kept := await super()._get(key, traces)) is not None:
            # An answer that came unasked would be taken for the next request's.
            if kept.protocol is not None and not kept.protocol.should_close and not _has_unread(kept):
                use.kept = True
                return kept
            kept.close()
        return None


def _has_unread(kept: "Connection") -> bool:
    """Tell whether something came on an idle connection (an answer nobody asked for, or its end) that is not read."""
    transport = kept.transport
    if transport is None:
        return True
    poller = select.poll()
    poller.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(poller.poll(0))


def _asker() -> UUID | None:
    """Return the environment whose request needs a name resolved."""
    owner = _use.get().owner
    return None if owner is None else owner.environment_id


class PooledTransport(httpx.AsyncBaseTransport):
    """Send requests over kept connections to addresses that may be called.

    No cookies, no redirects, no retries, no proxy from the environment. `connect_seconds` bounds the way to a
    connection (resolving the name and TLS included), `read_seconds` each pause of the vendor, `total_seconds` the
    request with the reading of its answer; the extension `seconds` makes the last one shorter. The extension `fresh`
    asks for a new connection; a request without `owner` always has one of its own. What goes wrong is raised as an
    UpstreamFailure, while the body is read too: httpx's own errors would only be translated once more.
    """

    def __init__(
        self,
        *,
        connect_seconds: float,
        read_seconds: float,
        total_seconds: float,
        lookup: Lookup = system_lookup,
    ) -> None:
        self._connect_seconds, self._read_seconds = connect_seconds, read_seconds
        self._timeout = self._within(total_seconds)
        connector = VendorConnector(
            resolver=GuardedResolver(lookup, asker=_asker),
            use_dns_cache=False,
            limit=0,
            keepalive_timeout=KEEPALIVE_SECONDS,
        )
        # A jar would carry one account's cookies into another account's requests.
        self._session = aiohttp.ClientSession(
            connector=connector,
            request_class=OwnedRequest,
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
        seconds: float | None = request.extensions.get("seconds")
        owner: Owner | None = request.extensions.get("owner")
        use = _Use(fresh=owner is None or request.extensions.get("fresh", False), owner=owner)
        _use.set(use)
        try:
            check_base(base, settings.UPSTREAM_PRIVATE_HOSTS)
            response = await self._session._request(
                request.method,
                URL(base + target, encoded=True),
                headers=request.headers.multi_items(),
                data=b"".join(request.stream) or None,  # type: ignore[arg-type]  # a ByteStream is both kinds of stream
                allow_redirects=False,
                timeout=self._timeout if seconds is None else self._within(seconds),
            )
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            # Not chained: aiohttp's messages may hold the address, and with it a key in the query.
            raise _failure_of(failure, connected=use.connected, kept=use.kept) from None
        return httpx.Response(response.status, headers=response.raw_headers, stream=_Body(response))

    def _within(self, seconds: float) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(total=seconds, connect=self._connect_seconds, sock_read=self._read_seconds)

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
        except (aiohttp.ClientError, OSError) as failure:
            raise _failure_of(failure, connected=True, kept=False) from None

    async def aclose(self) -> None:
        self._response.release()


def _failure_of(failure: Exception, *, connected: bool, kept: bool) -> UpstreamFailure:
    """Return the failure of a request; `connected` and `kept` tell whether it had a connection, and a kept one."""
    match failure:
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return UpstreamUnsendable(UNSENDABLE)
        case aiohttp.SocketTimeoutError():
            return UpstreamTimeout(f"nothing came for {settings.UPSTREAM_READ_SECONDS} s")
        case TimeoutError() if connected:
            return UpstreamTimeout(f"no whole answer within {settings.UPSTREAM_TOTAL_SECONDS} s")
        case TimeoutError():
            return UpstreamUnreachable(UNREACHABLE)
        case aiohttp.ClientConnectorDNSError():
            return UpstreamUnreachable(f"{UNREACHABLE}, since its host name leads nowhere", is_passing=True)
        case aiohttp.ClientSSLError():
            return UpstreamUnreachable(f"{UNREACHABLE}, since its TLS certificate cannot be trusted")
        case aiohttp.ClientConnectorError():
            return UpstreamUnreachable(UNREACHABLE, is_passing=True)
        # The message of a disconnection is the part of the answer that had come.
        case (
            aiohttp.ServerDisconnectedError(message=str())
            | aiohttp.ClientOSError()
            | aiohttp.ClientConnectionResetError()
        ):
            return UpstreamBroken(BROKEN, was_stale=kept)
        case aiohttp.ClientError() | OSError():
            return UpstreamBroken(BROKEN)
        case _:
            return UpstreamUnsendable(UNSENDABLE)
