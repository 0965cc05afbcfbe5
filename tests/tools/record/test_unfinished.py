"""Writes whose process ended in mid-call: told as unknown, counted as failures, and put right if it was alive."""

import logging
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from accounts.models import Environment, IntegratedAccount, Role
from tests.admin_site import browser, superuser
from tests.calls import note_of, record
from tests.people import People
from tests.rest import Rest, token_of
from tools.models import Call, CallFigures
from tools.models.figures import BUCKETS, Grain, Scope
from tools.record.activity import CallFilter
from tools.record.figures import figures_of
from tools.record.notes import CallNote
from tools.record.unfinished import WORDS, oldest_pending, unknown_lately
from tools.record.usage import accounts_lately, tools_used
from tools.tasks import settle_writes

pytestmark = pytest.mark.django_db(transaction=True)

OVERDUE = settings.CALL_UNKNOWN_AFTER + timedelta(seconds=1)


def intended(account: IntegratedAccount, started_at: datetime | None = None) -> CallNote:
    """Return a write whose row is committed as pending, for longer than a call takes by default."""
    began = started_at or datetime.now(UTC) - OVERDUE
    note = note_of(account, tool="create_it", access="write", outcome="pending", duration_ms=None, started_at=began)
    row = note.row()
    row.save(force_insert=True)
    note.row_id = row.pk
    return note


def row_of(note: CallNote) -> Call:
    return Call.objects.get(pk=note.row_id or 0)


def end(note: CallNote, outcome: str, duration_ms: float = 20.0) -> None:
    """Write what the note's own process knows of the end."""
    note.outcome, note.duration_ms = outcome, duration_ms
    record(note)


def figures() -> list[tuple[object, ...]]:
    fields = ["scope", "grain", "start", "tool", "calls", "errors", "total_ms", *BUCKETS]
    return sorted(CallFigures.objects.values_list(*fields), key=str)


def test_a_write_that_no_process_can_end_becomes_unknown(account: IntegratedAccount) -> None:
    overdue, under_way = intended(account), intended(account, started_at=datetime.now(UTC))
    assert settle_writes() == 1
    row = row_of(overdue)
    assert (row.outcome, row.error, row.duration_ms) == ("unknown", WORDS, None)
    assert row_of(under_way).outcome == "pending"
    assert settle_writes() == 0


def test_it_is_counted_as_a_failure_everywhere(account: IntegratedAccount) -> None:
    record(note_of(account, tool="create_it", access="write"))
    intended(account)
    settle_writes()
    now = datetime.now(UTC)
    lately = accounts_lately([account.pk])[account.pk]
    assert (lately.calls, lately.errors) == (2, 1)
    assert lately.last_error is not None
    assert lately.last_error.outcome == "unknown"
    assert tools_used(account.environment_id)["create_it"].errors == 1
    # Counted call by call, and from sums.
    for hours in (1, 30):
        total = figures_of(CallFilter(account.environment_id), now - timedelta(hours=hours), now).total
        assert (total.calls, total.errors) == (2, 1)


def test_no_duration_is_invented_for_it(account: IntegratedAccount) -> None:
    intended(account)
    settle_writes()
    row = CallFigures.objects.get(scope=Scope.TOOL, grain=Grain.DAY)
    assert (row.calls, row.total_ms, sum(getattr(row, bucket) for bucket in BUCKETS)) == (1, 0, 0)
    now = datetime.now(UTC)
    assert figures_of(CallFilter(account.environment_id), now - timedelta(hours=30), now).total.times is None


def test_what_its_process_knows_after_all_replaces_unknown_in_row_and_figures(account: IntegratedAccount) -> None:
    """It was alive, and could not reach the database for a while."""
    began = datetime.now(UTC) - OVERDUE
    end(intended(account, started_at=began), "ok")
    expected = figures()
    Call.objects.all().delete()
    CallFigures.objects.all().delete()
    note = intended(account, started_at=began)
    settle_writes()
    end(note, "ok")
    row = row_of(note)
    assert (row.outcome, row.error, row.duration_ms) == ("ok", "", 20.0)
    assert figures() == expected


def test_a_row_that_its_process_is_ending_is_left_to_it(account: IntegratedAccount) -> None:
    if not connection.features.has_select_for_update_skip_locked:
        pytest.skip("SQLite has one writer: the sweep waits for it, and finds the row ended")
    note = intended(account)
    settled: list[int] = []

    def sweep() -> None:
        settled.append(settle_writes())
        connection.close()

    with transaction.atomic():
        Call.objects.select_for_update().get(pk=note.row_id or 0)
        other = threading.Thread(target=sweep)
        other.start()
        other.join()
    end(note, "ok")
    assert settled == [0]
    assert row_of(note).outcome == "ok"


def test_the_log_says_how_many_in_one_line(account: IntegratedAccount, caplog: pytest.LogCaptureFixture) -> None:
    intended(account)
    intended(account)
    with caplog.at_level(logging.WARNING):
        settle_writes()
    (line,) = [record.getMessage() for record in caplog.records if record.name == "tools.record.unfinished"]
    assert "whether the vendor did 2 writes" in line


def test_monitoring_is_told_of_those_that_wait_and_those_that_are_unknown(account: IntegratedAccount) -> None:
    assert (oldest_pending(), unknown_lately()) == (None, 0)
    note = intended(account)
    assert (oldest_pending(), unknown_lately()) == (note.started_at, 0)
    settle_writes()
    assert (oldest_pending(), unknown_lately()) == (None, 1)


def test_portal_admin_and_rest_say_it_in_words(
    environment: Environment, account: IntegratedAccount, people: People
) -> None:
    note = intended(account)
    settle_writes()
    portal = Client()
    portal.force_login(people.owner)
    shown = portal.get(f"/activity/calls/{note.row_id}").content.decode()
    assert WORDS in shown
    assert "Unknown: no answer was recorded" in shown
    assert "Unknown: no answer was recorded" in portal.get("/activity?outcome=failures").content.decode()
    in_admin = browser(superuser()).get(f"/admin/tools/call/{note.row_id}/change/").content.decode()
    assert WORDS in in_admin
    (call,) = Rest(token_of(environment, Role.VIEWER)).get("/call", outcome="unknown").json()["result"]
    assert (call["outcome"], call["error"]) == ("unknown", WORDS)
