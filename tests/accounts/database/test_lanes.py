"""Each lane has connections and limits of its own."""

import asyncio
import threading

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from pytest_django.fixtures import Settings

from accounts.database.lanes import Lane
from accounts.database.threads import LaneThreads, look_up
from accounts.errors import DatabaseAway, DatabaseBusy
from tests.database_faults import database_away

pytestmark = pytest.mark.django_db(transaction=True)


def asked(question: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return str(cursor.fetchone()[0])


@pytest.mark.skipif(connection.vendor != "sqlite", reason="is about SQLite")
async def test_on_sqlite_an_intent_waits_for_the_disk_and_nobody_longer_than_its_lane_may(settings: Settings) -> None:
    intents = LaneThreads(Lane.INTENT, 1)
    assert intents.submit(1, asked, "PRAGMA synchronous").result(10) == "2"
    assert await look_up(asked, "PRAGMA synchronous") == "1"
    assert await look_up(asked, "PRAGMA busy_timeout") == str(settings.LOOKUP_SECONDS * 1000)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="is about PostgreSQL")
async def test_on_postgresql_the_server_knows_the_limits_of_each_lane(settings: Settings) -> None:
    assert await look_up(asked, "SHOW lock_timeout") == f"{settings.LOOKUP_SECONDS}s"
    pages = LaneThreads(Lane.REQUEST, 1)
    assert pages.submit(1, asked, "SHOW statement_timeout").result(10) == f"{settings.DATABASE_STATEMENT_SECONDS}s"
    assert pages.submit(1, asked, "SHOW lock_timeout").result(10) == f"{settings.DATABASE_LOCK_SECONDS}s"
    assert pages.submit(1, asked, "SHOW idle_in_transaction_session_timeout").result(10) == "1min"
    # A migration may take as long as it takes.
    assert await sync_to_async(asked)("SHOW statement_timeout") == "0"


async def test_a_look_up_ends_with_its_time_though_its_thread_does_not(settings: Settings) -> None:
    settings.LOOKUP_SECONDS = 0.05
    release = threading.Event()
    try:
        with pytest.raises(DatabaseBusy):
            await look_up(release.wait, 10)
    finally:
        release.set()


async def test_a_line_that_is_full_refuses_at_once() -> None:
    threads, release = LaneThreads(Lane.LOOKUP, 1), threading.Event()
    first = threads.submit(1, release.wait, 10)
    with pytest.raises(DatabaseBusy):
        threads.submit(1, asked, "SELECT 1")
    release.set()
    await asyncio.to_thread(threads.finish, 10)
    assert first.done()
    assert threads.submit(1, asked, "SELECT 1").result(10) == "1"


async def test_while_the_database_is_away_nothing_is_queued() -> None:
    threads = LaneThreads(Lane.LOOKUP, 1)
    with database_away(), pytest.raises(DatabaseAway):
        threads.submit(1, asked, "SELECT 1")
    assert threads.submit(1, asked, "SELECT 1").result(10) == "1"
