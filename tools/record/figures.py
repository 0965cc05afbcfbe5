"""Figures on the calls of a filter: counts and percentiles, by time, tool and server.

Figures on an environment, account, server or tool over more than an hour or two are read from the sums by hour and day
(`tools/record/rollups.py`); anything else is counted exactly, from the newest CALLS calls that match.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.utils import timezone

from tools.models import CallFigures
from tools.models.calls import UNFAILED
from tools.models.figures import BOUNDS, BUCKETS, NOBODY, Grain, Scope
from tools.record.activity import CallFilter, CallSample, newest_measured
from tools.record.rollups import HOURS_KEPT, SUMS

CALLS = 2000
# Up to these lengths, a period begins on the hour, is summed by the hour, and is counted call by call.
BY_HOUR = timedelta(hours=48)
IN_HOURS = timedelta(days=8)
COUNTED = timedelta(hours=2)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WIDTHS = (
    timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15),
    HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 365 * DAY,
)  # fmt: skip
MOST_BARS = 75
SERVERS = 10
TOOLS = 200


class Percentiles(NamedTuple):
    """Durations in milliseconds."""

    p50: float
    p95: float
    p99: float


SHARES = Percentiles(0.5, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many calls there were, how many of them failed, and how long they took; `times` is None if none is known."""

    calls: int = 0
    errors: int = 0
    times: Percentiles | None = None

    @property
    def error_rate(self) -> float:
        """The share of errors, in percent."""
        return 100 * self.errors / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class Bar:
    """The tally of one interval."""

    start: datetime
    end: datetime
    tally: Tally


@dataclass(frozen=True, slots=True)
class TallyRow:
    """The tally of one tool (`key` is its name) or one server (`key` is its id, None for calls without one)."""

    key: Any
    tally: Tally
    account_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures on the calls between `since` and `until`.

    `counted` is the number of calls counted, None if the figures come from sums; `capped` says that there are more.
    Percentiles from sums are read from a histogram whose bucket bounds are each 1.5 times the previous one.
    """

    since: datetime
    until: datetime
    total: Tally
    bars: list[Bar]
    counted: int | None = None
    capped: bool = False


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The same calls by tool and by server, most called first; `servers` is None if they are not known."""

    tools: list[TallyRow]
    servers: list[TallyRow] | None

    def slowest(self, most: int = 5) -> list[TallyRow]:
        """Return the slowest tools, by their 95th percentile."""
        timed = [line for line in self.tools if line.tally.times is not None]
        return sorted(timed, key=lambda line: -(line.tally.times or SHARES).p95)[:most]

    def most_failing(self, most: int = 5) -> list[TallyRow]:
        """Return the tools with the most errors."""
        failing = [line for line in self.tools if line.tally.errors]
        return sorted(failing, key=lambda line: (-line.tally.errors, -line.tally.error_rate))[:most]


def figures_of(wanted: CallFilter, since: datetime, until: datetime) -> Figures:
    """Return figures on the calls of a filter, by time."""
    if _is_counted(wanted, since, until):
        return _counted_figures(wanted, since, until)
    in_hours = until - since <= IN_HOURS and not _needs_lost_hours(wanted, since)
    grain = Grain.HOUR if in_hours else Grain.DAY
    since = floor(since, HOUR if until - since <= BY_HOUR else DAY)
    rows = _rows(wanted, Scope.SERVER if wanted.account_id and not wanted.tool else None, grain, since, until)
    width = width_for(since, until, HOUR if grain == Grain.HOUR else DAY)
    sums: dict[datetime, list[float]] = {}
    for start, *values in _summed(rows, "start"):
        _add(sums.setdefault(floor(start, width), [0.0] * len(SUMS)), values)
    bars = [Bar(start, end, _tally(sums.get(start))) for start, end in pieces(since, until, width)]
    whole = [0.0] * len(SUMS)
    for values in sums.values():
        _add(whole, values)
    return Figures(since, until, _tally(whole), bars)


def breakdown_of(wanted: CallFilter, since: datetime, until: datetime) -> Breakdown:
    """Return figures on the calls of a filter, by tool and by server."""
    if _is_counted(wanted, since, until):
        calls = newest_measured(replace(wanted, since=since, until=until), CALLS)
        servers = _lines(calls, lambda call: (call.server_id, call.account_id))
        return Breakdown(_lines(calls, lambda call: (call.tool, None))[:TOOLS], servers[:SERVERS])
    by_hour = until - since <= BY_HOUR
    grain, since = (Grain.HOUR, floor(since, HOUR)) if by_hour else (Grain.DAY, floor(since, DAY))
    rows = _rows(wanted, None, grain, since, until)
    tools = [
        TallyRow(tool, _tally(values)) for tool, *values in _summed(rows, "tool").order_by("-calls", "tool")[:TOOLS]
    ]
    if wanted.account_id is None and wanted.tool:
        return Breakdown(tools, None)
    scope = Scope.SERVER_TOOL if wanted.tool else Scope.SERVER
    return Breakdown(tools, list(_server_lines(_rows(wanted, scope, grain, since, until))))


def _is_counted(wanted: CallFilter, since: datetime, until: datetime) -> bool:
    """Return whether calls are counted one by one.

    Sums are not split by client, its way, single outcome or minute, and after a while an account has none by hour.
    """
    if wanted.of_sender or wanted.outcome or until - since <= COUNTED:
        return True
    return _needs_lost_hours(wanted, since) and until - since <= BY_HOUR


