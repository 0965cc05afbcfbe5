"""Restrict upstream requests to public network addresses and to those that UPSTREAM_PRIVATE_HOSTS names.

Host names are checked where they are resolved, in accounts/vendors/resolving.py.
"""

import ipaddress
import socket
from urllib.parse import urlsplit

import httpx
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
