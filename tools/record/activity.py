"""Find calls in the record by a filter, newest first, however many there are.

Pages are found without reading the record unbounded. An index gives the calls of an environment, account or server in
order; any other condition is searched for in the newest SEARCHED of them, and the next page continues from there.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Max, Q, QuerySet

from tools.models import Call, Outcome
from tools.models.calls import FAILED, UNFAILED

ANY_FAILURE = "failures"
PAGE = 50
SEARCHED = 50_000
LABELS: dict[str, str] = dict(Outcome.choices)


@dataclass(frozen=True, slots=True)
class CallFilter:
    """A filter on the calls of an environment; an empty field matches every call."""

    environment_id: UUID
    account_id: UUID | None = None
    server_id: UUID | None = None
    tool: str = ""
    client: str = ""
    outcome: str = ""
    via: str = ""
    transport: str = ""
    revision: str = ""
    framework: str = ""
    person: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_searching(self) -> bool:
        """Whether it has a condition that no index covers."""
        return bool(self.tool) or self.of_sender

    @property
    def of_sender(self) -> bool:
        """Whether it has a condition on who called, and how."""
        return any((self.client, self.via, self.transport, self.revision, self.framework, self.person))

    @property
    def wants_failures(self) -> bool:
        """Whether it leaves out calls that did not fail."""
        return self.outcome == ANY_FAILURE or (self.outcome != "" and self.outcome not in UNFAILED)

    def within(self) -> QuerySet[Call]:
        """Return the calls that match the conditions with an index."""
        if self.server_id is not None:
            calls = Call.objects.filter(server_id=self.server_id, environment_id=self.environment_id)
        elif self.account_id is not None:
            calls = Call.objects.filter(account_id=self.account_id, environment_id=self.environment_id)
        else:
            calls = Call.objects.filter(environment_id=self.environment_id)
        if self.server_id is not None and self.account_id is not None:
            calls = calls.filter(account_id=self.account_id)
        if self.wants_failures:
            # In the very words of the partial indexes on failures.
            calls = calls.filter(FAILED)
        if self.since is not None:
            calls = calls.filter(started_at__gte=self.since)
        if self.until is not None:
            calls = calls.filter(started_at__lte=self.until)
        return calls

    def calls(self) -> QuerySet[Call]:
        calls = self.within()
        if self.tool:
            calls = calls.filter(tool=self.tool)
        if self.client:
            calls = calls.filter(client__icontains=self.client)
        if self.framework:
            calls = calls.filter(framework__icontains=self.framework)
        exact = {name: value for name in ("via", "transport", "revision", "person") if (value := getattr(self, name))}
        calls = calls.filter(**exact)
        if self.outcome and self.outcome != ANY_FAILURE:
            calls = calls.filter(outcome=self.outcome)
        return calls

    def matches(self, call: Call) -> bool:
        """Return whether a call matches, without a query."""
        return (
            call.environment_id == self.environment_id
            and self.account_id in {None, call.account_id}
            and self.server_id in {None, call.server_id}
            and self.tool in {"", call.tool}
            and self.client.lower() in call.client.lower()
            and self.framework.lower() in call.framework.lower()
            and self.via in {"", call.via}
            and self.transport in {"", call.transport}
            and self.revision in {"", call.revision}
            and self.person in {"", call.person}
            and (call.outcome not in UNFAILED if self.outcome == ANY_FAILURE else self.outcome in {"", call.outcome})
            and (self.since is None or call.started_at >= self.since)
            and (self.until is None or call.started_at <= self.until)
        )


@dataclass(frozen=True, slots=True)
class CallPosition:
    """The call after which a page begins; written in a URL as its microseconds and its number."""

    started_at: datetime
    call_id: int

    def __str__(self) -> str:
        return f"{_micros(self.started_at)}-{self.call_id}"

    @classmethod
    def parse(cls, text: str) -> "CallPosition | None":
        """Return the position written in a text; None for any other text."""
        micros, _, call_id = text.partition("-")
        if not (micros.isascii() and micros.isdigit() and call_id.isascii() and call_id.isdigit()):
            return None
        # Longer numbers would overflow a datetime, or the database's integers.
        if len(micros) > 17 or len(call_id) > 18:
            return None
        return cls(datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(micros)), int(call_id))


@dataclass(frozen=True, slots=True)
class CallPage:
    """Some calls, newest first. `searched_to` is how far back a search got that did not see all calls."""

    calls: list[Call]
    next: CallPosition | None
    searched_to: datetime | None


def page_of(wanted: CallFilter, after: CallPosition | None = None, size: int = PAGE) -> CallPage:
    """Return the calls that follow a position, or the newest."""
    horizon = _horizon(wanted, after)
    calls = _following(wanted.calls(), after)
    if horizon is not None:
        calls = calls.filter(started_at__gte=horizon)
    found = list(calls.order_by("-started_at", "-pk")[: size + 1])
    if len(found) > size:
        last = found[size - 1]
        return CallPage(found[:size], CallPosition(last.started_at, last.pk), None)
    if horizon is None:
        return CallPage(found, None, None)
    # All calls at the horizon's own moment have been seen.
    return CallPage(found, CallPosition(horizon, 0), horizon)


def newest_of(calls: QuerySet[Call], count: int) -> QuerySet[Call]:
    """Keep the calls that are among the newest `count` of the whole record, by primary key."""
    newest = Call.objects.aggregate(newest=Max("pk"))["newest"] or 0
    # Not a slice, which could not be filtered further.
    return calls.filter(pk__gt=newest - count)


def following(wanted: CallFilter, after: CallPosition | None) -> QuerySet[Call]:
    """Return all calls after a position, newest first, for callers that read in pieces: the search is unbounded."""
    return _following(wanted.calls(), after).order_by("-started_at", "-pk")


def _following(calls: QuerySet[Call], after: CallPosition | None) -> QuerySet[Call]:
    if after is None:
        return calls
    # `(started_at, pk)` below the position's, in a form that lets an index begin at started_at.
    behind = Q(started_at__lt=after.started_at) | Q(pk__lt=after.call_id)
    return calls.filter(behind, started_at__lte=after.started_at)


def _horizon(wanted: CallFilter, after: CallPosition | None) -> datetime | None:
    """Return how far back a search may look; None if it may see everything."""
    if not (wanted.is_searching or (wanted.outcome and wanted.outcome != ANY_FAILURE)):
        return None
    within = _following(wanted.within(), after).order_by("-started_at")
    beyond = within.values_list("started_at", flat=True)[SEARCHED : SEARCHED + 1]
    return next(iter(beyond), None)


class CallSample(NamedTuple):
    """The values of a call that figures need."""

    started_at: datetime
    duration_ms: float | None
    outcome: str
    tool: str
    server_id: UUID | None
    account_id: UUID


def newest_measured(wanted: CallFilter, limit: int) -> list[CallSample]:
    """Return samples of the newest calls that match; a search looks through the newest SEARCHED."""
    calls, horizon = wanted.calls(), _horizon(wanted, None)
    if horizon is not None:
        calls = calls.filter(started_at__gte=horizon)
    return [CallSample(*row) for row in calls.order_by("-started_at", "-pk").values_list(*CallSample._fields)[:limit]]


def _micros(moment: datetime) -> int:
    return int((moment - datetime.fromtimestamp(0, UTC)) / timedelta(microseconds=1))


def outcomes() -> list[tuple[str, str]]:
    """Return the outcomes to choose from, in words."""
    return [(ANY_FAILURE, "Any failure"), *((value, words_of(value)) for value in Outcome.values)]


def words_of(outcome: str) -> str:
    """Return a short label of an outcome; one that only a newer release knows is its own label."""
    return "Pending" if outcome == Outcome.PENDING else LABELS.get(outcome, outcome)
