"""The client address of a request, for limits, sessions and the access log.

It is the peer's address, or the one that a proxy named in FORWARDED_ALLOW_IPS reports; uvicorn sees to that.
"""

from functools import lru_cache
from ipaddress import ip_network

from django.conf import settings
from django.http import HttpRequest

from accounts.web.networks import address_of

# One customer of a provider gets at least a /64 (RFC 6177), and may send from any address in it.
PREFIX = 64
# What CLIENT_ADDRESSES takes besides `truncated`.
# Truncated addresses still tell one network from another, and name no person.
FULL, NONE = "full", "none"
TRUNCATED_V4, TRUNCATED_V6 = 24, 48


def canonical_address(address: str) -> str:
    """Return an address in canonical form, IPv4-mapped IPv6 as IPv4; an empty string if it is invalid."""
    return str(address_of(address) or "")


def client_address(request: HttpRequest) -> str:
    """Return the client's address in canonical form; an empty string if it is unknown."""
    return canonical_address(request.META.get("REMOTE_ADDR") or "")


def network_of(address: str) -> str:
    """Return the unit that limits apply to: an IPv4 address, or the /64 of an IPv6 address."""
    return str(ip_network(f"{address}/{PREFIX}", strict=False)) if ":" in address else address


def noted_address(address: str) -> str:
    """Return what logs and the record of calls keep of a client's address: CLIENT_ADDRESSES says how much."""
    return _kept(address, settings.CLIENT_ADDRESSES)


@lru_cache(maxsize=4096)
def _kept(address: str, how_much: str) -> str:
    known = canonical_address(address) if how_much != NONE else ""
    if not known or how_much == FULL:
        return known
    return str(ip_network(f"{known}/{TRUNCATED_V6 if ':' in known else TRUNCATED_V4}", strict=False))
