"""Recent use of accounts, servers and tools, for the pages about them.

Each function makes a bounded number of queries, however many calls there are.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from accounts.models import Environment
from tools.models import Call, CallFigures
from tools.models.figures import Grain, Scope
from tools.record.figures import DAY, HOUR, floor

HOURS = 24
LATELY = timedelta(hours=HOURS)
NAMED_CLIENTS = 3
USED = timedelta(days=30)
NEWEST = 500


@dataclass(frozen=True, slots=True)
class DayUsage:
    """An account's last 24 hours. `hours` has the calls of each of the 24, the last of which is not over yet."""

    calls: int
    errors: int
    hours: tuple[int, ...]
    last_error: Call | None


@dataclass(frozen=True, slots=True)
class ToolUse:
    """How often a tool was called, and how often it failed."""

    calls: int
    errors: int

    @property
    def error_rate(self) -> float:
        """The share of errors, in percent."""
        return 100 * self.errors / self.calls if self.calls else 0.0


NEVER_USED = ToolUse(0, 0)


@dataclass(frozen=True, slots=True)
class ServerUse:
    """Calls in the last 24 hours; `clients` are some of the callers, by the names they give themselves."""

    calls: int
    clients: list[str]


def accounts_lately(account_ids: Collection[UUID], now: datetime | None = None) -> dict[UUID, DayUsage]:
    """Return the last 24 hours of each account, with the newest failure still on record (two queries)."""
    present = floor(now or timezone.now(), HOUR)
    first = present - (HOURS - 1) * HOUR
    rows = CallFigures.objects.filter(
        account_id__in=account_ids, scope=Scope.SERVER, grain=Grain.HOUR, start__gte=first, start__lte=present
    )
    hours = {account_id: [0] * HOURS for account_id in account_ids}
    errors = dict.fromkeys(account_ids, 0)
    summed = rows.order_by().values_list("account_id", "start").annotate(calls=Sum("calls"), errors=Sum("errors"))
    for account_id, start, calls, failed in summed:
        hours[account_id][(start - first) // HOUR] += calls
        errors[account_id] += failed
    failures = _newest_failures(account_ids)
    return {
        account_id: DayUsage(sum(each), errors[account_id], tuple(each), failures.get(account_id))
        for account_id, each in hours.items()
    }


def tools_used(
    environment_id: UUID, account_id: UUID | None = None, *, server_id: UUID | None = None, within: timedelta = USED
) -> dict[str, ToolUse]:
    """Return how the tools of an environment, an account or one of its servers were used, by name (whole days, UTC)."""
    rows = CallFigures.objects.filter(
        environment_id=environment_id, grain=Grain.DAY, start__gte=floor(timezone.now() - within, DAY)
    )
    if account_id is None:
        rows = rows.filter(scope=Scope.TOOL)
    else:
        rows = rows.filter(scope=Scope.SERVER_TOOL, account_id=account_id)
    if server_id is not None:
        rows = rows.filter(server_id=server_id)
    return _by_tool(rows)


def tools_used_everywhere(names: Iterable[str], *, within: timedelta = USED) -> dict[str, ToolUse]:
    """Return how some tools were used in all environments, for the editors of their documentation."""
    since = floor(timezone.now() - within, DAY)
    rows = CallFigures.objects.filter(
        # Naming the environments lets the index be used, which begins with them.
        environment_id__in=Environment.objects.values("pk"),
        scope=Scope.TOOL,
        grain=Grain.DAY,
        start__gte=since,
        tool__in=list(names),
    )
    return _by_tool(rows)


def calls_lately(server_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return the calls of the last 24 hours by server; servers without any are left out."""
    counted = _lately(server_ids).order_by().values_list("server_id").annotate(calls=Count("pk"))
    return {server_id: number for server_id, number in counted if server_id is not None}


def server_use(server_ids: Collection[UUID]) -> ServerUse:
    """Return how some servers were used in the last 24 hours, to show what ending them would break."""
    calls = _lately(server_ids)
    names = calls.exclude(client="").order_by().values_list("client", flat=True).distinct()
    return ServerUse(calls.count(), sorted(names[:NAMED_CLIENTS]))


def _lately(server_ids: Collection[UUID]) -> QuerySet[Call]:
    return Call.objects.filter(server_id__in=server_ids, started_at__gte=timezone.now() - LATELY)


def _by_tool(rows: QuerySet[CallFigures]) -> dict[str, ToolUse]:
    summed = rows.order_by().values_list("tool").annotate(calls=Sum("calls"), errors=Sum("errors"))
    return {tool: ToolUse(calls, errors) for tool, calls, errors in summed}


def _newest_failures(account_ids: Collection[UUID]) -> dict[UUID, Call]:
    """Return the newest failed call of each account, found by one index look-up each."""
    if not account_ids:
        return {}
    native = connection.features.has_native_uuid_field
    marks = ", ".join(["(%s)"] * len(account_ids))
    with connection.cursor() as cursor:
        # The condition repeats that of the partial index call_failed_account, which is not used otherwise.
        cursor.execute(
            "SELECT (SELECT id FROM tools_call WHERE account_id = wanted.column1"  # noqa: S608  no value in it
            " AND NOT (outcome IN ('ok', 'pending', 'cancelled')) ORDER BY started_at DESC LIMIT 1)"
            f" FROM (VALUES {marks}) AS wanted",
            [each if native else each.hex for each in account_ids],
        )
        numbers = [row[0] for row in cursor.fetchall() if row[0] is not None]
    return {call.account_id: call for call in Call.objects.filter(pk__in=numbers).defer("arguments")}


@dataclass(frozen=True, slots=True)
class SendersSeen:
    """The names that clients give themselves, what they are made with, and for whom they call."""

    clients: list[str]
    frameworks: list[str]
    people: list[str]


def senders_seen(environment_id: UUID, account_id: UUID | None = None) -> SendersSeen:
    """Return who made the newest calls."""
    calls = Call.objects.filter(environment_id=environment_id)
    if account_id is not None:
        calls = Call.objects.filter(account_id=account_id, environment_id=environment_id)
    newest = {*calls.order_by("-started_at").values_list("client", "framework", "person")[:NEWEST]}
    clients, frameworks, people = (
        ({name for name in names if name} for names in zip(*newest, strict=True)) if newest else ((), (), ())
    )
    return SendersSeen(sorted(clients), sorted(frameworks), sorted(people))
