"""Celery tasks of this app."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from tools.models import Call
from tools.record import rollups, unfinished

BATCH = 5000


@shared_task
def prune_calls() -> int:
    """Delete calls older than the retention, in batches, so that no lock is held for long; return how many.

    Their rollups are kept longer, and pruned here as well.
    """
    rollups.prune()
    horizon = timezone.now() - settings.CALL_RETENTION
    pruned = 0
    while True:
        oldest = list(Call.objects.filter(started_at__lt=horizon).order_by().values_list("pk", flat=True)[:BATCH])
        if not oldest:
            return pruned
        pruned += Call.objects.filter(pk__in=oldest).delete()[0]


@shared_task
def settle_writes() -> int:
    """End the record of writes whose process ended in mid-call; return how many."""
    return unfinished.settle()
