"""What beat sends."""

from datetime import timedelta

import pytest

from config.background_work.schedule import beat_schedule
from config.celery import app

SCHEDULE = beat_schedule(purge=timedelta(seconds=1), prune=timedelta(hours=1))


@pytest.mark.parametrize("name", SCHEDULE)
def test_the_task_exists(name: str) -> None:
    app.loader.import_default_modules()
    assert SCHEDULE[name]["task"] in app.tasks


@pytest.mark.parametrize("name", SCHEDULE)
def test_a_worker_that_comes_back_does_not_do_what_it_has_missed(name: str) -> None:
    """Yet a worker whose clock differs by seconds does what it is sent."""
    options, interval = SCHEDULE[name]["options"], SCHEDULE[name]["schedule"]
    assert isinstance(options, dict)
    assert isinstance(interval, timedelta)
    assert options["expires"] == max(60, interval.total_seconds())
