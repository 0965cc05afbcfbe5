"""PostgreSQL behind a way that goes silent, refuses, or is slow: the engine waits for none of it without end."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import pytest
from django.db import DatabaseError, connection
from pytest_django.fixtures import Settings

from accounts.database.circuit import circuit
from accounts.database.lanes import Lane, enter
from accounts.database.outages import AWAY, outage_of
from accounts.database.postgresql.base import DatabaseWrapper
from accounts.errors import DatabaseAway
from tests.database_faults import Fault, FaultyWay, faulty_way

pytestmark = [
    pytest.mark.services,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="is about PostgreSQL"),
]

T = TypeVar("T")


@pytest.fixture
def way() -> Iterator[FaultyWay]:
    with faulty_way(connection.settings_dict["HOST"], int(connection.settings_dict["PORT"])) as way:
        yield way


class Client:
    """One thread of a web process, whose database is at the end of the way."""

    def __init__(self, way: FaultyWay) -> None:
        settings = {**connection.settings_dict, "HOST": "127.0.0.1", "PORT": str(way.port)}
        self.database = DatabaseWrapper(settings, alias=f"faulty-{way.port}")
        self.threads = ThreadPoolExecutor(1, initializer=partial(enter, Lane.REQUEST))

    def run(self, work: Callable[[], T]) -> T:
        self.database.inc_thread_sharing()
        return self.threads.submit(work).result(30)

    def ask(self, question: str = "SELECT 1") -> int:
        def asked() -> int:
            try:
                with self.database.cursor() as cursor:
                    cursor.execute(question)
                    return int(cursor.fetchone()[0])
            finally:
                self.database.close()

        return self.run(asked)


@pytest.fixture
def client(way: FaultyWay) -> Iterator[Client]:
    client = Client(way)
    yield client
    way.be(Fault.NONE)
    settled()
    client.run(client.database.close_pool)
    client.threads.shutdown()


def settled() -> None:
    """Wait until the circuit has found the database to answer."""
    for thread in threading.enumerate():
        if thread.name == "database-circuit":
            thread.join(20)


def is_away(client: Client, question: str = "SELECT 1") -> bool:
    with pytest.raises(DatabaseError) as raised:
        client.ask(question)
    outage = outage_of(raised.value)
    return outage is not None and outage.kind == AWAY


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.REFUSING])
def test_a_database_that_goes_away_is_found_out_once_and_refused_from_then_on(
    way: FaultyWay, client: Client, fault: Fault
) -> None:
    assert client.ask() == 1
    way.be(fault)
    assert is_away(client)
    for _ in range(20):
        with pytest.raises(DatabaseAway):
            client.ask()
    way.be(Fault.NONE)
    settled()
    assert client.ask() == 1


def test_a_server_that_falls_silent_within_a_statement_is_not_waited_for(
    way: FaultyWay, client: Client, settings: Settings
) -> None:
    settings.DATABASE_STATEMENT_SECONDS = 1
    assert client.ask() == 1

    def silent_from_now_on() -> None:
        with client.database.cursor() as cursor:
            cursor.execute("SELECT 1")
            way.be(Fault.SILENT)
            cursor.execute("SELECT 2")

    with pytest.raises(DatabaseError) as raised:
        client.run(silent_from_now_on)
    outage = outage_of(raised.value)
    assert outage is not None
    assert outage.kind == AWAY
    client.run(client.database.close)


def test_a_statement_and_a_wait_for_a_lock_end_at_the_server(client: Client, settings: Settings) -> None:
    settings.DATABASE_STATEMENT_SECONDS = 1
    with pytest.raises(DatabaseError, match="statement timeout"):
        client.ask("SELECT 1 FROM pg_sleep(30)")
    assert client.ask() == 1


def test_a_slow_way_is_no_outage(way: FaultyWay, client: Client) -> None:
    way.slow_seconds = 0.05
    assert client.ask() == 1


def test_options_of_the_url_have_precedence_over_the_lanes(way: FaultyWay) -> None:
    own = {**connection.settings_dict["OPTIONS"], "options": "-c statement_timeout=7s"}
    client = Client(way)
    client.database.settings_dict["OPTIONS"] = own
    question = "SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'"
    assert client.ask(question) == 7000
    client.run(client.database.close_pool)


def test_a_pooler_that_knows_no_startup_options_gets_none(way: FaultyWay, settings: Settings) -> None:
    settings.DATABASE_SESSION_LIMITS = False
    client = Client(way)
    assert client.ask("SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'") == 0
    client.run(client.database.close_pool)


def test_a_server_that_takes_no_more_connections_is_not_away(way: FaultyWay, client: Client) -> None:
    assert client.ask() == 1
    owner = client.database.settings_dict["USER"]
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE narrow LOGIN CONNECTION LIMIT 0")
    client.database.settings_dict["USER"] = "narrow"
    try:
        client.database._suspect()
        settled()
    finally:
        client.database.settings_dict["USER"] = owner
        with connection.cursor() as cursor:
            cursor.execute("DROP ROLE narrow")
    assert not circuit.is_away
    assert client.ask() == 1
