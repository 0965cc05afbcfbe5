"""Restrict upstream requests to public network addresses and to those that UPSTREAM_PRIVATE_HOSTS names.

A host name is resolved once, here, and the connection goes to exactly the addresses that were checked.
"""

import asyncio
import ipaddress
import socket
from collections import defaultdict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from django.conf import settings

from accounts.errors import UpstreamForbidden

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# The publicly routed part of IPv6; outside it are also obsolete forms of IPv4 addresses, such as ::127.0.0.1.
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
# RFC 6052: the last 32 bits are an IPv4 address that a gateway would connect to.
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Networks in IANA's registries of special-purpose addresses that Python 3.11 takes for global: protocol assignments
# (RFC 6890), AS112 (RFC 7534, 7535), AMT (RFC 7450), 6to4 relays (RFC 7526) and documentation (RFC 9637). Some are
# reachable, but none has a vendor's API.
UNLISTED = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24",
            "2001::/23", "2620:4f:8000::/48", "3fff::/20",
        ),
    )
)  # fmt: skip
# RFC 5214, section 6.1: an ISATAP address has an IPv4 address after these 32 bits, under any prefix.
ISATAP = frozenset({0x00005EFE, 0x02005EFE})
# A name that is slow to resolve occupies a thread; with a share of them, an environment delays only itself.
RESOLVING_THREADS = 32
RESOLVING_SHARE = 4
DEFAULT_PORTS = {"http": 80, "https": 443}
NO_ORIGIN = ("", "", 0)
CLEAR = "Takes an address that begins with https://, since secrets go there. UPSTREAM_PRIVATE_HOSTS names exceptions."


def is_public(address: Address) -> bool:
    """Return whether an address is globally reachable, also if it embeds an IPv4 address."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.sixtofour is not None:
            return is_public(address.sixtofour)
        if address.teredo is not None:
            return False
        if address in NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in GLOBAL_UNICAST:
            return False
        if int(address) >> 32 & 0xFFFFFFFF in ISATAP:
            return False
    return address.is_global and not address.is_multicast and not any(address in network for network in UNLISTED)


def is_excepted(host: str, port: int, excepted: frozenset[str]) -> bool:
    """Return whether the exceptions (as in UPSTREAM_PRIVATE_HOSTS) name this host, with this port or without one."""
    written = f"[{host}]" if ":" in host else host
    return not excepted.isdisjoint({host, written, f"{written}:{port}"})


def check_host(host: str, port: int, excepted: frozenset[str]) -> None:
    """Raise UpstreamForbidden for a host that is an address, in any form, but not a public one."""
    if not is_excepted(host, port, excepted) and not _may_be_called(host):
        raise UpstreamForbidden(f"{host} is not a public address")


def _may_be_called(host: str) -> bool:
    """Return whether a host is a public address, or a name, which GuardedResolver checks."""
    try:
        # inet_aton accepts every old form: 127.1, 2130706433, 0x7f.0.0.1, 0177.0.0.1
        return is_public(ipaddress.IPv4Address(socket.inet_aton(host)))
    except OSError:
        try:
            return is_public(ipaddress.ip_address(host.strip("[]").partition("%")[0]))
        except ValueError:
            return True


def all_excepted() -> frozenset[str]:
    """Return the exceptions of every address that an operator allows to be called."""
    excepted: frozenset[str] = settings.UPSTREAM_PRIVATE_HOSTS
    return excepted


def excepted_for(base_url: str) -> frozenset[str]:
    """Return the exceptions that name the host of an account's own address, which are those for its redirects too."""
    _, host, port = origin(base_url)
    return frozenset(each for each in all_excepted() if is_excepted(host, port, frozenset({each})))


Lookup = Callable[[str, int, socket.AddressFamily], list[ResolveResult]]
_Name = tuple[str, int, socket.AddressFamily]


