"""The end of a process that should not have started: orderly, but with a status that says so."""

import atexit
import logging
import os
import signal

FAILED = 1


def end_as_failed() -> None:
    """Ask the process to end as SIGTERM does, but exit with 1: whatever watches it must not think that it is done."""
    # uvicorn and Celery exit with 0 by themselves; this comes after them and after every thread.
    atexit.register(_exit)
    os.kill(os.getpid(), signal.SIGTERM)


def _exit() -> None:
    logging.shutdown()
    os._exit(FAILED)
