"""Parse IP networks and addresses, which restrict where an API token may be used from."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from accounts.errors import NetworkInvalid

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MOST_NETWORKS = 20
LONGEST_NETWORK = 50
MAPPED = IPv6Network("::ffff:0:0/96")  # IPv4-mapped addresses (RFC 4291, section 2.5.5.2)


def parse_networks(texts: Sequence[str]) -> list[str]:
    """Return networks in canonical form without duplicates; raise NetworkInvalid."""
    if len(texts) > MOST_NETWORKS:
        raise NetworkInvalid(f"At most {MOST_NETWORKS} networks can be given; these are {len(texts)}.")
    return list(dict.fromkeys(str(parsed_network(text)) for text in texts))


def parsed_network(text: str) -> Network:
    """Parse a network or address such as `203.0.113.0/24` or `2001:db8::7`; raise NetworkInvalid."""
    text = text.strip()
    shown = text[:LONGEST_NETWORK]
    if not text or len(text) > LONGEST_NETWORK or "%" in text:
        raise NetworkInvalid(f"{shown!r} is not a network. Give one such as 203.0.113.0/24 or 2001:db8::/32.")
    try:
        network = ip_network(text)
    except ValueError:
        raise NetworkInvalid(_hint(text, shown)) from None
    if isinstance(network, IPv6Network) and network.subnet_of(MAPPED):
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
    return network


def _hint(text: str, shown: str) -> str:
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        return f"{shown!r} is not a network. Give one such as 203.0.113.0/24 or 2001:db8::/32."
    return f"{shown!r} is an address within a network. Give {meant} for the network, or the address alone."


def address_of(text: str) -> Address | None:
    """Parse an address, and return IPv4-mapped IPv6 as IPv4; None if it is invalid."""
    try:
        # Without the zone of a scoped IPv6 address (RFC 4007, section 11), which is no part of it.
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def holds(networks: Iterable[str], address: Address | None) -> bool:
    """Return whether an address is in one of the networks; an unknown address is in none."""
    return address is not None and any(address in ip_network(each) for each in networks)


def lies_within(inner: str, outer: Iterable[str]) -> bool:
    """Return whether a network is a subnet of one of the others."""
    network = ip_network(inner)
    return any(_contains(ip_network(each), network) for each in outer)


def _contains(outer: Network, inner: Network) -> bool:
    if isinstance(outer, IPv4Network) and isinstance(inner, IPv4Network):
        return inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and isinstance(inner, IPv6Network) and inner.subnet_of(outer)
