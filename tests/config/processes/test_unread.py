"""Processes whose output nobody reads: they go on, and end when they are told to."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from config.processes.watchdog import HUNG, MARGIN_SECONDS
from tests.cluster.services import wait_for
from tests.pipes import Pipe, pipe
from tests.stack import ROOT, Stack

CELERY = ("-m", "celery", "--quiet", "--app", "config")
STARTED = "Uvicorn running"


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    settings = {"ACCESS_LOG": "1", "SHUTDOWN_SECONDS": "30", "LOG_LEVEL": "INFO", "SIMULATOR": "0"}
    stack = Stack(tmp_path / "data", settings=settings)
    stack.prepare()
    return stack


@contextmanager
def unread(stack: Stack, *command: str, started: str) -> Iterator[tuple[subprocess.Popen[bytes], Pipe]]:
    """Run a process whose output nobody reads any more from the moment that it has started."""
    with pipe() as output:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=stack.environment,
            stdout=output.writing,
            stderr=output.writing,
            start_new_session=True,
        )
        try:
            output.read_until(started)
            output.fill()
            yield process, output
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def request_pages(stack: Stack, number: int = 100) -> None:
    """Send requests, each of which has a line in the access log."""
    with httpx.Client(base_url=f"http://127.0.0.1:{stack.port}", timeout=30) as client:
        assert {client.get("/mcp/none").status_code for _ in range(number)} == {404}


@pytest.mark.e2e
def test_the_web_process_answers_and_ends_with_success(stack: Stack) -> None:
    with unread(stack, "-m", "config.serve", started=STARTED) as (web, _):
        request_pages(stack)
        web.terminate()
        assert web.wait(60) == 0


@pytest.mark.e2e
def test_its_lines_are_there_for_a_reader_that_comes_back(stack: Stack) -> None:
    with unread(stack, "-m", "config.serve", started=STARTED) as (web, output):
        request_pages(stack)
        # One part that is read may hold several lines.
        begun = output.read_until("GET /mcp/")
        web.terminate()
        assert (begun + output.read_all()).count("GET /mcp/") == 100
        assert web.wait(60) == 0


@pytest.mark.e2e
def test_the_worker_ends_with_success(stack: Stack) -> None:
    options = ("--pool", "threads", "--concurrency", "1", "--without-gossip", "--without-mingle")
    with unread(stack, *CELERY, "worker", *options, started="ready.") as (worker, _):
        worker.terminate()
        assert worker.wait(60) == 0


@pytest.mark.e2e
def test_beat_goes_on_sending_tasks_and_ends_with_success(stack: Stack) -> None:
    stack.settings["PURGE_INTERVAL_SECONDS"] = "1"
    tasks = stack.folder / "broker" / "queue"
    options = ("--schedule", str(stack.folder / "beat-schedule"))
    with unread(stack, *CELERY, "beat", *options, started="sending the due task") as (beat, _):
        sent = len(list(tasks.iterdir()))
        # It says each before it sends it.
        wait_for(lambda: len(list(tasks.iterdir())) >= sent + 4, 60, "further tasks")
        beat.terminate()
        assert beat.wait(60) == 0


@pytest.mark.e2e
def test_up_stops_its_processes(stack: Stack) -> None:
    with unread(stack, "manage.py", "up", started=STARTED) as (up, _):
        request_pages(stack)
        up.terminate()
        assert up.wait(60) == 128 + signal.SIGTERM
        with pytest.raises(httpx.ConnectError):
            request_pages(stack, 1)


def test_a_process_that_hangs_is_ended_although_it_cannot_say_so() -> None:
    script = (
        "import threading\n"
        "from django.conf import settings\n"
        f"settings.configure(SHUTDOWN_SECONDS=-{MARGIN_SECONDS})\n"
        "from config.processes.watchdog import end_within_limit\n"
        "end_within_limit(lambda: '')\n"
        "threading.Event().wait()\n"
    )
    with pipe() as output:
        output.fill()
        # Logging's own last resort, which waits for the reader.
        with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stderr=output.writing) as hung:
            try:
                assert hung.wait(60) == HUNG
            finally:
                hung.kill()
