"""An httpx transport to vendors, over aiohttp's connection pool.

httpx's own pool collapses under concurrency, and parsing a URL for each call costs more than sending it. So this
transport takes the request target from httpx's `target` extension (path and query, already quoted) and appends it
unchanged to the request's base address. The extension `owner` names the account: a connection that has carried one
account's request carries no other account's, since a surplus answer from the vendor would go to the wrong one.
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
from yarl import URL

from accounts.errors import (
    UpstreamBroken,
    UpstreamFailure,
    UpstreamTimeout,
    UpstreamUnreachable,
    UpstreamUnsendable,
)
from accounts.vendors.addresses import all_excepted, check_host
from accounts.vendors.owner import Owner
from accounts.vendors.resolving import GuardedResolver, Lookup, system_lookup

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ConnectionKey
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

KEEPALIVE_SECONDS = 30
CHUNK_BYTES = 64 * 1024

UNREACHABLE = "no connection could be made"
UNSENDABLE = "the request or its address is malformed"
BROKEN = "the connection ended before the answer did"
UNTRUSTED = "cannot be trusted"
# OpenSSL, X509_V_ERR_…
CERTIFICATE_FAULTS = {
    9: "is not valid yet",
    10: "has expired",
    18: "is one that it signed itself",
    62: "is for another host",
    64: "is for another address",
}


@dataclass(slots=True)
class _Use:
    """How one request uses connections. `fresh`: it takes no kept one. Without an owner, it leaves none either.

    `excepted` are the exceptions that hold for it, as in UPSTREAM_PRIVATE_HOSTS.
    """

    fresh: bool
    owner: Owner | None
    excepted: frozenset[str]
    connected: bool = False
    kept: bool = False


_use: ContextVar[_Use] = ContextVar("use")


class OwnedRequest(aiohttp.ClientRequest):
    """A request whose connection is kept only for its owner."""

    @property
    def connection_key(self) -> "ConnectionKey":
        """The pool's key for connections, which differs for each account."""
        key, owner = super().connection_key, _use.get().owner
        # aiohttp's pool uses this field to separate the users of a proxy, which is not used here.
        return key if owner is None else key._replace(proxy_headers_hash=owner.account_id.int)


class VendorConnector(aiohttp.TCPConnector):
    """aiohttp's pool, extended: it notes whether a request got a kept connection, and drops those that are unusable.

    The connections of a host are not limited: many accounts share one, and the slowest would take them all. An
    account's turns bound how many it can have.
    """

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: "list[Trace]",
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  the name is aiohttp's
    ) -> "Connection":
        """Return a connection, and note that the request has one."""
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
            # An unsolicited answer would be taken for the next request's.
            if kept.protocol is not None and not kept.protocol.should_close and not _has_unread(kept):
                use.kept = True
                return kept
            kept.close()
        return None


def _has_unread(kept: "Connection") -> bool:
    """Return whether an idle connection has unread data: an unsolicited answer, or the end of the connection."""
    transport = kept.transport
    if transport is None:
        return True
    poller = select.poll()
    poller.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(poller.poll(0))


def _asker() -> UUID | None:
    """Return the environment whose request needs a host name resolved."""
    owner = _use.get().owner
    return None if owner is None else owner.environment_id


