"""The check of keys when a process starts: other keys stop it, a database that is away does not."""

import logging
import threading
import time

from django.db import DatabaseError, connection

from accounts.errors import KeysUnusable
from accounts.keys.register import settle_keys
from config.processes.failed_end import end_as_failed
from config.start import database_reason, has_started

logger = logging.getLogger(__name__)

# A database that is silent must not keep a process from starting for longer.
CHECK_SECONDS = 10.0
# Until the database can be asked, the process serves with keys that may be wrong.
AGAIN_SECONDS = 1.0


class KeyCheckThread(threading.Thread):
    """Check the keys in a thread of its own, since a silent database may never answer; try again while it is away."""

    def __init__(self) -> None:
        super().__init__(name="key-check", daemon=True)
        self.tried = threading.Event()
        self.unchecked = "it did not answer"
        self._lock = threading.Lock()
        self._unusable: KeysUnusable | None = None
        self._goes_on_alone = False

    def run(self) -> None:
        while self._is_unchecked():
            time.sleep(AGAIN_SECONDS)

    def leave_alone(self) -> None:
        """Let the process start; raise KeysUnusable if its keys are known to be wrong."""
        with self._lock:
            self._goes_on_alone = True
            if self._unusable is not None:
                raise self._unusable

    def _is_unchecked(self) -> bool:
        try:
            settle_keys()
            self.unchecked = ""
        except KeysUnusable as unusable:
            self.unchecked = ""
            self._refuse(unusable)
        except DatabaseError as failure:
            self.unchecked = database_reason(failure)
        finally:
            connection.close()
            self.tried.set()
        return bool(self.unchecked)

    def _refuse(self, unusable: KeysUnusable) -> None:
        """Stop the start, or end the process that has started meanwhile."""
        with self._lock:
            self._unusable = unusable
            if self._goes_on_alone:
                logger.critical("The process ends: %s", unusable)
                end_as_failed()


def check_at_start() -> None:
    """Raise KeysUnusable for other keys than the database's.

    While the database is away or not migrated, nothing can be checked: the process starts, checks later, and ends then
    if its keys are others.
    """
    check = KeyCheckThread()
    check.start()
    check.tried.wait(CHECK_SECONDS)
    check.leave_alone()
    if check.unchecked:
        logger.warning(
            "The keys are not checked yet, since the database cannot be used (%s). /readyz tells when they are.",
            check.unchecked,
        )
    has_started()
