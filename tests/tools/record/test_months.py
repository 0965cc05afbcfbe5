"""The record by months: no insert fails, nothing is moved, and calls go on while a partition is made."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import IntegratedAccount
from tests.calls import note_of, record
from tests.months import beside, drop_all, make_at, partitions, places, require_postgresql
from tools.record.months import REST, Month
from tools.tasks import make_months, prune_calls

pytestmark = pytest.mark.django_db(transaction=True)

OCTOBER = datetime(2031, 10, 15, 12, tzinfo=UTC)


@pytest.fixture
def by_month(transactional_db: None) -> Iterator[None]:
    """A record without months yet."""
    require_postgresql()
    drop_all()
    yield
    drop_all()


def called(account: IntegratedAccount, *moments: datetime) -> None:
    record(*(note_of(account, started_at=moment, tool=f"{moment:%Y-%m-%d}") for moment in moments))


def constraints() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE conrelid = to_regclass(%s)", [REST])
        return {name for (name,) in cursor.fetchall() if "elsewhere" in name}


@contextmanager
def lesser_role() -> Iterator[None]:
    """Work as a role that may read and write rows, and owns no table."""
    role = f"lesser_{uuid4().hex}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {role}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
        cursor.execute(f"SET ROLE {role}")
        try:
            yield
        finally:
            cursor.execute("RESET ROLE")
            cursor.execute(f"DROP OWNED BY {role}")
            cursor.execute(f"DROP ROLE {role}")


def test_sqlite_keeps_one_table() -> None:
    if connection.vendor == "sqlite":
        assert make_months() == 0


@pytest.mark.usefixtures("by_month")
def test_the_two_coming_months_are_made_once() -> None:
    assert make_at(OCTOBER) == 2
    assert make_at(OCTOBER) == 0
    assert partitions() == ["2031-11", "2031-12"]
    # The last second of November, and the turn of the year.
    assert make_at(datetime(2031, 11, 30, 23, 59, 59, tzinfo=UTC)) == 1
    assert partitions() == ["2031-11", "2031-12", "2032-01"]


@pytest.mark.usefixtures("by_month")
def test_each_call_is_in_its_month_and_one_of_any_other_time_in_the_rest(account: IntegratedAccount) -> None:
    make_at(OCTOBER)
    first, last = datetime(2031, 11, 1, tzinfo=UTC), datetime(2031, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)
    called(account, first, last, OCTOBER, datetime(2031, 12, 1, tzinfo=UTC), datetime(2077, 1, 1, tzinfo=UTC))
    assert places() == {
        "2031-11-01": "tools_call_2031_11",
        "2031-11-30": "tools_call_2031_11",
        "2031-12-01": "tools_call_2031_12",
        "2031-10-15": REST,
        "2077-01-01": REST,
    }


@pytest.mark.usefixtures("by_month")
def test_a_month_that_began_without_a_partition_stays_in_the_rest_and_the_log_says_so(
    account: IntegratedAccount, caplog: pytest.LogCaptureFixture
) -> None:
    called(account, datetime(2031, 11, 20, tzinfo=UTC))
    with caplog.at_level(logging.WARNING):
        assert make_at(OCTOBER) == 1
    assert partitions() == ["2031-12"]
    assert places() == {"2031-11-20": REST}
    assert [line.getMessage() for line in caplog.records if line.name == "tools.record.months"] == [
        "2031-11 gets no partition, because calls of it are in tools_call_rest already: "
        "they stay there, and are pruned one by one."
    ]


@pytest.mark.usefixtures("by_month")
def test_calls_that_are_being_written_and_read_do_not_keep_a_month_from_being_made(account: IntegratedAccount) -> None:
    make_at(OCTOBER)
    called(account, datetime(2031, 11, 20, tzinfo=UTC))
    with beside() as other:
        other.execute(
            "UPDATE tools_call SET outcome = outcome WHERE started_at >= '2031-11-01' AND started_at < '2032-01-01'"
        )
        assert make_at(datetime(2031, 11, 20, tzinfo=UTC)) == 1


@pytest.mark.usefixtures("by_month")
def test_a_month_that_could_not_be_made_is_told_leaves_nothing_behind_and_is_made_the_next_time(
    account: IntegratedAccount, caplog: pytest.LogCaptureFixture
) -> None:
    with beside() as other:
        other.execute("SELECT count(*) FROM tools_call").fetchone()
        with caplog.at_level(logging.WARNING):
            assert make_at(OCTOBER) == 0
        # Calls went on meanwhile, and still do.
        called(account, datetime(2031, 11, 20, tzinfo=UTC), datetime(2031, 9, 20, tzinfo=UTC))
        connection.cursor().execute("DELETE FROM tools_call WHERE started_at > '2031-11-01'")
    assert "2031-11 got no partition yet, which is tried again" in caplog.text
    assert "LockNotAvailable" in caplog.text
    assert make_at(OCTOBER) == 2
    assert constraints() == set()


@pytest.mark.usefixtures("by_month")
def test_what_a_killed_worker_left_over_does_not_stand_in_the_way() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {REST} ADD CONSTRAINT tools_call_2031_11_elsewhere CHECK (id > 0) NOT VALID")
    assert make_at(OCTOBER) == 2
    assert constraints() == set()


@pytest.mark.usefixtures("by_month")
def test_two_workers_at_once_make_each_month_once() -> None:
    begin, made = threading.Barrier(2), []

    def work() -> None:
        begin.wait()
        made.append(make_months())
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    # Where both stumble over each other, the next run makes what is missing.
    make_months()
    month = Month.of(datetime.now(UTC))
    assert partitions() == [str(month.next), str(month.next.next)]
    assert sum(made) <= 2
    assert constraints() == set()


@pytest.mark.usefixtures("by_month")
def test_a_role_that_owns_no_table_keeps_calls_and_prunes_them_one_by_one(
    account: IntegratedAccount, caplog: pytest.LogCaptureFixture
) -> None:
    make_at(datetime(2021, 10, 15, tzinfo=UTC))
    called(account, datetime(2021, 11, 20, tzinfo=UTC), datetime.now(UTC))
    with lesser_role(), caplog.at_level(logging.WARNING):
        assert make_at(OCTOBER) == 0
        assert prune_calls() == 1
    assert "InsufficientPrivilege" in caplog.text
    assert partitions() == ["2021-11", "2021-12"]
    assert len(places()) == 1
