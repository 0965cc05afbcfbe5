"""Whether beat and worker are alive: beat sends a task again and again, and the worker that does it leaves a mark.

Either of them that is dead lets the mark grow old. If the broker's queue grows too, it is the worker.
"""

from datetime import timedelta

from django.utils import timezone

from accounts.models import Heartbeat

# Three marks missed, and time for a worker that is busy.
OVERDUE = timedelta(minutes=3)
_ROW = 1


def leave_mark() -> None:
    """Note that beat and worker are alive."""
    Heartbeat.objects.update_or_create(pk=_ROW, defaults={"at": timezone.now()})


def silence() -> timedelta | None:
    """Return how old the mark is; None if there never was one."""
    at = Heartbeat.objects.filter(pk=_ROW).values_list("at", flat=True).first()
    return None if at is None else max(timezone.now() - at, timedelta())


def silence_words(watched: timedelta) -> str:
    """Return what is wrong with beat or worker, for an operator; empty if nothing is.

    `watched` is for how long the asking process has been running: with a whole installation, they start as it does.
    """
    since = silence()
    if watched < OVERDUE or (since is not None and since < OVERDUE):
        return ""
    told = "never" if since is None else f"for {int(since.total_seconds()) // 60} minutes not"
    return (
        f"beat and worker have {told} done their work: expired servers stay listed, nothing is pruned, no invitation "
        "is sent, no OAuth token refreshed ahead of time. Start the one that is not running"
    )
