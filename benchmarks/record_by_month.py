"""What the record of calls costs by month: writing with one and with many partitions, pruning by DROP and by DELETE.

Run as `DATABASE_URL=postgresql://…/an_empty_database python -m benchmarks.record_by_month`; `--calls` makes it smaller.
"""

import argparse
import statistics
import time
import uuid
from datetime import timedelta
from typing import Any

from benchmarks.installation import own_folder, set_up_on_postgresql

set_up_on_postgresql("calls", DATA_DIR=own_folder())

from django.conf import settings  # noqa: E402  the apps must be loaded first
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from tools.record import pruning  # noqa: E402
from tools.record.months import REST, TABLE, Month, partitions  # noqa: E402
from tools.record.notes import Caller, CallNote  # noqa: E402
from tools.record.recorder import BATCH, CallRecorder  # noqa: E402

ROUNDS = 5
WRITTEN = 10_000
MANY = 12
# Spread over a month, with the columns that a call of the simulator has.
CALLS = """
INSERT INTO tools_call (environment_id, account_id, server_id, via, client, client_address, tool, access, arguments,
    outcome, error, upstream_status, started_at, duration_ms, before_ms, upstream_ms, upstream_bytes, result_chars)
SELECT %s, md5((n %% 2000)::text)::uuid, md5((n %% 10000)::text)::uuid, 'mcp', 'Claude 1.8', '203.0.113.0/24',
    'list_all_fuse_desk_cases', 'read', '{"limit": 25, "status": "open"}',
    CASE n %% 20 WHEN 0 THEN 'refused' ELSE 'ok' END, '', 200,
    %s::timestamptz + n * interval '28 days' / %s, 120, 1.2, 118, 4200, 3900
FROM generate_series(1, %s) n
"""


def execute(statement: str, *values: Any) -> None:
    """Run a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))


def make(month: Month) -> None:
    """Give a month a partition."""
    execute(f"CREATE TABLE {month.table} PARTITION OF {TABLE} FOR VALUES FROM (%s) TO (%s)", month.begins, month.ends)


def earlier(months: int) -> Month:
    """Return the month of so many months ago."""
    month = Month.of(timezone.now())
    for _ in range(months):
        month = Month.of(month.begins - timedelta(days=1))
    return month


def only(count: int) -> None:
    """Keep as many partitions, of the current month and of those before it, and no call."""
    for month in partitions():
        execute(f"DROP TABLE {month.table}")
    execute(f"TRUNCATE {TABLE}, tools_callfigures")
    for number in range(count):
        make(earlier(number))


def writing_rate() -> float:
    """Return how many calls a second the recorder writes, figures included, in batches as it makes them."""
    recorder = CallRecorder()
    recorder._thread = object()  # type: ignore[assignment]  # this thread writes
    caller = Caller(uuid.uuid4(), uuid.uuid4(), "mcp", uuid.uuid4(), client="Claude 1.8", address="203.0.113.0/24")
    began = time.perf_counter()
    for _ in range(WRITTEN // BATCH):
        for _ in range(BATCH):
            recorder.add(CallNote(caller, "list_all_cases", "read", timezone.now(), outcome="ok", duration_ms=120.0))
        recorder.flush()
    return WRITTEN / (time.perf_counter() - began)


def compare_writing() -> None:
    """Print how many calls a second are written with few and with many partitions; rounds alternate."""
    rates: dict[int, list[float]] = {1: [], MANY: []}
    for _ in range(ROUNDS):
        for count, measured in rates.items():
            only(count)
            measured.append(writing_rate())
    for count, measured in rates.items():
        print(f"{count} partitions: {statistics.median(measured):,.0f} calls written a second")


def compare_pruning(calls: int) -> None:
    """Print how long pruning a month takes with and without a partition of its own."""
    old = Month.of(timezone.now() - settings.CALL_RETENTION - timedelta(days=62))
    for name, has_partition in (("DELETE", False), ("DROP", True)):
        only(1)
        if has_partition:
            make(old)
        execute(CALLS, uuid.uuid4(), old.begins, calls, calls)
        execute(f"VACUUM ANALYZE {TABLE}")
        place = old.table if has_partition else REST
        size = _size(place)
        began = time.perf_counter()
        pruned = pruning.prune()
        took = time.perf_counter() - began
        print(f"{name}: {pruned:,} calls of {size / calls:.0f} bytes in {took:.2f} s; {_size(place):,} bytes are left")


def _size(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(pg_total_relation_size(to_regclass(%s)), 0)", [table])
        return int(cursor.fetchone()[0])


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    calls: int = parser.parse_args().calls
    call_command("migrate", verbosity=0)
    compare_writing()
    compare_pruning(calls)


if __name__ == "__main__":
    main()
