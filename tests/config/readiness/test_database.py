"""The database as calls use it, as a probe finds it: schema, keys, writes and clock, on a real one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.db.backends.signals import connection_created
from django.db.migrations.recorder import MigrationRecorder
from pytest_django.fixtures import Settings

from accounts.heartbeat import leave_mark
from accounts.keys.register import settle_keys
from config import health
from config.readiness.rounds import Readiness

pytestmark = pytest.mark.django_db(transaction=True)
READ_ONLY = {"sqlite": "PRAGMA query_only = 1", "postgresql": "SET default_transaction_read_only = on"}


@pytest.fixture(autouse=True)
def beating(transactional_db: None) -> None:
    """Worker and beat have just done their work."""
    leave_mark()


async def probe() -> httpx.Response:
    readiness = Readiness(health.CHECKS, seconds=10)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await health.readyz(scope, receive, send, asked=readiness)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=application), base_url="http://10.1.2.3") as client:
        return await client.get("/readyz")


@contextmanager
def connections_with(statement: str) -> Iterator[None]:
    """Run a statement on every connection that is made from now on."""

    def run(connection: Any, **_: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    connection_created.connect(run)
    try:
        yield
    finally:
        connection_created.disconnect(run)
        if connection.vendor == "postgresql":
            connection.close_pool()  # type: ignore[attr-defined]  # its connections keep the setting


@sync_to_async
def recorded(change: Callable[[MigrationRecorder, str, str], None], name: str) -> None:
    change(MigrationRecorder(connection), "accounts", name)


@sync_to_async
def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


async def test_a_missing_migration_is_named_with_what_to_run() -> None:
    await recorded(MigrationRecorder.record_unapplied, "0010_key_checks")
    try:
        answer = await probe()
    finally:
        await recorded(MigrationRecorder.record_applied, "0010_key_checks")
    parts = answer.json()["parts"]
    assert answer.status_code == 503
    assert parts["migrations"] == "it lacks the migrations accounts.0010_key_checks; run `manage.py migrate`"
    assert parts["database"] == "ok"


async def test_a_later_release_s_migration_does_no_harm() -> None:
    await recorded(MigrationRecorder.record_applied, "9999_later")
    try:
        assert (await probe()).status_code == 200
    finally:
        await recorded(MigrationRecorder.record_unapplied, "9999_later")


async def test_other_keys_than_the_database_s_are_named_without_their_values(settings: Settings) -> None:
    await sync_to_async(settle_keys)()
    assert (await probe()).json()["parts"]["keys"] == "ok"
    settings.TOKEN_KEY = "another-key-of-which-nobody-knows-0123456789"
    answer = await probe()
    assert answer.status_code == 503
    assert answer.json()["parts"]["keys"] == "TOKEN_KEY wrong or missing; run `manage.py check_keys`"
    assert settings.TOKEN_KEY not in answer.text


async def test_a_read_only_database_is_degraded_since_reads_go_on() -> None:
    assert (await probe()).json()["status"] == "ok"
    with connections_with(READ_ONLY[connection.vendor]):
        answer = await probe()
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert "the database is read-only" in answer.json()["parts"]["writes"]
    assert {part for part, words in answer.json()["parts"].items() if words != "ok"} == {"writes"}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no clock of its own")
@pytest.mark.parametrize(("seconds", "direction"), [(300, "behind"), (-300, "ahead of")])
async def test_a_clock_five_minutes_off_is_told(seconds: int, direction: str) -> None:
    function = (
        "CREATE SCHEMA skewed; CREATE FUNCTION skewed.clock_timestamp() RETURNS timestamptz LANGUAGE sql "
        f"AS $$ SELECT pg_catalog.clock_timestamp() + interval '{seconds} seconds' $$"
    )
    await execute(function)
    try:
        with connections_with("SET search_path = skewed, public, pg_catalog"):
            answer = await probe()
    finally:
        await execute("DROP SCHEMA skewed CASCADE")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert f"this machine's clock is 300 s {direction} the database's" in answer.json()["parts"]["clock"]
