"""The mark of beat and worker, and what is said of one that grows old."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounts.heartbeat import OVERDUE, silence, silence_words
from accounts.tasks import leave_mark

pytestmark = pytest.mark.django_db

NOON = datetime(2027, 3, 4, 12, 0, tzinfo=UTC)


def test_before_the_first_mark_it_is_said_that_nothing_was_done() -> None:
    assert silence() is None
    assert "never" in silence_words(OVERDUE)


def test_a_mark_grows_old_and_is_renewed() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        leave_mark()
        assert (silence(), silence_words(OVERDUE)) == (timedelta(), "")
        clock.shift(OVERDUE)
        assert silence() == OVERDUE
        assert "for 3 minutes not" in silence_words(OVERDUE)
        assert silence_words(timedelta()) == ""
        leave_mark()
        assert silence_words(OVERDUE) == ""
