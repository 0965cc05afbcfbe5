"""For whom an environment was called: calls, reads and writes, failures and the last call of each person."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Q

from tools.models import Call
from tools.models.calls import FAILED
from tools.record.activity import SEARCHED

PEOPLE = 200


@dataclass(frozen=True, slots=True)
class PersonUse:
    """A person's calls; `name` is their user name at that time, empty for calls that nobody signed in for."""

    name: str
    calls: int
    writes: int
    errors: int
    last_at: datetime

    @property
    def reads(self) -> int:
        return self.calls - self.writes

    @property
    def error_rate(self) -> float:
        """The share of errors, in percent."""
        return 100 * self.errors / self.calls


@dataclass(frozen=True, slots=True)
class UseByPeople:
    """Who called, most calls first; `capped` says that only the newest SEARCHED calls were counted."""

    people: list[PersonUse]
    capped: bool


def use_by_people(environment_id: UUID, since: datetime) -> UseByPeople:
    """Return for whom an environment's tools were called since a moment, at most PEOPLE of them."""
    newest = Call.objects.filter(environment_id=environment_id, started_at__gte=since).order_by("-started_at")
    counted = (
        # The period again, so that of a record by month only its partitions are read.
        Call.objects.filter(pk__in=newest.values("pk")[:SEARCHED], started_at__gte=since)
        .order_by()
        .values_list("person")
        .annotate(
            calls=Count("pk"),
            writes=Count("pk", filter=Q(access="write")),
            errors=Count("pk", filter=FAILED),
            last_at=Max("started_at"),
        )
        .order_by("-calls", "person")
    )
    found = [PersonUse(*row) for row in counted[:PEOPLE]]
    return UseByPeople(found, sum(person.calls for person in found) >= SEARCHED)
