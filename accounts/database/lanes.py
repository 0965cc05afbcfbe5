"""Lanes: kinds of database work that must not wait for each other. Each has its own connections and its own limits.

A thread is in one lane. Threads that say nothing are in the process's own lane: that of requests in a web process,
of tasks in a worker, and in a command one without limits, since a migration may take as long as it takes.
"""

import threading
from dataclasses import dataclass
from enum import Enum, auto

from django.conf import settings


class Lane(Enum):
    """A kind of database work."""

    COMMAND = auto()
    REQUEST = auto()
    TASK = auto()
    LOOKUP = auto()
    INTENT = auto()


@dataclass(frozen=True, slots=True)
class LaneLimits:
    """How many connections a lane has, and how many seconds its statements and their waits for locks may take.

    Without limits on time, both are 0.
    """

    connections: int
    statement: int = 0
    lock: int = 0

    @property
    def startup_options(self) -> str:
        """The limits as PostgreSQL takes them when a connection is opened; empty if there are none."""
        if not self.statement:
            return ""
        idle = settings.DATABASE_IDLE_SECONDS
        return (
            f"-c statement_timeout={self.statement}s -c lock_timeout={self.lock}s "
            f"-c idle_in_transaction_session_timeout={idle}s"
        )


# The most seconds of one statement of a background task: pruning deletes many rows.
TASK_SECONDS = 600
LOOKUP_THREADS = 3
INTENT_THREADS = 3

_here = threading.local()
_of_process = [Lane.COMMAND]


def current_lane() -> Lane:
    """Return the lane of this thread."""
    lane: Lane = getattr(_here, "lane", _of_process[0])
    return lane


def enter(lane: Lane) -> None:
    """Put this thread into a lane, for as long as it lives."""
    _here.lane = lane


def put_process_in(lane: Lane) -> None:
    """Put every thread that enters no lane into this one."""
    _of_process[0] = lane


def limits_of(lane: Lane) -> LaneLimits:
    """Return the limits of a lane."""
    reserved = LOOKUP_THREADS + INTENT_THREADS
    most = max(1, settings.DATABASE_CONNECTIONS - reserved)
    match lane:
        case Lane.LOOKUP:
            return LaneLimits(LOOKUP_THREADS, settings.LOOKUP_SECONDS, settings.LOOKUP_SECONDS)
        case Lane.INTENT:
            return LaneLimits(INTENT_THREADS, settings.INTENT_SECONDS, settings.INTENT_SECONDS)
        case Lane.REQUEST:
            return LaneLimits(most, settings.DATABASE_STATEMENT_SECONDS, settings.DATABASE_LOCK_SECONDS)
        case Lane.TASK:
            return LaneLimits(most, TASK_SECONDS, settings.DATABASE_LOCK_SECONDS)
        case Lane.COMMAND:
            return LaneLimits(most)
