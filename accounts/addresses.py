"""Which network addresses an upstream request may go to: public ones, and those that a setting names.

The name of a host is resolved once, here, and the connection goes to the very addresses that were checked.
"""

import ipaddress
import socket
from urllib.parse import urlsplit

import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from django.conf import settings

from accounts.errors import UpstreamForbidden

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# The part of IPv6 that is routed publicly; outside it are also old ways of writing IPv4 addresses, such as ::127.0.0.1.
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
# RFC 6052: the last 32 bits are an IPv4 address that a gateway would connect to.
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Tell whether an address is globally reachable, also where it wraps an IPv4 address."""
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
    return address.is_global and not address.is_multicast


def is_excepted(host: str, port: int, excepted: frozenset[str]) -> bool:
    """Tell whether the exceptions (as in UPSTREAM_PRIVATE_HOSTS) name this host, with this port or with none."""
    written = f"[{host}]" if ":" in host else host
    return not excepted.isdisjoint({host, written, f"{written}:{port}"})


def check_host(host: str, port: int, excepted: frozenset[str]) -> None:
    """Raise UpstreamForbidden for a host that is itself an address, in any form, and not a public one."""
    if not is_excepted(host, port, excepted) and not _may_be_called(host):
        raise UpstreamForbidden(f"{host} is not a public address")


def _may_be_called(host: str) -> bool:
    """Tell whether a host is a public address, or a name, which GuardedResolver checks."""
    try:
        # inet_aton reads every old form: 127.1, 2130706433, 0x7f.0.0.1, 0177.0.0.1
        return is_public(ipaddress.IPv4Address(socket.inet_aton(host)))
    except OSError:
        try:
            return is_public(ipaddress.ip_address(host.strip("[]").partition("%")[0]))
        except ValueError:
            return True


class GuardedResolver(AbstractResolver):
    """Resolve host names, refusing every name that leads to an address that is not public."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host; raise UpstreamForbidden when one of them is not public."""
        results = await self._resolver.resolve(host, port, family)
        if is_excepted(host, port, settings.UPSTREAM_PRIVATE_HOSTS):
            return results
        for result in results:
            if not is_public(ipaddress.ip_address(result["host"].partition("%")[0])):
                raise UpstreamForbidden(f"{host} leads to an address that is not public")
        return results

    async def close(self) -> None:
        """Release the resolver."""
        await self._resolver.close()


def base_url_problem(address: str) -> str:
    """Return why an address cannot stand before a vendor's paths; empty when it can, or when none is given."""
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
        return "Must not hold spaces, control characters, backslashes or other than ASCII characters."
    if parts.username is not None or parts.password is not None:
        return "Must not hold a user name or password; the account's connection fields carry the credentials."
    if "?" in address or "#" in address:
        return "Must not hold a query or a fragment; paths are appended to it."
    return ""
