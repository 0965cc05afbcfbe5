"""The client address of a request, for limits, sessions and the access log.

It is the peer's address, or the one that a proxy named in FORWARDED_ALLOW_IPS reports; uvicorn sees to that.
"""

from ipaddress import ip_network

from django.http import HttpRequest

from accounts.web.networks import address_of

# One customer of a provider gets at least a /64 (RFC 6177), and may send from any address in it.
PREFIX = 64


def normalised(address: str) -> str:
    """Return an address in canonical form, IPv4-mapped IPv6 as IPv4; an empty string if it is invalid."""
    return str(address_of(address) or "")


def client_address(request: HttpRequest) -> str:
    """Return the client's address in canonical form; an empty string if it is unknown."""
    return normalised(request.META.get("REMOTE_ADDR") or "")


def network_of(address: str) -> str:
    """Return the unit that limits apply to: an IPv4 address, or the /64 of an IPv6 address."""
    return str(ip_network(f"{address}/{PREFIX}", strict=False)) if ":" in address else address