def system_lookup(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    """Resolve a host name by the system's resolver; raise OSError, or UnicodeError for an invalid name."""
    results: list[ResolveResult] = []
    for found, _, protocol, _, address in socket.getaddrinfo(
        host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    ):
        # A fourth member other than zero is the zone of a link-local address, which is never called.
        if len(address) == 2 or not address[3]:
            results.append(
                ResolveResult(
                    hostname=host,
                    host=str(address[0]),
                    port=port,
                    family=found,
                    proto=protocol,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
            )
    if not results:
        raise OSError(f"{host} has no address that can be called")
    return results


class GuardedResolver(AbstractResolver):
    """Resolve host names, refusing every name that leads to an address that is not public.

    It uses threads of its own, one per name: the system's resolver may take half a minute for a name whose servers do
    not answer, and calls to other vendors must not wait for that. `asker` returns for whom a name is resolved; each
    asker has a share of the threads, and waits once that is used up, for as long as a connection may take. `excepted`
    returns the exceptions that hold for the request.
    """

    def __init__(
        self,
        lookup: Lookup = system_lookup,
        *,
        asker: Callable[[], Hashable] = lambda: None,
        excepted: Callable[[], frozenset[str]] = all_excepted,
    ) -> None:
        self._lookup = lookup
        self._asker = asker
        self._excepted = excepted
        self._threads = ThreadPoolExecutor(RESOLVING_THREADS, thread_name_prefix="resolving")
        self._under_way: dict[_Name, asyncio.Future[list[ResolveResult]]] = {}
        self._shares: defaultdict[Hashable, set[asyncio.Future[list[ResolveResult]]]] = defaultdict(set)

    @property
    def under_way(self) -> int:
        """How many names are being resolved."""
        return len(self.looking_up)

    @property
    def looking_up(self) -> set[asyncio.Future[list[ResolveResult]]]:
        """The look-ups that have not ended, whoever waits for them."""
        return set().union(*self._shares.values())

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host; raise UpstreamForbidden if any of them is not public."""
        name, asker = (host, port, family), self._asker()
        while (looking := self._under_way.get(name)) is None:
            share = self._shares.get(asker, ())
            if len(share) < RESOLVING_SHARE:
                looking = self._look_up(name, asker)
                break
            await asyncio.wait(share, return_when=asyncio.FIRST_COMPLETED)
        # A caller that is cancelled must not cancel the look-up for the others.
        results = await asyncio.shield(looking)
        if not is_excepted(host, port, self._excepted()):
            for result in results:
                if not is_public(ipaddress.ip_address(result["host"].partition("%")[0])):
                    raise UpstreamForbidden(f"{host} leads to an address that is not public")
        return results

    def _look_up(self, name: _Name, asker: Hashable) -> asyncio.Future[list[ResolveResult]]:
        looking = asyncio.get_running_loop().run_in_executor(self._threads, self._lookup, *name)
        self._under_way[name] = looking
        self._shares[asker].add(looking)

        def done(ended: asyncio.Future[list[ResolveResult]]) -> None:
            self._under_way.pop(name, None)
            share = self._shares[asker]
            share.discard(ended)
            if not share:
                del self._shares[asker]
            if not ended.cancelled():
                ended.exception()  # or asyncio would log a failure that nobody waits for any more

        looking.add_done_callback(done)
        return looking

    async def close(self) -> None:
        """Shut the threads down without waiting for look-ups."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def base_url_problem(address: str) -> str:
    """Return why an address cannot be a vendor's base URL; empty if it can, or if none is given."""
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018  reading it checks it
        httpx.URL(address)
    except (ValueError, httpx.InvalidURL):
        return "Is not a web address."
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "Takes an address that begins with https:// or http:// and names a host."
    if not address.isascii() or not address.isprintable() or " " in address or "\\" in address:
        return "Must not hold spaces, control characters, backslashes or non-ASCII characters."
    if parts.username is not None or parts.password is not None:
        return "Must not hold a user name or password; the account's connection fields carry the credentials."
    if "?" in address or "#" in address:
        return "Must not hold a query or a fragment; paths are appended to it."
    # An address that is not public passes here, and is refused as such when it is called.
    if goes_in_the_clear(address) and _may_be_called(parts.hostname):
        return CLEAR
    return ""


def goes_in_the_clear(address: str, excepted: frozenset[str] | None = None) -> bool:
    """Return whether what is sent to an address would be unencrypted, and no exception allows it."""
    scheme, host, port = origin(address)
    return scheme != "https" and not is_excepted(host, port, all_excepted() if excepted is None else excepted)


def origin(address: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an address; NO_ORIGIN if it is invalid.

    A trailing dot of the host name is dropped, since it names the same host.
    """
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").removesuffix(".")
        port = DEFAULT_PORTS.get(parts.scheme, 0) if parts.port is None else parts.port
        return parts.scheme, host, port
    except ValueError:
        return NO_ORIGIN
