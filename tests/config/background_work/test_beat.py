"""Beat tells once that tasks cannot be sent, and goes on, also where its schedule cannot be saved."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from config.background_work import file_broker
from config.background_work.beat import Scheduler
from tests.full_disk import no_file_may_grow


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Celery]:
    """An application with the embedded broker, whose folder a test makes or leaves out."""
    file_broker.install()
    app = Celery("test", broker="filesystem://localhost//", set_as_current=False)
    folder = str(tmp_path / "queue")
    control = str(tmp_path / "control")
    app.conf.broker_transport_options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": control}
    app.conf.beat_schedule = {"work": {"task": "work", "schedule": 1}}
    app.conf.task_publish_retry = False
    yield app
    app.close()


@pytest.fixture
def scheduler(app: Celery, tmp_path: Path) -> Iterator[Scheduler]:
    scheduler = Scheduler(app=app, schedule_filename=str(tmp_path / "schedule"))
    yield scheduler
    scheduler.close()


def test_a_broker_that_takes_no_task_is_told_once_and_so_is_its_recovery(
    scheduler: Scheduler, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    entry = scheduler.schedule["work"]
    for _ in range(3):
        scheduler.apply_entry(entry)
    (tmp_path / "queue").mkdir()
    for _ in range(3):
        scheduler.apply_entry(entry)
    told = [
        record
        for record in caplog.records
        if record.name == "config.background_work.beat" and record.levelno > logging.INFO
    ]
    assert [record.levelno for record in told] == [logging.ERROR, logging.WARNING]
    assert "No such file or directory" in told[0].getMessage()
    assert not any(record.exc_info for record in told)
    assert len(list((tmp_path / "queue").iterdir())) == 3


def test_a_schedule_that_cannot_be_saved_ends_nobody(scheduler: Scheduler, caplog: pytest.LogCaptureFixture) -> None:
    with no_file_may_grow():
        for _ in range(2):
            assert scheduler.schedule  # what was read is saved
            scheduler.sync()
    assert caplog.text.count("the schedule cannot be saved") == 1
    assert scheduler.schedule
    scheduler.sync()
    assert caplog.text.count("the schedule cannot be saved") == 1
