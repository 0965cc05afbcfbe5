"""Cache what was loaded from the database, so that a hot path queries each key at most once a second.

An entry younger than FRESH_SECONDS is served unchanged, and with a `watch` over changes also an older one that nobody
has changed. Others are loaded again, once for all callers that wait. Forgetting a key drops its entry at once and also
voids a load that is under way.
"""

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from django.conf import settings

from accounts.caches.change_watch import ChangeWatch
from accounts.caches.memory import CacheMemory, cache_memory
from accounts.database.threads import RETRY_AFTER
from accounts.errors import DatabaseBusy
from accounts.metrics import CACHE_LOOKUPS

FRESH_SECONDS = 1.0
# Even if no change was announced, an entry is loaded again after this time.
RELOAD_SECONDS = 60.0
# What an entry takes beside its value: the key, the places in the map and in its order.
ENTRY_BYTES = 400

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True)
class _Entry(Generic[V]):
    value: V
    loaded_at: float
    bytes: int


class FreshCache(Generic[K, V]):
    """A map from keys to loaded values, bounded with all other caches by `memory`.

    `load` gets the key and the previous value (or None), which it may return if nothing has changed; it returns None if
    there is no value, and None is not cached. `weigh` returns roughly how many bytes a value takes that others do not
    share. `name` labels the metrics; `clock` returns monotonic seconds.
    """

    def __init__(
        self,
        load: Callable[[K, V | None], Awaitable[V | None]],
        *,
        name: str = "other",
        weigh: Callable[[V], int] = lambda _: 0,
        memory: CacheMemory = cache_memory,
        watch: ChangeWatch | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.bytes = 0
        self._load = load
        self._weigh = weigh
        self._memory = memory
        self._watch = watch
        self._hits = CACHE_LOOKUPS.labels(name, "hit")
        self._misses = CACHE_LOOKUPS.labels(name, "miss")
        self._clock = clock
        # Not a cachetools cache: `peek` reads without the lock, which looking twice for a key would not bear.
        self._entries: OrderedDict[K, _Entry[V]] = OrderedDict()
        # Loads under way, and when each began.
        self._loading: dict[tuple[K, int], tuple[float, asyncio.Task[V | None]]] = {}
        self._generation = 0
        # Changes are announced in the thread that made them, loads run in the event loop's.
        self._lock = threading.Lock()
        memory.add(self)

    def __len__(self) -> int:
        return len(self._entries)

    def peek(self, key: K) -> V | None:
        """Return a fresh value without loading, or None."""
        entry = self._entries.get(key)
        if entry is not None and self._is_fresh(entry):
            self._hits.inc()
            return entry.value
        return None

    def _is_fresh(self, entry: _Entry[V]) -> bool:
        age = self._clock() - entry.loaded_at
        if age < FRESH_SECONDS:
            return True
        return self._watch is not None and age < RELOAD_SECONDS and self._watch.covers(entry.loaded_at)

    async def get(self, key: K) -> V | None:
        """Return the value, loading it if it is not fresh; None if there is none."""
        fresh = self.peek(key)
        if fresh is None and self._watch is not None:
            await self._watch.look()
            fresh = self.peek(key)
        if fresh is not None:
            return fresh
        self._misses.inc()
        # A caller that is cancelled must not take the load away from the others.
        return await asyncio.shield(self._load_under_way(key))

    def _load_under_way(self, key: K) -> asyncio.Task[V | None]:
        """Return a load that has not been under way for too long: what it has read so far would no longer be fresh."""
        # A task can only be awaited in its own event loop.
        slot, now = (key, id(asyncio.get_running_loop())), self._clock()
        began, task = self._loading.get(slot, (float("-inf"), None))
        if task is None or now - began >= FRESH_SECONDS:
            task = asyncio.create_task(self._reload(key))
            self._loading[slot] = now, task
            task.add_done_callback(partial(self._loaded, slot))
        return task

    def _loaded(self, slot: tuple[K, int], task: asyncio.Task[V | None]) -> None:
        if self._loading.get(slot, (0, None))[1] is task:
            del self._loading[slot]

    async def _reload(self, key: K) -> V | None:
        """Load a value that no change was announced beside; raise DatabaseBusy if there is none in LOOKUP_SECONDS."""
        started = self._clock()
        ends = started + settings.LOOKUP_SECONDS
        while started < ends:
            generation = self._generation
            entry = self._entries.get(key)
            value = await self._load(key, entry.value if entry else None)
            with self._lock:
                # What was loaded may be older than the change that was announced meanwhile.
                if generation == self._generation:
                    self._keep(key, value, started)
                    break
            started = self._clock()
        else:
            raise DatabaseBusy(RETRY_AFTER)
        self._memory.settle()
        return value

    def _keep(self, key: K, value: V | None, loaded_at: float) -> None:
        if value is None:
            self._drop(key)
            return
        before = self._entries.get(key)
        if before is not None and before.loaded_at > loaded_at:
            return  # a later load was faster
        weight = ENTRY_BYTES + self._weigh(value)
        self.bytes += weight - (before.bytes if before else 0)
        self._entries[key] = _Entry(value, loaded_at, weight)
        self._entries.move_to_end(key)

    def _drop(self, key: K) -> None:
        entry = self._entries.pop(key, None)
        self.bytes -= entry.bytes if entry else 0

    def oldest_use(self) -> float | None:
        """Return when the entry that `drop_oldest` would drop was loaded."""
        with self._lock:
            return next((entry.loaded_at for entry in self._entries.values()), None)

    def drop_oldest(self) -> None:
        """Drop the entry that was loaded longest ago; one in use is loaded each second."""
        with self._lock:
            key = next(iter(self._entries), None)
            if key is not None:
                self._drop(key)

    def forget(self, matches: Callable[[V], bool]) -> None:
        """Drop every entry whose value matches, and make loads under way start again."""
        with self._lock:
            self._generation += 1
            for key in [key for key, entry in self._entries.items() if matches(entry.value)]:
                self._drop(key)

    def doubt(self, matches: Callable[[V], bool]) -> None:
        """Have every entry whose value matches loaded again; the loader may find that it has not changed."""
        with self._lock:
            self._generation += 1
            for entry in self._entries.values():
                if matches(entry.value):
                    entry.loaded_at = float("-inf")

    def clear(self) -> None:
        self.forget(lambda _: True)