class PooledTransport(httpx.AsyncBaseTransport):
    """Sends requests over kept connections to addresses that may be called.

    It uses no cookies, redirects, retries, or proxy from the environment. `connect_seconds` bounds the time to a
    connection (with name resolution and TLS), `read_seconds` each pause of the vendor, `total_seconds` the request and
    its whole answer; the extension `seconds` shortens the last one. The extension `fresh` requests a new connection; a
    request without `owner` always gets its own. The extension `excepted` narrows UPSTREAM_PRIVATE_HOSTS.
    Failures are raised as an UpstreamFailure, also while the body is read: httpx's own errors would only have to be
    translated once more.
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
            resolver=GuardedResolver(lookup, asker=_asker, excepted=lambda: _use.get().excepted),
            use_dns_cache=False,
            limit=0,
            keepalive_timeout=KEEPALIVE_SECONDS,
        )
        # A cookie jar would send one account's cookies with another account's requests.
        self._session = aiohttp.ClientSession(
            connector=connector,
            request_class=OwnedRequest,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )
        # Or aiohttp would repeat GET, PUT and DELETE if a kept connection breaks.
        self._session._retry_connection = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and return once the headers have arrived; the body is still to be read."""
        base = str(request.url)
        target: str = request.extensions.get("target", "")
        seconds: float | None = request.extensions.get("seconds")
        owner: Owner | None = request.extensions.get("owner")
        excepted: frozenset[str] = request.extensions.get("excepted", all_excepted())
        use = _Use(owner is None or request.extensions.get("fresh", False), owner, excepted)
        _use.set(use)
        timeout = self._timeout if seconds is None else self._within(seconds)
        try:
            check_base(base, excepted)
            response = await self._session._request(
                request.method,
                URL(base + target, encoded=True),
                headers=_fields_of(request),
                data=b"".join(request.stream) or None,  # type: ignore[arg-type]  # a ByteStream is both kinds of stream
                allow_redirects=False,
                timeout=timeout,
            )
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            # Not chained: aiohttp's messages may contain the address, and with it a key in the query.
            raise _failure_of(failure, timeout, connected=use.connected, kept=use.kept) from None
        # As they came: httpx would read them once more, and decode each.
        raw = {"raw_headers": response.raw_headers}
        return httpx.Response(response.status, stream=_Body(response, timeout), extensions=raw)

    def _within(self, seconds: float) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(total=seconds, connect=self._connect_seconds, sock_read=self._read_seconds)

    async def aclose(self) -> None:
        await self._session.close()


def _fields_of(request: httpx.Request) -> list[tuple[str, str]]:
    """Return the header fields: httpx would find out anew for each request that they are ASCII."""
    return [(name.decode("ascii").lower(), value.decode("ascii")) for name, value in request.headers.raw]


@lru_cache(maxsize=1024)
def check_base(base: str, excepted: frozenset[str]) -> None:
    """Raise UpstreamForbidden for a base address that may not be called; allowed ones are cached."""
    # Parsed as aiohttp parses it, so that the host that is checked is the one that is called.
    url = URL(base, encoded=True)
    check_host(url.raw_host or "", url.port or 0, excepted)


class _Body(httpx.AsyncByteStream):
    """An answer's body as it arrives, still compressed if the vendor compressed it."""

    def __init__(self, response: aiohttp.ClientResponse, timeout: aiohttp.ClientTimeout) -> None:
        self._response, self._timeout = response, timeout

    # No generator: the event loop keeps account of each.
    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._response.content.read(CHUNK_BYTES)
        except (aiohttp.ClientError, OSError) as failure:
            raise _failure_of(failure, self._timeout, connected=True, kept=False) from None
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        self._response.release()


def _failure_of(failure: Exception, timeout: aiohttp.ClientTimeout, *, connected: bool, kept: bool) -> UpstreamFailure:
    """Return the failure of a request; `connected` and `kept` say whether it had a connection, and a kept one."""
    match failure:
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return UpstreamUnsendable(UNSENDABLE)
        case aiohttp.SocketTimeoutError():
            return UpstreamTimeout(f"nothing came for {timeout.sock_read:.3g} s")
        case TimeoutError() if connected:
            return UpstreamTimeout(f"no whole answer within {timeout.total:.3g} s")
        case TimeoutError():
            return UpstreamUnreachable(f"{UNREACHABLE} in time")
        case aiohttp.ClientConnectorDNSError():
            return UpstreamUnreachable(f"{UNREACHABLE}, since its host name cannot be resolved", is_passing=True)
        case aiohttp.ClientConnectorCertificateError():
            fault = CERTIFICATE_FAULTS.get(getattr(failure.certificate_error, "verify_code", 0), UNTRUSTED)
            return UpstreamUnreachable(f"{UNREACHABLE}, since its TLS certificate {fault}")
        case aiohttp.ClientSSLError():
            return UpstreamUnreachable(f"{UNREACHABLE}, since it does not speak TLS as this address demands")
        case aiohttp.ClientConnectorError():
            return UpstreamUnreachable(UNREACHABLE, is_passing=True)
        # With a text as message, none of the answer had come; otherwise the message is the part of it that had.
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
