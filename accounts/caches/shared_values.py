"""Values that are made once and shared by all who use them, such as the catalogue of all servers of an integration.

A value that nobody uses any more is dropped. `kept` ones stay until the memory of caches is needed.
"""

import threading
import time
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from accounts.caches.memory import CacheMemory, cache_memory

V = TypeVar("V")


class SharedValues(Generic[V]):
    """Values by subject and version; of each subject only the latest version is kept.

    `weigh` returns roughly how many bytes a value takes.
    """

    def __init__(
        self, name: str, weigh: Callable[[V], int], *, kept: bool = False, memory: CacheMemory = cache_memory
    ) -> None:
        self.name = name
        self._weigh = weigh
        self._values: weakref.WeakValueDictionary[tuple[Hashable, Hashable], V] = weakref.WeakValueDictionary()
        self._kept: OrderedDict[Hashable, tuple[float, V]] | None = OrderedDict() if kept else None
        self._bytes = 0
        # Filled by finalizers, which may run at any moment, in any thread, under any lock: only this is safe there.
        self._gone: deque[int] = deque()
        self._lock = threading.Lock()
        self._making: dict[tuple[Hashable, Hashable], threading.Lock] = {}
        self._memory = memory
        memory.add(self)

    def get(self, subject: Hashable, version: Hashable, make: Callable[[], V]) -> V:
        """Return the value of a subject's version; threads that need the same one wait for a single `make`."""
        key = (subject, version)
        value = self._values.get(key)
        if value is None:
            value = self._made(key, make)
        self._keep(subject, value)
        self._memory.settle()
        return value

    def _made(self, key: tuple[Hashable, Hashable], make: Callable[[], V]) -> V:
        with self._lock:
            turn = self._making.setdefault(key, threading.Lock())
        try:
            with turn:
                value = self._values.get(key)
                return self._shared(key, make()) if value is None else value
        finally:
            with self._lock:
                self._making.pop(key, None)

    def _shared(self, key: tuple[Hashable, Hashable], value: V) -> V:
        weight = self._weigh(value)
        with self._lock:
            self._bytes += weight
            self._values[key] = value
        weakref.finalize(value, self._gone.append, weight).atexit = False
        return value

    def _keep(self, subject: Hashable, value: V) -> None:
        if self._kept is not None:
            with self._lock:
                self._kept[subject] = time.monotonic(), value
                self._kept.move_to_end(subject)

    @property
    def bytes(self) -> int:
        """What the values that anybody uses weigh."""
        if self._gone:
            with self._lock:
                while self._gone:
                    self._bytes -= self._gone.popleft()
        return self._bytes

    def __len__(self) -> int:
        return len(self._values)

    def clear(self) -> None:
        """Make every value anew for those who ask from now on."""
        with self._lock:
            self._values.clear()
            gone, self._kept = self._kept, None if self._kept is None else OrderedDict()
        # Outside the lock, as below.
        del gone

    def oldest_use(self) -> float | None:
        """Return when the value that `drop_oldest` would let go was last asked for."""
        if not self._kept:
            return None
        with self._lock:
            return next((at for at, _ in self._kept.values()), None)

    def drop_oldest(self) -> None:
        """Let go of the value that was asked for longest ago; whoever uses it still has it."""
        if self._kept:
            with self._lock:
                # Outside the lock, the value may be the last use of others.
                gone = self._kept.popitem(last=False) if self._kept else None
            del gone
