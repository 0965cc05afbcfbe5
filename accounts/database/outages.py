"""Tell an outage of the database from a fault of the program, and count those who are refused because of it.

An outage passes by itself: nothing in the log helps to find its cause but that it began, lasts, and how many it hit.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import Error as DjangoError

from accounts.errors import DatabaseAway, DatabaseBusy
from accounts.metrics import DATABASE_REFUSALS
from accounts.texts.counting import counted

logger = logging.getLogger(__name__)

LINE_SECONDS = 1.0
RETRY_AFTER = 2
# Somebody has to make space, or the database writable.
READ_ONLY_RETRY_AFTER = 30

AWAY = "away"
BUSY = "busy"
READ_ONLY = "read-only"
WORDS = {
    AWAY: "Patchbay's database cannot be reached at the moment.",
    BUSY: "Patchbay's database is busy: it did not answer in time.",
    READ_ONLY: "Patchbay's database takes no changes at the moment: its disk is full, or it is read-only. "
    "Reading still works. Tell the operator.",
}


@dataclass(frozen=True, slots=True)
class Outage:
    """Why a request is refused: `away`, `busy` or `read-only`, and the seconds after which to try again."""

    kind: str
    retry_after: int = RETRY_AFTER

    @property
    def words(self) -> str:
        """What a person or a model reads, without advice on what may have been done already."""
        unit = "second" if self.retry_after == 1 else "seconds"
        return f"{WORDS[self.kind]} Try again in {self.retry_after} {unit}."


# What reads a driver's errors. Each engine adds its own, so that no process imports the driver of another's.
READERS: dict[type[Exception], Callable[[Any], Outage | None]] = {}


def outage_of(error: BaseException | None) -> Outage | None:
    """Return the outage that an error, or what caused it, tells of; None for a fault."""
    match error:
        case DatabaseAway():
            return Outage(AWAY, error.retry_after)
        case DatabaseBusy():
            return Outage(BUSY, error.retry_after)
        case DjangoError():
            return outage_of(error.__cause__)
    return next((read(error) for kind, read in READERS.items() if isinstance(error, kind)), None)


class OutageLog:
    """One line a second at most, with the number of those refused since the last one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._refused = dict.fromkeys(WORDS, 0)
        self._said_at = dict.fromkeys(WORDS, float("-inf"))

    def count(self, outage: Outage) -> None:
        """Count one that was refused, and say how many if nothing was said lately."""
        DATABASE_REFUSALS.labels(outage.kind).inc()
        with self._lock:
            self._refused[outage.kind] += 1
            now, number = self._clock(), self._refused[outage.kind]
            if now - self._said_at[outage.kind] < LINE_SECONDS:
                return
            self._said_at[outage.kind], self._refused[outage.kind] = now, 0
        logger.error("database %s: %s refused", outage.kind, counted(number, "request"))


outage_log = OutageLog()


def refusal_for(error: BaseException | None) -> Outage | None:
    """Return the outage behind an error, counted as one more refusal; None for a fault, which wants a traceback."""
    outage = outage_of(error)
    if outage is not None:
        outage_log.count(outage)
    return outage
