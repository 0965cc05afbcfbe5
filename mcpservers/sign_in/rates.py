"""Limit how often one network may register clients, or ask for tokens in vain.

Counted in Django's cache: for all processes together where there is Redis, otherwise by each for itself.
"""

from dataclasses import dataclass

from django.core.cache import cache

from accounts.web.client_address import network_of


@dataclass(frozen=True)
class NetworkLimit:
    """At most so many of something in a period, in seconds, for one network."""

    what: str
    most: int
    seconds: int

    def is_used_up(self, address: str) -> bool:
        """Return whether a network has done it too often."""
        return int(cache.get(self._key(address), 0)) >= self.most

    def count(self, address: str) -> None:
        """Count that a network has done it."""
        key = self._key(address)
        cache.add(key, 0, self.seconds)
        try:
            cache.incr(key)
        except ValueError:  # the period has ended between the two
            cache.add(key, 1, self.seconds)

    def _key(self, address: str) -> str:
        return f"patchbay:rate:{self.what}:{network_of(address)}"


REGISTRATIONS = NetworkLimit("registrations", 60, 3600)
TOKEN_FAILURES = NetworkLimit("token-failures", 60, 300)
