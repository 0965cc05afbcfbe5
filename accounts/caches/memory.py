"""The memory that the caches of this process take together, which CACHE_BYTES limits.

Entries are weighed by estimates, since counting an object's bytes costs more than making it. What was used longest ago
goes first, whichever cache holds it.
"""

import threading
import weakref
from collections.abc import Callable
from typing import Protocol

from django.conf import settings

from accounts.metrics import CACHE_BYTES, CACHE_ENTRIES, CACHE_EVICTIONS


class Cache(Protocol):
    """A cache whose entries count."""

    name: str

    @property
    def bytes(self) -> int:
        """What its entries weigh."""

    def __len__(self) -> int: ...

    def oldest_use(self) -> float | None:
        """Return when the entry that it would drop was last used, in monotonic seconds; None if it has none."""

    def drop_oldest(self) -> None:
        """Drop that entry."""

    def clear(self) -> None:
        """Drop all of them."""


class CacheMemory:
    """What several caches may take together; `limit` returns it in bytes."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._caches: weakref.WeakSet[Cache] = weakref.WeakSet()
        self._settling = threading.Lock()

    def add(self, cache: Cache) -> None:
        """Count a cache, for as long as it exists."""
        self._caches.add(cache)

    @property
    def bytes(self) -> int:
        return sum(cache.bytes for cache in tuple(self._caches))

    def clear(self) -> None:
        """Empty every cache."""
        for cache in tuple(self._caches):
            cache.clear()

    def settle(self) -> None:
        """Drop entries until the rest fits; a thread that finds another at it leaves it the work."""
        if self.bytes <= self._limit() or not self._settling.acquire(blocking=False):
            return
        try:
            while self.bytes > self._limit() and self._drop_one():
                pass
        finally:
            self._settling.release()

    def _drop_one(self) -> bool:
        used = [(at, cache) for cache in tuple(self._caches) if (at := cache.oldest_use()) is not None]
        if not used:
            return False
        _, cache = min(used, key=lambda each: each[0])
        cache.drop_oldest()
        CACHE_EVICTIONS.labels(cache.name).inc()
        return True

    def observe(self) -> None:
        """Set the gauges; called at each scrape."""
        for name in {cache.name for cache in tuple(self._caches)}:
            named = [cache for cache in tuple(self._caches) if cache.name == name]
            CACHE_BYTES.labels(name).set(sum(cache.bytes for cache in named))
            CACHE_ENTRIES.labels(name).set(sum(map(len, named)))


def _limit() -> int:
    limit: int = settings.CACHE_BYTES
    return limit


cache_memory = CacheMemory(_limit)
