"""Add calls up by hour and day, in the database and in one statement.

The calls of a batch are added in the transaction that writes them, so that figures and record cannot differ. The
database does the work: Python passes it only the rows' keys, however many tools were called.
"""

from datetime import timedelta
from functools import cache

from django.conf import settings
from django.db import connection
from django.db.models import Max, Min, QuerySet
from django.utils import timezone

from tools.models import Call, CallFigures
from tools.models.calls import UNFAILED, Outcome
from tools.models.figures import BOUNDS, BUCKETS, NOBODY, Grain, Scope
from tools.record.keys import CallKeys

KEY = ("environment_id", "scope", "grain", "start", "account_id", "server_id", "tool")
SUMS = ("calls", "errors", "total_ms", *BUCKETS)
BACKFILL = 20_000
# How long servers and their tools have hourly figures, which are most of all rows; older ones are daily.
HOURS_KEPT = timedelta(days=9)
PRUNED_AT_ONCE = 5000


def add_up(keys: CallKeys) -> None:
    """Add calls that have just ended to the figures: in the transaction that writes them, and never twice."""
    _add(keys, "+")


def take_back(keys: CallKeys) -> None:
    """Subtract calls that were added up, before their outcome changes: in the transaction that changes it."""
    # Their figures exist, or they would not have been added up.
    _add(keys, "-")


def _add(keys: CallKeys, sign: str) -> None:
    condition, values = keys.condition()
    with connection.cursor() as cursor:
        cursor.execute(_statement(connection.vendor, condition, "1 = 1", sign), values)


def add_up_everything() -> None:
    """Add all recorded calls to figures that are still empty."""
    first, last = Call.objects.aggregate(first=Min("pk"), last=Max("pk")).values()
    if last is None:
        return
    kept = f"(level.grain = {Grain.DAY.value} OR level.scope = {Scope.TOOL.value} OR summed.hour >= %s)"
    statement = _statement(connection.vendor, "id >= %s AND id < %s", kept)
    horizon = connection.ops.adapt_datetimefield_value(timezone.now() - HOURS_KEPT)
    with connection.cursor() as cursor:
        for number in range(first, last + 1, BACKFILL):
            cursor.execute(statement, [number, min(number + BACKFILL, last + 1), horizon])


def prune() -> int:
    """Delete hourly figures of servers after HOURS_KEPT, and all others after their retention; return how many."""
    now = timezone.now()
    by_hour = CallFigures.objects.filter(grain=Grain.HOUR)
    return (
        _delete(by_hour.exclude(scope=Scope.TOOL).filter(start__lt=now - HOURS_KEPT))
        + _delete(by_hour.filter(start__lt=now - settings.CALL_RETENTION - timedelta(hours=1)))
        + _delete(CallFigures.objects.filter(grain=Grain.DAY, start__lt=now - settings.CALL_FIGURES_RETENTION))
    )


def _delete(rows: QuerySet[CallFigures]) -> int:
    pruned = 0
    while True:
        # In batches, so that no lock is held for long.
        oldest = rows.order_by().values_list("pk", flat=True)
        batch = list(oldest[:PRUNED_AT_ONCE])
        if not batch:
            return pruned
        pruned += CallFigures.objects.filter(pk__in=batch).delete()[0]


@cache
def _statement(vendor: str, condition: str, kept: str, sign: str = "+") -> str:
    """Return the statement that adds calls that meet a condition, to rows that are kept. No outside value is in it.

    Calls are first summed by hour, server and tool; the few rows that remain are then used once for each grain and
    scope. They are written in the order of their key, so that concurrent processes cannot deadlock.
    """
    nobody = f"'{NOBODY}'::uuid" if vendor == "postgresql" else f"'{NOBODY.hex}'"
    hour, day = (_floor(vendor, unit) for unit in ("hour", "day"))
    unfailed = ", ".join(f"'{outcome}'" for outcome in UNFAILED)
    bucket = " ".join(f"WHEN duration_ms < {bound} THEN {number}" for number, bound in enumerate(BOUNDS))
    counted = ", ".join(
        f"SUM(CASE WHEN bucket = {number} THEN 1 ELSE 0 END) AS {name}" for number, name in enumerate(BUCKETS)
    )
    levels = " UNION ALL ".join(
        f"SELECT {grain.value} AS grain, {scope.value} AS scope" for grain in Grain for scope in Scope
    )
    table = connection.ops.quote_name(CallFigures._meta.db_table)
    added = ", ".join(f"{name} = {table}.{name} {sign} excluded.{name}" for name in SUMS)
    return f"""
        INSERT INTO {table} ({", ".join((*KEY, *SUMS))})
        SELECT summed.environment_id, level.scope, level.grain,
               CASE WHEN level.grain = {Grain.HOUR.value} THEN summed.hour ELSE summed.day END,
               CASE WHEN level.scope = {Scope.TOOL.value} THEN {nobody} ELSE summed.account_id END,
               CASE WHEN level.scope = {Scope.TOOL.value} THEN {nobody} ELSE summed.server_id END,
               CASE WHEN level.scope = {Scope.SERVER.value} THEN '' ELSE summed.tool END,
               {", ".join(f"SUM(summed.{name})" for name in SUMS)}
        FROM (
            SELECT environment_id, account_id, server_id, tool, hour, day, COUNT(*) AS calls, SUM(error) AS errors,
                   SUM(duration_ms) AS total_ms, {counted}
            FROM (
                SELECT environment_id, account_id, COALESCE(server_id, {nobody}) AS server_id, tool,
                       {hour} AS hour, {day} AS day, COALESCE(duration_ms, 0) AS duration_ms,
                       CASE WHEN outcome IN ({unfailed}) THEN 0 ELSE 1 END AS error,
                       CASE WHEN duration_ms IS NULL THEN -1 {bucket} ELSE {len(BOUNDS)} END AS bucket
                FROM {connection.ops.quote_name(Call._meta.db_table)}
                WHERE {condition} AND outcome <> '{Outcome.PENDING}'
            ) AS ended
            GROUP BY 1, 2, 3, 4, 5, 6
        ) AS summed CROSS JOIN ({levels}) AS level
        WHERE {kept}
        GROUP BY 1, 2, 3, 4, 5, 6, 7
        ORDER BY 1, 2, 3, 4, 5, 6, 7
        ON CONFLICT ({", ".join(KEY)}) DO UPDATE SET {added}
    """  # noqa: S608


def _floor(vendor: str, unit: str) -> str:
    """Return the expression for the start of a call's hour or day, in the database's own form."""
    if vendor == "postgresql":
        return f"date_trunc('{unit}', started_at, 'UTC')"
    kept, rest = {"hour": (13, ":00:00"), "day": (10, " 00:00:00")}[unit]
    return f"substr(started_at, 1, {kept}) || '{rest}'"
