"""Calls that are written, ended and added up: PostgreSQL looks into their own months only."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import IntegratedAccount
from tests.calls import note_of, record
from tests.months import drop_all, make_at, read_by, require_postgresql
from tools.models import Call, CallFigures
from tools.tasks import settle_writes

pytestmark = pytest.mark.django_db(transaction=True)

NOVEMBER = datetime(2021, 11, 20, tzinfo=UTC)


@pytest.fixture
def by_month(transactional_db: None) -> Iterator[None]:
    """Months of a year, of which November is among the earlier ones."""
    require_postgresql()
    drop_all()
    for number in range(1, 13):
        make_at(datetime(2021, number, 15, tzinfo=UTC))
    yield
    drop_all()


def read_while_ending(account: IntegratedAccount) -> set[str]:
    """End a write, whose row was committed before; return the partitions that its statements read."""
    note = note_of(account, access="write", outcome="pending", duration_ms=None, started_at=NOVEMBER)
    row = note.row()
    row.save(force_insert=True)
    note.row_id, note.outcome, note.duration_ms = row.pk, "ok", 20.0
    settle_writes()
    with CaptureQueriesContext(connection) as asked:
        record(note)
    statements = [each["sql"].strip() for each in asked if '"tools_call"' in each["sql"]]
    written = [each for each in statements if each.startswith(("UPDATE", "INSERT")) or "FOR UPDATE" in each]
    # Locked, taken out of the figures, ended, and added up again.
    assert len(written) == 4
    return set().union(*map(read_by, written))


@pytest.mark.usefixtures("by_month")
def test_the_end_of_a_write_touches_the_month_in_which_it_began(account: IntegratedAccount) -> None:
    assert read_while_ending(account) == {"tools_call_2021_11"}
    assert Call.objects.get().outcome == "ok"
    assert set(CallFigures.objects.values_list("calls", "errors")) == {(1, 0)}


def test_a_batch_of_two_months_is_added_up_and_ended_as_a_whole(account: IntegratedAccount) -> None:
    began = [datetime(2021, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC), datetime(2021, 12, 1, tzinfo=UTC)]
    notes = [note_of(account, access="write", outcome="pending", started_at=moment) for moment in began]
    for note in notes:
        row = note.row()
        row.save(force_insert=True)
        note.row_id, note.outcome = row.pk, "refused"
    record(*notes, *(note_of(account, started_at=moment) for moment in began))
    assert sorted(Call.objects.values_list("outcome", flat=True)) == ["ok", "ok", "refused", "refused"]
    hours = CallFigures.objects.filter(scope=1, grain=1).order_by("start").values_list("calls", "errors")
    assert list(hours) == [(2, 1), (2, 1)]
