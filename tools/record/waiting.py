"""How long what is under way has been waiting."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Waiting:
    """The beginnings of what waits, in any thread."""

    def __init__(self) -> None:
        self._began: dict[object, float] = {}

    @contextmanager
    def one(self, began: float | None = None) -> Iterator[None]:
        """Count one wait for as long as the block lasts; it began now, or at a time of `time.perf_counter()`."""
        key = object()
        self._began[key] = time.perf_counter() if began is None else began
        try:
            yield
        finally:
            del self._began[key]

    def oldest(self) -> float:
        """Return the seconds of the longest wait; 0 if nothing waits."""
        # A copy, since other threads begin and end waits meanwhile.
        began = min(tuple(self._began.values()), default=None)
        return 0.0 if began is None else time.perf_counter() - began
