"""What `manage.py up` runs its processes with: they are started again, and stopped together."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from honcho.printer import Message

from config.processes.supervision import MOST_ENDS, STATUSES, Supervisor
from tests.cluster.services import wait_for
from tests.stack import ROOT


class Paper:
    """A printer that keeps the lines, and sends this process a signal after one that holds `until`."""

    def __init__(self, until: str = "", by: signal.Signals = signal.SIGTERM) -> None:
        self.width = 0
        self.lines: list[str] = []
        self._until, self._by = until, by

    def write(self, message: Message) -> None:
        data = message.data
        self.lines.append(f"{message.name}: {data.decode() if isinstance(data, bytes) else data}".rstrip())
        if self._until and self._until in self.lines[-1]:
            self._until = ""
            signal.raise_signal(self._by)

    def times(self, text: str) -> int:
        return sum(text in line for line in self.lines)


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in STATUSES}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def supervised(paper: Paper, folder: Path, *, stop_seconds: float = 30, **commands: str) -> int:
    """Run commands, of which the one called `web` is needed; return the status."""
    supervisor = Supervisor(
        paper, folder=folder, environment=dict(os.environ), stop_seconds=stop_seconds, first_pause=0.01
    )
    for name, command in commands.items():
        supervisor.add(name, command, is_needed=name == "web")
    return supervisor.run()


# Ends by a signal in its first life, and stays in its second.
DIES_ONCE = "sh -c 'test -e died && echo back && sleep 600; touch died; kill -9 $$'"


def test_a_process_that_is_killed_is_started_again_and_the_others_stay(tmp_path: Path) -> None:
    paper = Paper(until="worker: back")
    assert supervised(paper, tmp_path, web="sh -c 'echo up; sleep 600'", worker=DIES_ONCE) == 143
    assert paper.times("web: up") == paper.times("web started") == 1
    assert paper.times("worker stopped (rc=-9)") == 1


@pytest.mark.parametrize("by", STATUSES)
def test_a_signal_stops_them_all(tmp_path: Path, by: signal.Signals) -> None:
    paper = Paper(until="beat: up", by=by)
    assert supervised(paper, tmp_path, web="sleep 600", beat="sh -c 'echo up; sleep 600'") == STATUSES[by]
    assert paper.times(f"{by.name} received") == 1
    assert paper.times("(rc=-15)") == 2


def test_a_process_that_cannot_start_ends_everything_with_its_status(tmp_path: Path) -> None:
    paper = Paper()
    assert supervised(paper, tmp_path, web="sleep 600", worker="sh -c 'echo no broker; exit 3'") == 3
    assert paper.times("worker: no broker") == 1
    assert paper.times("worker cannot start") == 1


def test_one_that_keeps_ending_leaves_the_others_up_and_is_told_in_one_sentence(tmp_path: Path) -> None:
    words = f"worker ended {MOST_ENDS} times within a minute; the others stay up"
    paper = Paper(until=words)
    assert supervised(paper, tmp_path, web="sleep 600", worker="true") == 143
    assert paper.times(words) == 1
    assert paper.times("worker started") == MOST_ENDS
    assert paper.times("web stopped") == 1


def test_one_that_is_needed_and_keeps_ending_ends_everything(tmp_path: Path) -> None:
    paper = Paper()
    assert supervised(paper, tmp_path, web="sh -c 'kill -9 $$'", worker="sleep 600") == 1
    assert paper.times("nothing works without it") == 1
    assert paper.times("worker stopped (rc=-15)") == 1


def test_one_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    paper = Paper(until="web: up")
    deaf = "sh -c 'trap \"\" TERM; echo up; while :; do sleep 1; done'"
    assert supervised(paper, tmp_path, stop_seconds=0.1, web=deaf) == 143
    assert paper.times("did not stop within 0.1 s and is killed") == 1


def test_what_a_process_started_ends_with_it(tmp_path: Path) -> None:
    """Or a worker's child would go on beside that of its successor."""
    parent = "sh -c 'test -e died && echo back && sleep 600; touch died; sleep 600 & echo $! > child; kill -9 $$'"
    supervised(Paper(until="worker: back"), tmp_path, worker=parent)
    assert has_ended(int((tmp_path / "child").read_text()))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent was killed")
def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, sys; from config.processes.supervision import Supervisor;"
        "from honcho.printer import Printer;"
        "run = Supervisor(Printer(), folder=pathlib.Path(sys.argv[1]), environment=dict(os.environ), stop_seconds=30);"
        "run.add('web', \"sh -c 'echo $$ > web; exec sleep 600'\"); run.run()"
    )
    killed = subprocess.Popen([sys.executable, "-c", program, tmp_path], cwd=ROOT, stdout=subprocess.DEVNULL)
    child = tmp_path / "web"
    wait_for(lambda: child.exists() and child.read_text().endswith("\n"), 30, "the start")
    killed.kill()
    killed.wait(10)
    wait_for(lambda: has_ended(int(child.read_text())), 10, "the end of its process")


def has_ended(pid: int) -> bool:
    """Return whether a process is gone, or waits only for somebody to read its status."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
