"""Celery tasks of this app."""

from importlib import import_module

from celery import shared_task

from tools.evaluation import runs
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


@shared_task
def run_evaluations() -> bool:
    """Carry out the evaluation that has waited longest; return whether there was one."""
    run = runs.claim_next()
    if run is not None:
        # Imported here, since what asks language models takes some megabytes of a worker that may never need it.
        import_module("tools.evaluation.running").carry_out(run)
    return run is not None
