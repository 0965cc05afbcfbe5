"""Pruning: exactly the calls whose retention is over go, months as a whole where they can, and nobody waits for it."""

import logging
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.db.models import Sum

from accounts.models import IntegratedAccount
from tests.calls import note_of, record
from tests.months import beside, drop_all, make_at, partitions, require_postgresql
from tools.models import Call, CallFigures
from tools.models.figures import Grain, Scope
from tools.tasks import prune_calls

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2032, 1, 20, 12, tzinfo=UTC)
HORIZON = NOW - timedelta(days=30)
MOMENTS = (
    datetime(2031, 9, 3, tzinfo=UTC),  # of a month that has no partition
    datetime(2031, 11, 1, tzinfo=UTC),
    datetime(2031, 11, 30, 23, 59, 59, tzinfo=UTC),
    datetime(2031, 12, 1, tzinfo=UTC),
    HORIZON - timedelta(seconds=1),
    HORIZON,
    datetime(2032, 1, 1, tzinfo=UTC),
    NOW,
)


@pytest.fixture
def calls(account: IntegratedAccount) -> None:
    """Calls of half a year, in months as a worker made them in October and November."""
    drop_all()
    make_at(datetime(2031, 10, 15, tzinfo=UTC))
    make_at(datetime(2031, 11, 15, tzinfo=UTC))
    record(*(note_of(account, started_at=moment) for moment in MOMENTS))


def pruned() -> int:
    with time_machine.travel(NOW, tick=False):
        return prune_calls()


def left() -> list[datetime]:
    return list(Call.objects.order_by("started_at").values_list("started_at", flat=True))


@pytest.mark.usefixtures("calls")
def test_exactly_the_calls_that_are_too_old_go_on_every_database() -> None:
    assert pruned() == 5
    assert left() == [moment for moment in MOMENTS if moment >= HORIZON]
    assert pruned() == 0


@pytest.mark.usefixtures("calls")
def test_the_figures_by_day_outlive_the_dropped_months() -> None:
    pruned()
    days = CallFigures.objects.filter(scope=Scope.TOOL, grain=Grain.DAY)
    assert days.aggregate(calls=Sum("calls"))["calls"] == len(MOMENTS)


@pytest.mark.usefixtures("calls")
def test_a_month_that_is_too_old_as_a_whole_is_dropped_and_the_one_that_the_limit_cuts_is_kept() -> None:
    require_postgresql()
    pruned()
    assert partitions() == ["2031-12", "2032-01"]


@pytest.mark.usefixtures("calls")
def test_a_month_that_is_being_read_is_dropped_the_next_time_and_keeps_nobody_waiting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Such as by a backup: its calls stay as they are meanwhile, the others are pruned, and calls are written."""
    require_postgresql()
    with beside() as backup:
        backup.execute("SELECT count(*) FROM tools_call_2031_11").fetchone()
        with caplog.at_level(logging.WARNING):
            pruning = threading.Thread(target=prune_beside)
            pruning.start()
            while pruning.is_alive():
                Call.objects.filter(started_at=NOW).update(tool="written meanwhile")
            pruning.join()
        assert "The calls of 2031-11 could not be dropped, which is tried again (LockNotAvailable)" in caplog.text
        assert left() == [moment for moment in MOMENTS if moment >= HORIZON or f"{moment:%Y-%m}" == "2031-11"]
    assert pruned() == 2
    assert partitions() == ["2031-12", "2032-01"]


def prune_beside() -> None:
    try:
        pruned()
    finally:
        connection.close()
