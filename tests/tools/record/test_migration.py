"""What the migration makes of a record that is there: the same rows in partitions, while calls are written and read."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.months import beside, drop_all, partitions, places, require_postgresql
from tools.models import Call
from tools.record.months import REST, Month

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = [("tools", "0006_unknown_outcome")]
NOW = datetime.now(UTC)
# As a process of the previous release inserts, ends and prunes: it knows nothing of months, nor of a client's address.
INSERTED = """
INSERT INTO tools_call (environment_id, account_id, server_id, token_id, via, client, tool, access, arguments, outcome,
    error, upstream_status, started_at, duration_ms, before_ms, upstream_ms, upstream_bytes, result_chars)
VALUES (gen_random_uuid(), gen_random_uuid(), NULL, NULL, 'mcp', '', %s, 'read', '{}', 'pending',
    '', NULL, %s, NULL, NULL, NULL, 0, 0) RETURNING id
"""
ENDED = "UPDATE tools_call SET outcome = 'ok' WHERE id IN (%s)"
PRUNED = "DELETE FROM tools_call WHERE id IN (SELECT id FROM tools_call WHERE started_at < %s LIMIT 5000)"
WAITING = """
SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'tools_call'::regclass AND mode = 'AccessExclusiveLock'
    AND NOT granted)
"""


@pytest.fixture
def plain(transactional_db: None) -> Iterator[None]:
    """The record as it was, one table; afterwards it is by month again."""
    require_postgresql()
    MigrationExecutor(connection).migrate(BEFORE)
    earlier = MigrationExecutor(connection).loader.project_state(BEFORE).apps.get_model("tools", "Call")
    with connection.schema_editor() as editor:
        editor.delete_model(earlier)
        editor.create_model(earlier)
    yield
    migrate()


def migrate() -> None:
    """Migrate to the newest schema, which the model of the calls is of."""
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def insert(cursor: Any, tool: str = "before", started_at: datetime = NOW) -> int:
    return int(cursor.execute(INSERTED, [tool, started_at]).fetchone()[0])


@contextmanager
def while_others(work: Callable[[psycopg.Connection], None], workers: int = 1) -> Iterator[None]:
    """Let other connections work in threads until the block ends; what goes wrong there is raised here."""
    over, problems = threading.Event(), list[Exception]()

    def run() -> None:
        with beside() as own:
            own.autocommit = True
            try:
                while not over.is_set():
                    work(own)
            except psycopg.Error as problem:
                problems.append(problem)

    threads = [threading.Thread(target=run) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert problems == []


@pytest.mark.usefixtures("plain")
def test_no_row_is_lost_twice_or_changed_while_two_processes_write() -> None:
    written: list[int] = []
    ended = threading.Semaphore(0)

    def write(own: psycopg.Connection) -> None:
        number = insert(own, "meanwhile")
        own.execute(ENDED, [number])
        written.append(number)
        ended.release()

    with connection.cursor() as cursor:
        for days in range(300):
            cursor.execute(INSERTED, ["before", NOW - timedelta(days=days)])
        before = set(Call.objects.values_list("pk", flat=True))
    with while_others(write, workers=2):
        assert ended.acquire(timeout=10)
        migrate()
        # As many as there were before it, and some that began after it.
        assert all(ended.acquire(timeout=10) for _ in range(len(written) + 20))
    assert len(set(written)) == len(written)
    assert set(Call.objects.values_list("pk", flat=True)) == before | set(written)
    assert set(Call.objects.filter(tool="meanwhile").values_list("outcome", flat=True)) == {"ok"}
    assert set(places().values()) == {REST}
    month = Month.of(NOW)
    assert partitions() == [str(month.next), str(month.next.next)]


@pytest.mark.usefixtures("plain")
def test_numbers_go_on_where_they_were_and_a_second_run_changes_nothing() -> None:
    with beside() as other:
        last = [insert(other) for _ in range(5)][-1]
        other.commit()
    migrate()
    with beside() as other:
        assert last < insert(other) < last + 5
        other.commit()
    MigrationExecutor(connection).migrate(BEFORE)
    migrate()
    assert Call.objects.count() == 6


@pytest.mark.usefixtures("plain")
def test_an_empty_record_begins_with_the_current_month() -> None:
    migrate()
    month = Month.of(NOW)
    assert partitions() == [str(month), str(month.next), str(month.next.next)]


@pytest.mark.usefixtures("plain")
def test_a_reader_that_takes_its_time_delays_the_switch_and_keeps_no_writer_out() -> None:
    inserted: list[int] = []
    with beside() as export, beside() as observer:
        observer.autocommit = True
        export.execute("SELECT count(*) FROM tools_call").fetchone()

        def write_then_let_go(own: psycopg.Connection) -> None:
            waits = observer.execute(WAITING).fetchone()
            inserted.append(insert(own))
            if waits == (True,):
                export.rollback()

        with while_others(write_then_let_go):
            migrate()
    assert Call.objects.count() == len(inserted)
    assert partitions() != []


@pytest.mark.usefixtures("plain")
def test_what_an_interrupted_migration_left_over_does_not_stand_in_the_way() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE UNIQUE INDEX {REST}_pkey ON tools_call (id, started_at)")
    migrate()
    assert partitions() != []


@pytest.mark.usefixtures("plain")
def test_a_role_that_reads_the_record_reads_it_afterwards() -> None:
    with connection.cursor() as cursor:
        cursor.execute("GRANT SELECT ON tools_call TO pg_monitor")
        migrate()
        cursor.execute("SELECT has_table_privilege('pg_monitor', 'tools_call', 'SELECT')")
        assert cursor.fetchone() == (True,)


@pytest.mark.usefixtures("plain")
def test_the_previous_release_inserts_ends_and_prunes() -> None:
    migrate()
    with beside() as other:
        kept, old = insert(other, "kept"), insert(other, "old", NOW - timedelta(days=90))
        other.execute(ENDED, [kept])
        assert other.execute(PRUNED, [NOW - timedelta(days=30)]).rowcount == 1
        other.commit()
    assert old not in Call.objects.values_list("pk", flat=True)
    assert Call.objects.get(pk=kept).outcome == "ok"


@pytest.mark.usefixtures("plain")
def test_the_new_tables_have_every_index_and_check_of_the_old_one() -> None:
    def shape(table: str) -> set[str]:
        cursor.execute(
            "SELECT regexp_replace(indexdef, '.* USING', '') FROM pg_indexes WHERE tablename = %s UNION ALL "
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass(%s) AND contype = 'c'",
            [table, table],
        )
        return {definition for (definition,) in cursor.fetchall()} - {" btree (id)", " btree (id, started_at)"}

    with connection.cursor() as cursor:
        before = shape("tools_call")
        migrate()
        month = Month.of(NOW).next.table
        assert len(before) == 10
        assert shape("tools_call") == shape(month) == shape(REST) == before
    drop_all()
