"""Limit concurrent password checks: each takes a core for a good part of a second, so guessing could starve others.

A request waits in its own thread, and blocks no other. Known browsers have a queue of their own, which strangers
cannot fill.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from accounts.errors import SignInRefused

AT_ONCE = 2
WAITING = 8
WAIT_SECONDS = 5.0


class PasswordTurns:
    """A bounded number of concurrent checks, with a bounded queue and waiting time."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING, seconds: float = WAIT_SECONDS) -> None:
        self._line = threading.BoundedSemaphore(at_once + waiting)
        self._checks = threading.BoundedSemaphore(at_once)
        self._seconds = seconds

    @contextmanager
    def take(self) -> Iterator[None]:
        """Hold a turn while the block runs; raise SignInRefused if the queue is full or the wait too long."""
        if not self._line.acquire(blocking=False):
            raise SignInRefused("busy", round(self._seconds))
        try:
            if not self._checks.acquire(timeout=self._seconds):
                raise SignInRefused("busy", round(self._seconds))
            try:
                yield
            finally:
                self._checks.release()
        finally:
            self._line.release()


strangers = PasswordTurns()
acquaintances = PasswordTurns()
