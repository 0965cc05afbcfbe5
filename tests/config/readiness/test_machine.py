"""What this machine and this process have, as a probe finds it."""

import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from pytest_django.fixtures import Settings

from config.readiness import machine
from tools.record.notes import Caller, CallNote
from tools.record.recorder import CallRecorder


def test_a_disk_with_little_space_is_told_with_both_figures(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "not" / "made" / "yet"
    assert machine.disk() == {}
    settings.DISK_LOW_MEGABYTES = 10**9
    words = machine.disk()["disk"]
    assert "MB are free" in words
    assert "DISK_LOW_MEGABYTES (1000000000)" in words
    assert str(tmp_path) not in words


async def test_a_call_that_waits_long_for_its_record_is_told(settings: Settings) -> None:
    recorder = CallRecorder()
    assert await machine.record(recorder) == {}
    note = CallNote(
        Caller(UUID(int=1), UUID(int=2), "mcp"),
        "list_all_cases",
        "read",
        datetime.now(UTC),
        began=time.perf_counter() - 100,
        duration_ms=10_000,
    )
    with recorder._writing:  # as if the table were locked: the queue cannot be emptied
        recorder.add(note)
        assert "for 90 s" in (await machine.record(recorder))["record"]
        settings.RECORD_WAIT_SECONDS = 3600
        assert await machine.record(recorder) == {}
        recorder._queue.clear()
