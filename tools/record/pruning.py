"""Delete calls whose retention is over: whole months at once where they have partitions, and the rest in batches."""

from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from tools.models import Call
from tools.record import months, rollups

BATCH = 5000


def prune() -> int:
    """Delete calls older than the retention, and figures that are kept longer after theirs; return how many calls."""
    rollups.prune()
    horizon = timezone.now() - settings.CALL_RETENTION
    return months.drop_before(horizon) + _delete(_left_by_drops(horizon))


def _left_by_drops(horizon: datetime) -> QuerySet[Call]:
    """Return the calls before a time, without those of months that wait to be dropped."""
    calls = Call.objects.filter(started_at__lt=horizon)
    for month in months.ended(horizon):
        calls = calls.exclude(started_at__gte=month.begins, started_at__lt=month.ends)
    return calls


def _delete(calls: QuerySet[Call]) -> int:
    pruned = 0
    # In batches, so that no lock is held for long.
    while oldest := list(calls.order_by().values_list("pk", flat=True)[:BATCH]):
        pruned += calls.filter(pk__in=oldest).delete()[0]
    return pruned
