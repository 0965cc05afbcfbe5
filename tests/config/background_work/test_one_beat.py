"""One beat at a time works with a schedule."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.services import wait_for
from tests.stack import ROOT, Stack

pytestmark = pytest.mark.e2e

BEAT = ("-m", "celery", "--quiet", "--app", "config", "beat", "--schedule")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path / "data", settings={"SIMULATOR": "0", "LOG_LEVEL": "INFO"})
    stack.prepare()
    yield stack
    stack.stop()


def start_beat(stack: Stack) -> subprocess.Popen[str]:
    beat = stack.start(*BEAT, str(stack.folder / "beat-schedule"), until="beat: Starting")
    lock = stack.folder / "beat-schedule.lock"
    wait_for(lambda: lock.exists() and lock.read_text() == f"{beat.pid}\n", 30, "beat's lock")
    return beat


def run(stack: Stack, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=stack.environment, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


def test_a_second_beat_says_which_one_runs_and_does_not(stack: Stack) -> None:
    first, schedule = start_beat(stack), stack.folder / "beat-schedule"
    second = run(stack, *BEAT, str(schedule))
    assert second.returncode == 1
    assert f"another beat (process {first.pid}) works with {schedule}, " in second.stderr
    assert "Traceback" not in second.stderr
    assert first.poll() is None


def test_a_second_up_in_the_same_folder_stops_and_says_why(stack: Stack) -> None:
    first = start_beat(stack)
    second = run(stack, "manage.py", "up")
    assert second.returncode == 1
    assert f"another beat (process {first.pid}) works with" in second.stdout
    assert "beat cannot start" in second.stdout


def test_a_beat_that_was_killed_keeps_no_other_from_starting(stack: Stack) -> None:
    killed = start_beat(stack)
    killed.kill()
    killed.wait(30)
    assert start_beat(stack).poll() is None
