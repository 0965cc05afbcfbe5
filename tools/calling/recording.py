"""Record a call, however it ends: its outcome, its duration, and why it failed."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tools.errors import (
    AccountBusy,
    AnswerUnusable,
    AttachmentUnknown,
    CallFailed,
    ClientGone,
    CredentialsRefused,
    InvalidArguments,
    RateLimited,
    VendorDown,
    VendorRefused,
    VendorUnreachable,
)
from tools.models import Outcome
from tools.record.metrics import count_call
from tools.record.notes import CallNote
from tools.record.recorder import recorder

OUTCOMES: dict[type[CallFailed], str] = {
    InvalidArguments: Outcome.INVALID,
    AttachmentUnknown: Outcome.INVALID,
    RateLimited: Outcome.RATE_LIMITED,
    AccountBusy: Outcome.BUSY,
    VendorRefused: Outcome.REFUSED,
    CredentialsRefused: Outcome.REFUSED,
    VendorUnreachable: Outcome.UNREACHABLE,
    VendorDown: Outcome.UNREACHABLE,
    ClientGone: Outcome.CANCELLED,
    AnswerUnusable: Outcome.UNUSABLE,
}


@contextmanager
def recorded(note: CallNote) -> Iterator[None]:
    """Write a call into the record of calls when it has ended."""
    started = time.perf_counter()
    try:
        yield
        note.outcome = Outcome.OK
    except CallFailed as failed:
        note.outcome, note.error = OUTCOMES.get(type(failed), Outcome.FAILED), _noted(failed)
        raise
    except asyncio.CancelledError as cancelled:
        note.outcome, note.error = Outcome.CANCELLED, _why_cancelled(cancelled, note)
        raise
    finally:
        note.duration_ms = (time.perf_counter() - started) * 1000
        recorder.add(note)
        count_call(note)


def _why_cancelled(cancelled: asyncio.CancelledError, note: CallNote) -> str:
    """Return why a call ends: whoever cancels it may say so (asyncio, Task.cancel)."""
    why = str(cancelled) or "The client went away before the answer came."
    return f"{why} Nothing was sent." if note.before_ms is None else why


def _noted(failed: CallFailed) -> str:
    details = getattr(failed, "problems", None) or [getattr(failed, "words", "")]
    return " ".join([failed.reason, *details]).strip()
