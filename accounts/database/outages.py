"""Tell an outage of the database from a fault of the program, and count those who are refused because of it.

An outage passes by itself: nothing in the log helps to find its cause but that it began, lasts, and how many it hit.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from django.db import Error as DjangoError

from accounts.errors import DatabaseAway, DatabaseBusy
from accounts.metrics import DATABASE_REFUSALS
from accounts.texts.counting import counted

logger = logging.getLogger(__name__)

LINE_SECONDS = 1.0
RETRY_AFTER = 2
# Somebody has to make space, or the database writable.
READ_ONLY_RETRY_AFTER = 30

# PostgreSQL, Appendix A: locks, cancelled statements, deadlocks, too many connections.
BUSY_STATES = frozenset({"55P03", "57014", "40001", "40P01", "53300"})
# The same: a standby or another server that takes no writes, a full disk.
READ_ONLY_STATES = frozenset({"25006", "53100"})
# The same: lost connections, a server that stops or starts, resources used up.
AWAY_CLASSES = ("08", "57P", "53", "58")
# SQLite, result codes: BUSY, LOCKED; READONLY, FULL; IOERR, CANTOPEN.
BUSY_CODES = frozenset({5, 6})
READ_ONLY_CODES = frozenset({8, 13})
AWAY_CODES = frozenset({10, 14})

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


def outage_of(error: BaseException | None) -> Outage | None:
    """Return the outage that an error, or what caused it, tells of; None for a fault."""
    match error:
        case DatabaseAway():
            return Outage(AWAY, error.retry_after)
        case DatabaseBusy():
            return Outage(BUSY, error.retry_after)
        case psycopg.Error():
            return _of_postgresql(error)
        case sqlite3.OperationalError():
            return _of_sqlite(error)
        case DjangoError():
            return outage_of(error.__cause__)
    return None


def _of_postgresql(error: psycopg.Error) -> Outage | None:
    state = error.sqlstate
    if state is None:
        # Said by the client library itself: there is no connection, or it has ended.
        return Outage(AWAY) if isinstance(error, psycopg.OperationalError) else None
    if state in BUSY_STATES:
        return Outage(BUSY)
    if state in READ_ONLY_STATES:
        return Outage(READ_ONLY, READ_ONLY_RETRY_AFTER)
    return Outage(AWAY) if state.startswith(AWAY_CLASSES) else None


def _of_sqlite(error: sqlite3.OperationalError) -> Outage | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in BUSY_CODES:
        return Outage(BUSY)
    if code in READ_ONLY_CODES:
        return Outage(READ_ONLY, READ_ONLY_RETRY_AFTER)
    return Outage(AWAY) if code in AWAY_CODES else None


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
