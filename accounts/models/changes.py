"""The log of changes, in which processes look up what others have changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import models
from django.db.models import F

from accounts.changes import Change, change_of, log_with

# A process that has missed more changes than this compares everything.
MOST_MISSED = 1_000
# How many the log holds: by the last one that it knows, a process recognises the log.
LOGGED = 10_000
PRUNED_EVERY = 100


class ChangeCount(models.Model):
    """A single row whose number each announced change increments; the mark is that of the last logged one."""

    number = models.PositiveBigIntegerField(default=1)
    # Null where only processes of an earlier release have counted.
    mark = models.UUIDField(null=True)

    def __str__(self) -> str:
        return f"{self.number} changes"


class LoggedChange(models.Model):
    """Which row the change with this number was of. Only the latest are kept.

    The changes of a transaction share a mark, which no other history has, such as one after a restored backup.
    """

    number = models.PositiveBigIntegerField(primary_key=True)
    kind = models.CharField(max_length=16)
    row_id = models.UUIDField()
    mark = models.UUIDField(null=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.number}: {self.kind} {self.row_id}"


@dataclass(frozen=True)
class Place:
    """How much of the log a process knows."""

    number: int = -1
    mark: UUID | None = None


@dataclass(frozen=True)
class News:
    """What was logged since a place.

    `changes` is None if there were others than those logged; `rewound` says that the database does not hold the history
    that the process knows, so that equal revisions mean nothing.
    """

    place: Place
    changes: list[Change] | None
    rewound: bool = False


def log(changes: Sequence[Change]) -> None:
    """Count and log changes; call it last in a transaction.

    The row of the count stays locked until the commit, so that numbers are committed in order and without gaps.
    """
    counted, mark = ChangeCount.objects.filter(pk=1), uuid4()
    step = {"number": F("number") + len(changes), "mark": mark}
    if not counted.update(**step):
        ChangeCount.objects.get_or_create(pk=1)
        counted.update(**step)
    last = counted.values_list("number", flat=True).get()
    numbered = enumerate((change.written for change in changes), last - len(changes) + 1)
    rows = [LoggedChange(number=number, kind=kind, row_id=row_id, mark=mark) for number, (kind, row_id) in numbered]
    # A restored database may have numbers in its log that its count has yet to reach.
    LoggedChange.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["number"], update_fields=["kind", "row_id", "mark"]
    )
    if last // PRUNED_EVERY != (last - len(changes)) // PRUNED_EVERY:
        LoggedChange.objects.filter(number__lte=last - LOGGED).delete()


log_with(log)


def news_since(known: Place) -> News:
    """Return what has changed since a place in the log."""
    row = ChangeCount.objects.filter(pk=1).values_list("number", "mark").first()
    now = Place(*row) if row else Place(0)
    if now == known:
        return News(now, [])
    if known.number < 0:
        return News(now, None)
    if now.number <= known.number or not _remembers(known):
        return News(now, None, rewound=True)
    if now.number - known.number > MOST_MISSED:
        return News(now, None)
    logged = LoggedChange.objects.filter(number__gt=known.number, number__lte=now.number).order_by("number")
    found = [change_of(*written) for written in logged.values_list("kind", "row_id")]
    # A process of an earlier release counts its changes, but does not log them.
    changes = [change for change in found if change is not None]
    return News(now, changes if len(changes) == now.number - known.number else None)


def _remembers(known: Place) -> bool:
    return known.mark is None or LoggedChange.objects.filter(mark=known.mark).exists()
