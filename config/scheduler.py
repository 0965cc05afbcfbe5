"""Beat's scheduler: Celery's, of which one at a time works with a file."""

import fcntl
import os
from pathlib import Path
from typing import Any

from celery.beat import PersistentScheduler


class Scheduler(PersistentScheduler):
    """Keeps its schedule in a file, and that file from another beat, which would send every task a second time."""

    schedule_filename: str

    def setup_schedule(self) -> None:
        """Open the schedule; end the process if another beat has it, or this one might delete it as damaged."""
        self._lock = _lock_or_exit(Path(f"{self.schedule_filename}.lock"))
        super().setup_schedule()


def _lock_or_exit(path: Path) -> Any:
    """Return the locked file, which the system unlocks when the process ends, however it does."""
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        raise SystemExit(
            f"Patchbay cannot start: another beat (process {file.read().strip() or 'unknown'}) works with "
            f"{path.with_suffix('')}, and two would send every task twice. Stop that one, or give this installation "
            "a folder of its own with DATA_DIR."
        ) from None
    except OSError:
        pass  # a file system without locks
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
