"""Beat's scheduler: Celery's own, but a broker or a disk that takes nothing is told once, and beat goes on."""

import logging
from typing import Any

from celery.beat import PersistentScheduler, ScheduleEntry, SchedulingError

logger = logging.getLogger(__name__)


class Scheduler(PersistentScheduler):
    """A schedule whose tasks that could not be sent are sent at their next times."""

    _is_refused = False
    _is_unsaved = False

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        """Send a task; Celery would log two stacks for each that cannot be sent."""
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
