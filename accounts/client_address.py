"""Where a request comes from: one address for limits, sessions and the access log.

It is the peer's, or what a proxy says of it where FORWARDED_ALLOW_IPS names that proxy (uvicorn sees to that).
"""

from ipaddress import ip_network

from django.http import HttpRequest

from accounts.networks import address_of

# One customer of a provider gets at least a /64 (RFC 6177), and may send from any address in it.
PREFIX = 64


def normalised(address: str) -> str:
    """Return an address in its one spelling, IPv4 where it is mapped into IPv6; nothing for what is no address."""
    return str(address_of(address) or "")


def client_address(request: HttpRequest) -> str:
    """Return the address of whoever sent a request; nothing where it is not known."""
    return normalised(request.META.get("REMOTE_ADDR") or "")


def network_of(address: str) -> str:
    """Return what counts as one place: an IPv4 address, or the /64 of an IPv6 address."""
    return str(ip_network(f"{address}/{PREFIX}", strict=False)) if ":" in address else address
