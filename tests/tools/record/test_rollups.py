"""Figures by hour and day: they say what the record says, whatever happened while it was written."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection
from django.db.models import Sum

from accounts.models import IntegratedAccount
from mcpservers.models import MCPServer
from tests.calls import note_of, record
from tests.mcp_client import McpClient
from tests.vendors.scripted import ScriptedVendor
from tools.models import Call, CallFigures
from tools.models.figures import BUCKETS, NOBODY, Grain, Scope
from tools.record.recorder import CallRecorder, recorder
from tools.record.rollups import add_up_everything
from tools.tasks import prune_calls

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2027, 3, 4, 12, 30, tzinfo=UTC)


def sums() -> list[tuple[object, ...]]:
    """Return all figures but their numbers."""
    fields = ["scope", "grain", "start", "account_id", "server_id", "tool", "calls", "errors", "total_ms", *BUCKETS]
    return sorted(CallFigures.objects.values_list(*fields), key=str)


def totals() -> Counter[str]:
    """Return how many calls each scope and grain has counted."""
    counted = CallFigures.objects.order_by().values_list("scope", "grain").annotate(calls=Sum("calls"))
    return Counter({f"{Scope(scope).name} {Grain(grain).name}": calls for scope, grain, calls in counted})


def test_every_call_is_counted_once_by_each_scope_and_grain(server: tuple[MCPServer, str]) -> None:
    row, account = server[0], server[0].account
    record(
        note_of(account, row.pk, started_at=NOON, tool="a", duration_ms=10),
        note_of(account, row.pk, started_at=NOON + timedelta(minutes=10), tool="a", duration_ms=30, outcome="refused"),
        note_of(account, row.pk, started_at=NOON + timedelta(hours=2), tool="b"),
        note_of(account, None, started_at=NOON, tool="a", outcome="cancelled"),
    )
    assert set(totals().values()) == {4}
    assert len(totals()) == len(Scope) * len(Grain)
    hour = NOON.replace(minute=0)
    one = CallFigures.objects.get(scope=Scope.SERVER_TOOL, grain=Grain.HOUR, start=hour, server_id=row.pk, tool="a")
    assert (one.calls, one.errors, one.total_ms, one.account_id) == (2, 1, 40, account.pk)
    assert CallFigures.objects.get(scope=Scope.SERVER, grain=Grain.DAY, server_id=NOBODY).errors == 0
    day = CallFigures.objects.get(scope=Scope.TOOL, grain=Grain.DAY, tool="a")
    assert (day.calls, day.start, day.account_id) == (3, NOON.replace(hour=0, minute=0), NOBODY)
    assert sum(getattr(day, bucket) for bucket in BUCKETS) == 3


async def test_a_write_is_counted_when_it_has_ended_and_not_before(desk: McpClient, scripted: ScriptedVendor) -> None:
    scripted.body = b'{"ticket": {"id": 1}}'
    await desk.value("create_a_desk_ticket", {"title": "One"})
    assert await sync_to_async(CallFigures.objects.count)() == 0
    await sync_to_async(recorder.flush)()
    assert set((await sync_to_async(totals)()).values()) == {1}


def test_a_batch_that_could_not_be_written_is_counted_once_when_it_can(account: IntegratedAccount) -> None:
    own = CallRecorder()
    own._thread = object()  # type: ignore[assignment]  # this test writes by itself
    own.add(note_of(account))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tools_callfigures RENAME TO tools_callfigures_away")
    own.flush()
    assert (len(own), Call.objects.count()) == (1, 0)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tools_callfigures_away RENAME TO tools_callfigures")
    own.flush()
    assert (len(own), Call.objects.count()) == (0, 1)
    assert set(totals().values()) == {1}


def test_calls_of_before_are_added_up_to_the_same_figures(server: tuple[MCPServer, str]) -> None:
    chance, account = random.Random(3), server[0].account
    record(
        *(
            note_of(
                account,
                chance.choice([server[0].pk, None]),
                ago=chance.randrange(200_000),
                tool=chance.choice("abc"),
                outcome=chance.choice(["ok", "failed"]),
                duration_ms=float(chance.randrange(1, 9000)),
            )
            for _ in range(250)
        )
    )
    Call.objects.create(**{**vars_of(account), "outcome": "pending"})
    live = sums()
    CallFigures.objects.all().delete()
    add_up_everything()
    assert sums() == live
    assert set(totals().values()) == {250}


def vars_of(account: IntegratedAccount) -> dict[str, object]:
    row = note_of(account).row()
    return {field.name: getattr(row, field.name) for field in Call._meta.fields if field.name != "id"}


def test_nothing_is_added_up_where_there_are_no_calls() -> None:
    add_up_everything()
    assert not CallFigures.objects.exists()


def test_hours_of_servers_go_first_then_all_hours_with_the_calls_and_days_last(
    account: IntegratedAccount, settings: object
) -> None:
    now = datetime.now(UTC)
    settings.CALL_FIGURES_RETENTION = timedelta(days=90)  # type: ignore[attr-defined]
    record(*(note_of(account, started_at=now - timedelta(days=days)) for days in (1, 20, 40, 100)))
    prune_calls()
    assert totals() == {
        "TOOL HOUR": 2, "TOOL DAY": 3, "SERVER HOUR": 1, "SERVER DAY": 3, "SERVER_TOOL HOUR": 1, "SERVER_TOOL DAY": 3,
    }  # fmt: skip
    with time_machine.travel(now + timedelta(days=400)):
        prune_calls()
    assert not CallFigures.objects.exists()


def test_accounts_of_two_environments_are_never_added_together(account: IntegratedAccount) -> None:
    other = note_of(account)
    other.caller = type(other.caller)(environment_id=uuid4(), account_id=uuid4(), via="mcp")
    record(note_of(account), other)
    rows = CallFigures.objects.filter(scope=Scope.TOOL, grain=Grain.DAY)
    assert sorted(rows.values_list("calls", flat=True)) == [1, 1]


def test_a_database_error_leaves_neither_rows_nor_figures(account: IntegratedAccount) -> None:
    broken = note_of(account, outcome="a word that is longer than the column")
    if connection.vendor == "sqlite":
        pytest.skip("needs PostgreSQL, since SQLite takes texts of any length: run make test-services")
    with pytest.raises(DatabaseError):
        Call.objects.create(**{**vars_of(account), "outcome": broken.outcome})
    record(broken, note_of(account))
    assert Call.objects.count() == 1
    assert set(totals().values()) == {1}
