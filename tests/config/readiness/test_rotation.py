"""What a probe finds while keys are replaced, one process after the other, and while a table is locked."""

import base64
from typing import Any

import httpx
import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone
from psycopg import sql
from pytest_django.fixtures import Settings

from accounts.heartbeat import leave_mark
from accounts.keys.register import settle_keys
from accounts.models import IntegratedAccount, KeyCheck
from config import health
from config.readiness.rounds import Readiness
from tests.scratch import url_of

pytestmark = pytest.mark.django_db(transaction=True)
OLD, NEW = "old-secret-key-of-these-tests-" * 2, "new-secret-key-of-these-tests-" * 2
ROUNDS = 10
SECOND = f"k2:{base64.urlsafe_b64encode(b'2' * 32).decode()}"


@pytest.fixture(autouse=True)
def beating(transactional_db: None) -> None:
    """Worker and beat have just done their work."""
    leave_mark()


async def probe(readiness: Readiness | None = None) -> tuple[int, dict[str, str]]:
    """Return the status, and the parts that are not in order."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await health.readyz(scope, receive, send, asked=readiness or Readiness(health.CHECKS, seconds=10))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=application), base_url="http://10.1.2.3") as client:
        answer = await client.get("/readyz")
    return answer.status_code, {part: words for part, words in answer.json()["parts"].items() if words != "ok"}


class Process:
    """A process with keys of its own."""

    def __init__(self, settings: Settings, **keys: Any) -> None:
        self.settings, self.keys = settings, keys

    def be(self) -> None:
        for name, value in self.keys.items():
            setattr(self.settings, name, value)

    async def start(self) -> None:
        self.be()
        await sync_to_async(settle_keys)()

    async def probe(self) -> tuple[int, dict[str, str]]:
        self.be()
        return await probe()


@sync_to_async
def rows() -> list[Any]:
    return list(KeyCheck.objects.order_by("pk").values())


async def test_a_process_with_the_previous_secret_key_stays_in_rotation_and_says_what_to_do(settings: Settings) -> None:
    before = Process(settings, SECRET_KEY=OLD, SECRET_KEY_FALLBACKS=[])
    after = Process(settings, SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[OLD])
    await before.start()
    await after.start()
    status, parts = await before.probe()
    assert (status, set(parts)) == (200, {"rotation"})
    assert "restart the process" in parts["rotation"]
    assert await after.probe() == (200, {})


async def test_probes_of_processes_that_know_both_secret_keys_find_them_in_order_and_write_nothing(
    settings: Settings,
) -> None:
    before = Process(settings, SECRET_KEY=OLD, SECRET_KEY_FALLBACKS=[NEW])
    after = Process(settings, SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[OLD])
    await before.start()
    await after.start()
    kept = await rows()
    for process in (before, after, before):
        assert await process.probe() == (200, {})
    assert await rows() == kept


async def test_a_secret_key_that_was_given_up_is_no_rotation(settings: Settings) -> None:
    await Process(settings, SECRET_KEY=OLD, SECRET_KEY_FALLBACKS=[]).start()
    await KeyCheck.objects.filter(name="SECRET_KEY").aupdate(given_up=True, retired_at=timezone.now())
    await Process(settings, SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[]).start()
    status, parts = await Process(settings, SECRET_KEY=OLD, SECRET_KEY_FALLBACKS=[]).probe()
    assert (status, parts) == (503, {"keys": "SECRET_KEY wrong or missing; run `manage.py check_keys`"})


async def test_a_process_without_the_key_that_others_encrypt_under_is_not_ready(
    account: IntegratedAccount, settings: Settings
) -> None:
    first = settings.CREDENTIAL_KEYS[0]
    alone = Process(settings, CREDENTIAL_KEYS=[first])
    prepared = Process(settings, CREDENTIAL_KEYS=[first, SECOND])
    turned = Process(settings, CREDENTIAL_KEYS=[SECOND, first])
    await alone.start()
    await turned.start()
    # Without any text under the new key, nothing is amiss; a restart of the process notes that the key is not used.
    assert await alone.probe() == (200, {})
    await alone.start()
    turned.be()
    await sync_to_async(account.encrypt_again)()
    await account.asave()
    assert await alone.probe() == (503, {"keys": "CREDENTIAL_KEYS:k2 wrong or missing; run `manage.py check_keys`"})
    for process in (prepared, turned):
        assert await process.probe() == (200, {})


@pytest.mark.services
@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("accounts_keycheck", {"keys", "rotation"}),
        ("django_migrations", {"migrations"}),
        ("accounts_writeprobe", {"writes"}),
        ("accounts_integratedaccount", {"keys", "rotation"}),
    ],
)
async def test_a_lock_is_told_of_the_part_that_it_keeps_from_being_checked_and_calls_go_on(
    table: str, told: set[str]
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite locks no single table: set DATABASE_URL, or run make test-services")
    # The lock holds in every round; that another part takes longer than this happens on a busy machine.
    readiness = Readiness(health.CHECKS, seconds=2)
    assert await probe(readiness) == (200, {})
    async with await psycopg.AsyncConnection.connect(url_of(connection.settings_dict["NAME"])) as other:
        await other.execute(sql.SQL("LOCK TABLE {}").format(sql.Identifier(table)))
        for _ in range(ROUNDS):
            status, parts = await probe(readiness)
            if set(parts) == told:
                break
        await other.rollback()
    assert (status, set(parts)) == (200, told)
