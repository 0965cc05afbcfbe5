"""Processes that wait have not loaded the large libraries of what they may be asked for later."""

import sys
from pathlib import Path

import httpx
import pytest

from tests.stack import Stack

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which libraries a process has loaded"),
]

PACKAGES = {"psycopg_binary", "cryptography", "aiohttp", "frozenlist", "tantivy", "yaml", "charset_normalizer"}
TASKS = {"purge_expired_servers", "settle_writes", "refresh_grants"}
SEND = "from config.celery import app; app.send_task('accounts.tasks.refresh_grants')"


@pytest.fixture
def prepared(tmp_path: Path) -> Stack:
    """The embedded default, with a beat that ticks each second."""
    stack = Stack(tmp_path / "data", settings={"PURGE_INTERVAL_SECONDS": "1", "LOG_LEVEL": "INFO"})
    stack.prepare()
    return stack


def loaded(pid: int) -> set[str]:
    """Return the packages of which a process has loaded a compiled part."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {package for package in PACKAGES for line in lines if f"/site-packages/{package}/" in line}


def done(stack: Stack) -> set[str]:
    """Return the tasks of which the worker has said that they succeeded."""
    return {task for task in TASKS for line in stack.output if task in line and "succeeded" in line}


def test_a_web_process_that_has_told_its_state(prepared: Stack) -> None:
    prepared.start_web()
    try:
        for path in ("livez", "readyz"):
            assert httpx.get(f"http://127.0.0.1:{prepared.port}/{path}").status_code == 200
        assert loaded(prepared.processes[-1].pid) == set()
    finally:
        prepared.stop()


def test_a_worker_that_has_done_its_regular_tasks(prepared: Stack) -> None:
    worker = prepared.start(
        *("-m", "config.background", "worker", "--beat", "--pool", "threads", "--concurrency", "1"),
        *("--loglevel", "INFO", "--schedule", str(prepared.folder / "beat-schedule")),
        until="ready",
    )
    try:
        prepared.manage("shell", "--command", SEND)
        prepared.wait_until(lambda: done(prepared) >= TASKS)
        # It reads its messages' formats, of which YAML is one.
        assert loaded(worker.pid) <= {"yaml"}
    finally:
        prepared.stop()
