"""What clients alone bring about in the log: short lines, and one a second, however many requests they send."""

import logging
import threading
import time
from collections.abc import Callable
from http import HTTPStatus

from accounts.texts.counting import counted
from accounts.tokens import redact
from config.monitoring.messages import message_of, shortened

MOST_CHARACTERS = 200
LINE_SECONDS = 1.0
# Django's loggers of requests that it refuses: those of a kind each, and that of all.
SECURITY, REQUEST = "django.security.", "django.request"


class QuietenClients(logging.Filter):
    """Let one line a second through about refused requests of a kind, without traceback, with the number of others.

    Their kind is the logger and the status: a path that is not there tells nothing of one that is forbidden.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._said_at: dict[tuple[str, int], float] = {}
        self._others: dict[tuple[str, int], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten a line about a request, or drop it; leave any other alone."""
        if not record.name.startswith((SECURITY, REQUEST)):
            return True
        status = int(getattr(record, "status_code", HTTPStatus.BAD_REQUEST))
        # A failure of Patchbay's own needs each line and its traceback, but not a long path either.
        is_of_client = status < HTTPStatus.INTERNAL_SERVER_ERROR
        others = self._others_of((record.name, status)) if is_of_client else 0
        if others is None:
            return False
        # Redacted before, since a part of a token would not be known as one.
        words = shortened(redact(message_of(record)), MOST_CHARACTERS)
        record.msg = f"{words} (and {counted(others, 'other')} since the last such line)" if others else words
        record.args = None
        if is_of_client:
            record.exc_info = record.exc_text = None
        return True

    def _others_of(self, kind: tuple[str, int]) -> int | None:
        """Return how many were left out before this one; None if it is left out itself."""
        now = self._clock()
        with self._lock:
            if now - self._said_at.get(kind, float("-inf")) < LINE_SECONDS:
                self._others[kind] = self._others.get(kind, 0) + 1
                return None
            self._said_at[kind] = now
            return self._others.pop(kind, 0)
