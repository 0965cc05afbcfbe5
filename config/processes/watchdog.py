"""The last resort of a stop: a process that should have ended, and hangs, is ended.

Python waits at its end for every thread of a pool, and a thread may wait for a database, a broker or a disk that does
not answer. What is lost then is told.
"""

import logging
import os
import threading
from collections.abc import Callable

from django.conf import settings

logger = logging.getLogger(__name__)

# For what follows the last request: the record of calls, connections, files.
MARGIN_SECONDS = 3.0
# Before a supervisor loses patience, five seconds after SHUTDOWN_SECONDS.
TELL_SECONDS = 1.0
HUNG = 70  # EX_SOFTWARE of sysexits.h, to tell it from a clean end


def end_within_limit(unfinished: Callable[[], str]) -> None:
    """End the process SHUTDOWN_SECONDS and a margin from now, unless it has ended by then.

    `unfinished` says what it is still doing, for the log.
    """
    timer = threading.Timer(settings.SHUTDOWN_SECONDS + MARGIN_SECONDS, _end, [unfinished])
    timer.name, timer.daemon = "watchdog", True
    timer.start()


def _end(unfinished: Callable[[], str]) -> None:
    """End the process, whether or not it can say what it was doing: whatever it hangs in may keep it from that too."""
    threads = sorted(thread.name for thread in threading.enumerate() if thread is not threading.current_thread())
    telling = threading.Thread(target=_tell, args=[unfinished, threads], daemon=True)
    try:
        telling.start()
        telling.join(TELL_SECONDS)
    finally:
        os._exit(HUNG)


def _tell(unfinished: Callable[[], str], threads: list[str]) -> None:
    try:
        _log(unfinished, threads)
    except Exception:  # whatever it is, something is said
        logger.exception("the process is ended; what it was doing cannot be told")
    logging.shutdown()


def _log(unfinished: Callable[[], str], threads: list[str]) -> None:
    logger.critical(
        "the process does not end within SHUTDOWN_SECONDS, so it is ended; %s; threads: %s",
        unfinished(),
        ", ".join(threads),
    )
