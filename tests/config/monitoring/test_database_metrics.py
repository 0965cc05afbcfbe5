"""What a web process tells a collector of worker, beat and writes that nobody can end."""

import math
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as given
from django.db import connection
from pytest_django.fixtures import Settings

from accounts.models import Heartbeat, IntegratedAccount
from accounts.tasks import leave_mark
from config.asgi import application
from config.monitoring import database_metrics
from tests.calls import note_of
from tools.tasks import settle_writes

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "a-token-for-the-collector"


@pytest.fixture(autouse=True)
def _asked_each_time(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.METRICS_TOKEN = TOKEN
    monkeypatch.setattr(database_metrics, "KEEP_SECONDS", 0)


async def figure(name: str) -> float:
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    found = re.search(rf"^patchbay_{name} (\S+)$", answer.text, re.MULTILINE)
    assert found is not None
    return float(found[1])


async def test_the_age_of_the_mark_of_beat_and_worker() -> None:
    assert await figure("last_beat_seconds") == math.inf
    await sync_to_async(leave_mark)()
    assert 0 <= await figure("last_beat_seconds") < 60
    await Heartbeat.objects.aupdate(at=datetime.now(UTC) - timedelta(minutes=10))
    assert 600 <= await figure("last_beat_seconds") < 660


async def test_writes_that_wait_and_writes_that_are_unknown(account: IntegratedAccount) -> None:
    began = datetime.now(UTC) - given.CALL_UNKNOWN_AFTER - timedelta(seconds=5)
    note = note_of(account, access="write", outcome="pending", duration_ms=None, started_at=began)
    await note.row().asave(force_insert=True)
    assert await figure("oldest_pending_write_seconds") > given.CALL_UNKNOWN_AFTER.total_seconds()
    assert await figure("unknown_writes") == 0
    await sync_to_async(settle_writes)()
    assert await figure("oldest_pending_write_seconds") == 0
    assert await figure("unknown_writes") == 1


async def test_a_database_that_fails_fails_no_scrape() -> None:
    await sync_to_async(_rename)("accounts_heartbeat", "away")
    try:
        assert math.isnan(await figure("last_beat_seconds"))
    finally:
        await sync_to_async(_rename)("away", "accounts_heartbeat")


def _rename(name: str, other: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {name} RENAME TO {other}")
