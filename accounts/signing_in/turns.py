"""Check few passwords at once: each takes a core for a good part of a second, which guessing must not take from others.

A request waits in its own thread, so that nobody else's is held. Browsers that somebody signed in with before wait in
a line of their own, which strangers cannot fill.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from accounts.errors import SignInRefused

AT_ONCE = 2
WAITING = 8
WAIT_SECONDS = 5.0


class PasswordTurns:
    """So many at once, so many more in line, each for so long."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING, seconds: float = WAIT_SECONDS) -> None:
        self._line = threading.BoundedSemaphore(at_once + waiting)
        self._checks = threading.BoundedSemaphore(at_once)
        self._seconds = seconds

    @contextmanager
    def take(self) -> Iterator[None]:
        """Have a turn for as long as the block runs; raise SignInRefused when none comes."""
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
