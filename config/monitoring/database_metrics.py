"""Figures that no web process has in its memory: what worker and beat did, and writes whose process ended.

They are read when a collector asks, at most once in KEEP_SECONDS, in a thread of their own.
"""

import asyncio
import time
from datetime import datetime

from django.db import connection
from django.utils import timezone
from prometheus_client import Gauge

from accounts import heartbeat
from config.readiness.rounds import CHECK_SECONDS
from config.readiness.threaded import ThreadedWork
from tools.record import unfinished

KEEP_SECONDS = 5.0
NOT_KNOWN = float("nan")
NEVER = float("inf")

LAST_BEAT = Gauge(
    "patchbay_last_beat_seconds",
    "Seconds since a worker did what beat sent: +Inf if none ever did; NaN where the database did not answer.",
)
PENDING_WRITE = Gauge(
    "patchbay_oldest_pending_write_seconds",
    "Age of the oldest write whose outcome is not recorded yet; NaN where the database did not answer.",
)
UNKNOWN_WRITES = Gauge(
    "patchbay_unknown_writes",
    "Writes of the last 24 hours of which nobody knows whether the vendor did them; NaN without the database.",
)


class DatabaseMetrics:
    """Reads the gauges' values, for all collectors of a process together."""

    def __init__(self) -> None:
        self._look = ThreadedWork(_look)
        self._looked_at = float("-inf")

    async def measure(self) -> None:
        """Set the gauges."""
        if time.monotonic() - self._looked_at < KEEP_SECONDS:
            return
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self._look()
            self._looked_at = time.monotonic()
        except Exception:  # a database that is down must not fail the scrape
            for gauge in (LAST_BEAT, PENDING_WRITE, UNKNOWN_WRITES):
                gauge.set(NOT_KNOWN)


def _look() -> None:
    try:
        silence = heartbeat.silence()
        LAST_BEAT.set(NEVER if silence is None else silence.total_seconds())
        PENDING_WRITE.set(_age(unfinished.oldest_pending()))
        UNKNOWN_WRITES.set(unfinished.unknown_lately())
    finally:
        connection.close()  # it belongs to this thread, which ends now


def _age(moment: datetime | None) -> float:
    return 0.0 if moment is None else max((timezone.now() - moment).total_seconds(), 0.0)


database_metrics = DatabaseMetrics()
