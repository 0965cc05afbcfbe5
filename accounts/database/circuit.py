"""Know whether the database is away, so that only one thread of the process waits for it and everybody else does not.

Whoever is kept waiting by it raises a suspicion. A thread of the circuit then tries to connect; while that fails, or
takes long, everything that needs the database is refused at once. It goes on trying until the database answers.
"""

import logging
import re
import threading
import time
from collections.abc import Callable

from accounts.errors import DatabaseAway
from accounts.metrics import DATABASE_AWAY

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 0.25
# A trial that takes longer than this counts as failed before it has ended.
TRIAL_SECONDS = 2.0
RETRY_AFTER = 2
# libpq puts the address before it: `connection to server at "…", port … failed: FATAL: …`.
REASON = re.compile(r"failed: (?!.* failed: )(.+)")
# psycopg resolves names itself: `failed to resolve host '…': [Errno -2] Name or service not known`.
UNRESOLVED = re.compile(r"failed to resolve host .*](?: |$)(.*)")
MOST_REASON = 200


class DatabaseCircuit:
    """The state of one process's database. `trial` connects and asks something, and raises if that fails."""

    def __init__(self, pause: float = PAUSE_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause = pause
        self._clock = clock
        self._lock = threading.Lock()
        self._trying_since: float | None = None
        self._away_since: float | None = None
        self._stopped = threading.Event()

    @property
    def is_away(self) -> bool:
        """Whether the database did not answer when it was last tried, or is keeping a trial waiting."""
        trying = self._trying_since
        return self._away_since is not None or (trying is not None and self._clock() - trying > TRIAL_SECONDS)

    def check(self) -> None:
        """Raise DatabaseAway while the database is away."""
        if self.is_away:
            raise DatabaseAway(RETRY_AFTER)

    def suspect(self, trial: Callable[[], None], recovered: Callable[[], None] = lambda: None) -> None:
        """Have the database tried until it answers; `recovered` is then called if it was away."""
        with self._lock:
            if self._trying_since is not None:
                return
            self._trying_since = self._clock()
        try:
            threading.Thread(target=self._try, args=(trial, recovered), name="database-circuit", daemon=True).start()
        except RuntimeError:  # the system allows no further thread; the next suspicion tries again
            self._trying_since = None

    def _try(self, trial: Callable[[], None], recovered: Callable[[], None]) -> None:
        while True:
            problem = _problem_of(trial)
            with self._lock:
                if problem is None:
                    break
                first, self._away_since = self._away_since is None, self._away_since or self._clock()
            if first:
                DATABASE_AWAY.set(1)
                logger.error("the database is away (%s); what needs it is refused until it answers", problem)
            self._stopped.wait(self._pause)
        self._end(recovered)

    def _end(self, recovered: Callable[[], None]) -> None:
        since = self._away_since
        try:
            if since is not None:
                recovered()
        except Exception:  # whatever it is: the database answers, and nobody would try it again
            logger.exception("not everything was done that follows an outage of the database")
        with self._lock:
            self._trying_since = self._away_since = None
        if since is not None:
            DATABASE_AWAY.set(0)
            logger.warning("the database answers again after %.1f s", self._clock() - since)


def _problem_of(trial: Callable[[], None]) -> str | None:
    """Return why a trial failed, without addresses; None if it succeeded."""
    try:
        trial()
    except Exception as problem:  # drivers, DNS and TLS have errors of their own
        if unresolved := UNRESOLVED.search(str(problem)):
            return f"{type(problem).__name__}: its host name cannot be resolved: {unresolved[1][:MOST_REASON]}"
        told = REASON.search(str(problem))
        return f"{type(problem).__name__}: {told[1][:MOST_REASON]}" if told else type(problem).__name__
    return None


circuit = DatabaseCircuit()
