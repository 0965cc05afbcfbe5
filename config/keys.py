"""The check of keys when a process starts: other keys stop it, a database that is away does not."""

import logging
import threading
import time

from django.db import DatabaseError, connection

from accounts.errors import KeysUnusable
from accounts.keys.register import settle_keys
from config.start import has_started

logger = logging.getLogger(__name__)

# A database that is silent must not keep a process from starting for longer.
CHECK_SECONDS = 10.0
AGAIN_SECONDS = 5.0


class KeyCheckThread(threading.Thread):
    """Check the keys in a thread of its own, since a silent database may never answer; try again while it is away."""

    def __init__(self) -> None:
        super().__init__(name="key-check", daemon=True)
        self.tried = threading.Event()
        self.unusable: KeysUnusable | None = None
        self.unchecked = "the database did not answer"

    def run(self) -> None:
        while self._is_unchecked():
            time.sleep(AGAIN_SECONDS)

    def _is_unchecked(self) -> bool:
        try:
            settle_keys()
            self.unchecked = ""
        except KeysUnusable as unusable:
            self.unusable, self.unchecked = unusable, ""
            if self.tried.is_set():  # the process has started meanwhile
                logger.error("%s", unusable)
        except DatabaseError as failure:
            self.unchecked = type(failure).__name__
        finally:
            connection.close()
            self.tried.set()
        return bool(self.unchecked)


def check_at_start() -> None:
    """Raise KeysUnusable for other keys than the database's.

    While the database is away or not migrated, nothing can be checked: the process starts, and checks later.
    """
    check = KeyCheckThread()
    check.start()
    check.tried.wait(CHECK_SECONDS)
    if check.unusable is not None:
        raise check.unusable
    if check.unchecked:
        logger.warning("The keys are not checked yet: %s. /readyz tells when they are.", check.unchecked)
    has_started()
