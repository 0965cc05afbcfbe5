"""Celery tasks of this app."""

from celery import shared_task

from tools.record import months, pruning, unfinished


@shared_task
def prune_calls() -> int:
    """Delete calls and figures whose retention is over; return how many calls."""
    return pruning.prune()


@shared_task
def make_months() -> int:
    """Make the partitions of the coming months; return how many."""
    return len(months.make_coming())


@shared_task
def settle_writes() -> int:
    """End the record of writes whose process ended in mid-call; return how many."""
    return unfinished.settle()
