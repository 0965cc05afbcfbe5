"""The simulator's time: an anchor moment plus what has elapsed since."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """The time of the simulated account, in whole seconds and UTC.

    With a given `now` every start of the clock begins at that moment, which makes the data repeatable to the
    second.
    """

    def __init__(self, now: datetime | None = None, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._given = now
        self.elapsed = elapsed
        self.restart()

    def restart(self) -> None:
        """Restart at the given moment or, without one, at the present."""
        self.anchor = (self._given or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
        self._started = self.elapsed()

    def now(self) -> datetime:
        """Return the present moment, without fractions of a second."""
        return self.anchor + timedelta(seconds=int(self.elapsed() - self._started))
