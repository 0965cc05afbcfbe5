"""What passes by itself is told from what is a fault, and fills no log."""

import logging
import sqlite3
from collections.abc import Callable

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection

from accounts.database.outages import AWAY, BUSY, READ_ONLY, Outage, OutageLog, outage_of
from accounts.database.postgresql import base as _postgresql  # noqa: F401  an engine says how its driver's errors read
from accounts.database.sqlite import base as _sqlite  # noqa: F401  likewise
from accounts.errors import DatabaseAway, DatabaseBusy
from tests.database_faults import impatient, locked
from tools.models import Call


def caused_by(problem: Exception) -> OperationalError:
    error = OperationalError("as Django wraps it")
    error.__cause__ = problem
    return error


def of_sqlite(code: int) -> sqlite3.OperationalError:
    problem = sqlite3.OperationalError("x")
    problem.sqlite_errorcode = code
    return problem


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (psycopg.OperationalError("connection refused"), AWAY),
        (psycopg.errors.ConnectionTimeout("x"), AWAY),
        (psycopg.errors.AdminShutdown("x"), AWAY),
        (psycopg.errors.CannotConnectNow("x"), AWAY),
        (psycopg.errors.ReadOnlySqlTransaction("x"), READ_ONLY),
        (psycopg.errors.DiskFull("x"), READ_ONLY),
        (psycopg.errors.LockNotAvailable("x"), BUSY),
        (psycopg.errors.QueryCanceled("x"), BUSY),
        (psycopg.errors.DeadlockDetected("x"), BUSY),
        (psycopg.errors.TooManyConnections("x"), BUSY),
        (of_sqlite(sqlite3.SQLITE_BUSY), BUSY),
        (of_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT), BUSY),
        (of_sqlite(sqlite3.SQLITE_IOERR_READ), AWAY),
        (of_sqlite(sqlite3.SQLITE_FULL), READ_ONLY),
        (of_sqlite(sqlite3.SQLITE_READONLY), READ_ONLY),
    ],
    ids=repr,
)
def test_what_passes_by_itself_is_an_outage(problem: Exception, kind: str) -> None:
    outage = outage_of(caused_by(problem))
    assert outage is not None
    assert outage.kind == kind


@pytest.mark.parametrize(
    "problem",
    [
        psycopg.errors.UndefinedTable("x"),
        psycopg.errors.UniqueViolation("x"),
        psycopg.errors.SyntaxError("x"),
        of_sqlite(sqlite3.SQLITE_ERROR),
        ValueError("x"),
    ],
    ids=repr,
)
def test_a_fault_of_the_program_is_none(problem: Exception) -> None:
    assert outage_of(caused_by(problem)) is None
    assert outage_of(problem) is None
    assert outage_of(None) is None


@pytest.mark.parametrize(("error", "kind"), [(DatabaseAway(3), AWAY), (DatabaseBusy(3), BUSY)])
def test_our_own_refusals_say_when_to_try_again(error: OperationalError, kind: str) -> None:
    outage = outage_of(error)
    assert outage == Outage(kind, 3)
    assert outage.words.endswith("Try again in 3 seconds.")


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_somebody_holds_is_an_outage_and_a_missing_table_is_not() -> None:
    def failure(work: Callable[[], object]) -> DatabaseError:
        with pytest.raises(DatabaseError) as raised:
            work()
        return raised.value

    with locked("tools_call"), impatient():
        blocked = outage_of(failure(lambda: Call.objects.filter(pk=1).update(tool="x")))
    assert blocked is not None
    assert blocked.kind == BUSY
    with connection.cursor() as cursor:
        assert outage_of(failure(lambda: cursor.execute("SELECT 1 FROM nowhere"))) is None
    assert not isinstance(IntegrityError(), OperationalError)


def test_one_line_a_second_counts_those_who_were_refused(caplog: pytest.LogCaptureFixture) -> None:
    moments = iter([0.0, 0.1, 0.9, 1.5, 1.6, 2.6])
    log = OutageLog(clock=lambda: next(moments))
    for _ in range(6):
        log.count(Outage(AWAY))
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR] == [
        "database away: 1 request refused",
        "database away: 3 requests refused",
        "database away: 2 requests refused",
    ]
