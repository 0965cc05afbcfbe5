"""Beat's scheduler: Celery's own, but one at a time works with a file, and what takes nothing is told once.

A broker or a disk that takes nothing does not end it.
"""

import fcntl
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from celery.beat import PersistentScheduler, ScheduleEntry, SchedulingError

logger = logging.getLogger(__name__)


class Scheduler(PersistentScheduler):
    """Keeps its schedule in a file, and that file from another beat, which would send every task a second time.

    Tasks that could not be sent are sent at their next times.
    """

    schedule_filename: str
    _lock: int | None = None
    _is_refused = False
    _is_unsaved = False

    def setup_schedule(self) -> None:
        """Open the schedule; end the process if another beat has it, or this one might delete it as damaged."""
        self._lock = _lock_or_exit(Path(f"{self.schedule_filename}.lock"))
        super().setup_schedule()

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        """Send a task; Celery would log two stacks for each that cannot be sent."""
        logger.info("sending the due task %s", entry.name)
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as problem:
            if not self._is_refused:
                logger.error("tasks cannot be sent, and are tried again at their next times: %s", problem)
            self._is_refused = True
        else:
            if self._is_refused:
                logger.warning("tasks can be sent again")
            self._is_refused = False

    def sync(self) -> None:
        """Save when each task was last sent; what cannot be saved is saved with the next."""
        try:
            super().sync()
        except OSError as problem:
            if not self._is_unsaved:
                logger.error("the schedule cannot be saved, and is tried again: %s", problem.strerror)
            self._is_unsaved = True
        else:
            self._is_unsaved = False

    def close(self) -> None:
        """Save and close; a schedule that is lost begins anew."""
        try:
            super().close()
        except OSError as problem:
            logger.error("the schedule is not saved: %s", problem.strerror)
        finally:
            self._unlock()

    def _unlock(self) -> None:
        # Celery closes a scheduler more than once.
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _lock_or_exit(path: Path) -> int:
    """Return the descriptor of the locked file, which the system unlocks when the process ends, however it does."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(lock, 20).decode().strip() or "unknown"
        os.close(lock)
        raise SystemExit(
            f"Patchbay cannot start: another beat (process {holder}) works with {path.with_suffix('')}, and two would "
            "send every task twice. Stop that one, or give this installation a folder of its own with DATA_DIR."
        ) from None
    except OSError:
        pass  # a file system without locks
    with suppress(OSError):  # on a full disk the lock holds all the same
        os.truncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
    return lock