def _needs_lost_hours(wanted: CallFilter, since: datetime) -> bool:
    # Only figures of servers name their account, and their hours are pruned early.
    return wanted.account_id is not None and since < timezone.now() - HOURS_KEPT + DAY


def _rows(
    wanted: CallFilter, scope: Scope | None, grain: Grain, since: datetime, until: datetime
) -> QuerySet[CallFigures]:
    """Return rows of one scope; by default of the one that is split by tool."""
    if scope is None:
        scope = Scope.TOOL if wanted.account_id is None else Scope.SERVER_TOOL
    rows = CallFigures.objects.filter(
        environment_id=wanted.environment_id, scope=scope, grain=grain, start__gte=since, start__lte=until
    )
    if wanted.account_id is not None:
        rows = rows.filter(account_id=wanted.account_id)
    if wanted.server_id is not None:
        rows = rows.filter(server_id=wanted.server_id)
    if wanted.tool:
        rows = rows.filter(tool=wanted.tool)
    return rows


def _summed(rows: QuerySet[CallFigures], *keys: str) -> Any:
    """Return the sums of rows by some of their columns, as tuples."""
    return rows.order_by().values_list(*keys).annotate(**{name: Sum(name) for name in SUMS})


def _server_lines(rows: QuerySet[CallFigures]) -> Iterator[TallyRow]:
    """Yield the servers with the most calls; they are found first, so that only their histograms are summed."""
    most = rows.order_by().values_list("server_id", "account_id").annotate(calls=Sum("calls")).order_by("-calls")
    places = [(server_id, account_id) for server_id, account_id, _ in most[:SERVERS]]
    # Naming the accounts lets an index find these servers among thousands.
    these = rows.filter(server_id__in={server for server, _ in places}, account_id__in={owner for _, owner in places})
    found = _summed(these, "server_id", "account_id").order_by("-calls")
    for server_id, account_id, *values in found[:SERVERS]:
        yield TallyRow(None if server_id == NOBODY else server_id, _tally(values), account_id)


def _counted_figures(wanted: CallFilter, since: datetime, until: datetime) -> Figures:
    calls = newest_measured(replace(wanted, since=since, until=until), CALLS)
    capped = len(calls) == CALLS
    if capped:
        since = calls[-1].started_at
    width = width_for(since, until, WIDTHS[0])
    parted: dict[datetime, list[CallSample]] = {}
    for call in calls:
        parted.setdefault(floor(call.started_at, width), []).append(call)
    bars = [
        Bar(start, end, tally_of(parted.get(start, ()))) for start, end in pieces(floor(since, width), until, width)
    ]
    return Figures(since, until, tally_of(calls), bars, len(calls), capped)


def _lines(calls: Iterable[CallSample], key: Any) -> list[TallyRow]:
    parted: dict[tuple[Any, UUID | None], list[CallSample]] = {}
    for call in calls:
        parted.setdefault(key(call), []).append(call)
    lines = [TallyRow(name, tally_of(some), account_id) for (name, account_id), some in parted.items()]
    return sorted(lines, key=lambda line: (-line.tally.calls, str(line.key)))


def tally_of(calls: Sequence[CallSample]) -> Tally:
    """Return the exact tally of some calls."""
    durations = sorted(call.duration_ms for call in calls if call.duration_ms is not None)
    errors = sum(call.outcome not in UNFAILED for call in calls)
    if not durations:
        return Tally(len(calls), errors)
    last = len(durations) - 1
    return Tally(
        len(calls), errors, Percentiles(*(durations[min(int(share * len(durations)), last)] for share in SHARES))
    )


def _add(sums: list[float], values: Iterable[float]) -> None:
    for place, value in enumerate(values):
        sums[place] += value


def _tally(values: Sequence[float] | None) -> Tally:
    """Return the tally of summed columns."""
    if not values or not values[0]:
        return Tally()
    histogram = [int(count) for count in values[-len(BUCKETS) :]]
    if not any(histogram):  # calls whose end nobody saw
        return Tally(int(values[0]), int(values[1]))
    return Tally(int(values[0]), int(values[1]), Percentiles(*(percentile(histogram, share) for share in SHARES)))


def percentile(histogram: Sequence[int], share: float) -> float:
    """Estimate a percentile from a histogram, assuming that a bucket's durations are even on a logarithmic scale."""
    wanted = share * sum(histogram)
    passed = 0
    for number, count in enumerate(histogram):
        if count and passed + count >= wanted:
            lower = BOUNDS[number - 1] if number else BOUNDS[0] / 1.5
            # The first and the last bucket are open; another step of the scale bounds them.
            upper = BOUNDS[number] if number < len(BOUNDS) else BOUNDS[-1] * 1.5
            return float(lower * (upper / lower) ** ((wanted - passed) / count))
        passed += count
    return 0.0


def width_for(since: datetime, until: datetime, least: timedelta) -> timedelta:
    """Return the width of a bar, so that there are at most MOST_BARS."""
    return next((width for width in WIDTHS if width >= least and (until - since) / width <= MOST_BARS), WIDTHS[-1])


def pieces(since: datetime, until: datetime, width: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """Yield the intervals of a period; the first and last may extend beyond it."""
    start = floor(since, width)
    while start <= until:
        yield start, start + width
        start += width


def floor(moment: datetime, width: timedelta) -> datetime:
    """Return the start of the interval that contains a moment; intervals are counted from a Monday."""
    origin = datetime(2024, 1, 1, tzinfo=UTC)
    return origin + (moment - origin) // width * width
