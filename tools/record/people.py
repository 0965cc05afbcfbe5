"""For whom an environment was called: calls, reads and writes, failures and the last call of each person."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from tools.models import Call
from tools.models.calls import FAILED
from tools.record.activity import SEARCHED

PEOPLE = 200
NAMED_CLIENTS = 3


@dataclass(frozen=True, slots=True)
class PersonUse:
    """A person's calls; `name` is their user name at that time, empty for calls that nobody signed in for.

    `clients` are the names of the clients that called most, as these give them.
    """

    name: str
    calls: int
    writes: int
    errors: int
    last_at: datetime
    clients: tuple[str, ...]

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
    # The period again, so that of a record by month only its partitions are read.
    searched = Call.objects.filter(pk__in=newest.values("pk")[:SEARCHED], started_at__gte=since).order_by()
    counted = (
        searched.values_list("person")
        .annotate(
            calls=Count("pk"),
            writes=Count("pk", filter=Q(access="write")),
            errors=Count("pk", filter=FAILED),
            last_at=Max("started_at"),
        )
        .order_by("-calls", "person")
    )
    rows = list(counted[:PEOPLE])
    clients = _clients_of([name for name, *_ in rows], searched)
    found = [
        PersonUse(name, calls, writes, errors, last_at, tuple(clients[name][:NAMED_CLIENTS]))
        for name, calls, writes, errors, last_at in rows
    ]
    return UseByPeople(found, sum(person.calls for person in found) >= SEARCHED)


def _clients_of(people: list[str], calls: QuerySet[Call]) -> dict[str, list[str]]:
    """Return the names of each person's clients, most calls first."""
    named = calls.filter(person__in=people).exclude(client="")
    found: dict[str, list[str]] = {name: [] for name in people}
    counted = named.values_list("person", "client").annotate(calls=Count("pk"))
    for person, client, _ in counted.order_by("-calls", "client"):
        found[person].append(client)
    return found
