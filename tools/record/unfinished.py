"""Writes whose process ended in mid-call: they stay pending until they are settled as unknown.

A process may be alive after all, and only have been unable to reach the database. What it knows then replaces
*unknown*, in the row and in the figures; both sides lock the row first, so neither overwrites the other unseen.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Environment
from accounts.texts.counting import counted
from tools.models import Call, Outcome
from tools.models.calls import FAILED
from tools.record import rollups
from tools.record.keys import CallKeys

logger = logging.getLogger(__name__)

WORDS = (
    "It is not known whether the vendor did it: the process ended before the answer came. "
    "Look at the record before you repeat it."
)
BATCH = 500
LATELY = timedelta(hours=24)


def settle() -> int:
    """Turn writes that are pending for longer than any call takes into unknown ones; return how many."""
    settled = 0
    while batch := _settle_batch():
        settled += batch
    if settled:
        logger.warning(
            "It is not known whether the vendor did %s: the process ended before the answer came. "
            "The record of calls has the outcome `unknown` for them.",
            counted(settled, "write"),
        )
    return settled


@transaction.atomic
def _settle_batch() -> int:
    overdue = Call.objects.filter(outcome=Outcome.PENDING, started_at__lt=timezone.now() - settings.CALL_UNKNOWN_AFTER)
    # A row that is locked is being ended by its own process.
    chosen = list(overdue.order_by().select_for_update(skip_locked=True).values_list("pk", "started_at")[:BATCH])
    if chosen:
        keys = CallKeys.of(chosen)
        keys.calls().update(outcome=Outcome.UNKNOWN, error=WORDS)
        rollups.add_up(keys)
    return len(chosen)


def reopen(keys: CallKeys) -> None:
    """Lock calls whose end is known now, and take those that were settled out of the figures, to which they return."""
    # In the order of their keys, so that concurrent processes cannot deadlock.
    rows = keys.calls().order_by("pk").select_for_update().values_list("pk", "started_at", "outcome")
    settled = [(number, began) for number, began, outcome in rows if outcome == Outcome.UNKNOWN]
    if settled:
        rollups.take_back(CallKeys.of(settled))


def oldest_pending() -> datetime | None:
    """Return when the oldest pending write began."""
    pending = Call.objects.filter(outcome=Outcome.PENDING)
    return pending.order_by("started_at").values_list("started_at", flat=True).first()


def unknown_lately() -> int:
    """Return how many writes of the last 24 hours have an unknown outcome."""
    # With environments and failures, in the words of the partial index on these.
    calls: QuerySet[Call] = Call.objects.filter(FAILED, environment_id__in=Environment.objects.values("pk"))
    return calls.filter(outcome=Outcome.UNKNOWN, started_at__gte=timezone.now() - LATELY).count()
