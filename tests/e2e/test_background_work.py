"""Celery on the embedded broker: a real worker with beat does the work, nobody calls the functions."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.stack import Stack

pytestmark = pytest.mark.e2e

TASKS = ("mcpservers.tasks.purge_expired_servers", "tools.tasks.prune_calls")


def done(stack: Stack, task: str) -> bool:
    """Tell whether the worker has said that a task succeeded."""
    return any(task in line and "succeeded" in line for line in stack.output)


@pytest.fixture
def prepared(tmp_path: Path) -> Stack:
    """A migrated, seeded copy whose beat ticks each second."""
    stack = Stack(
        tmp_path / "data",
        settings={"PURGE_INTERVAL_SECONDS": "1", "PRUNE_INTERVAL_SECONDS": "1", "LOG_LEVEL": "INFO"},
    )
    stack.prepare()
    return stack


def test_worker_and_beat_purge_expired_servers_and_prune_old_calls(prepared: Stack) -> None:
    demo = prepared.demo()
    with closing(sqlite3.connect(prepared.folder / "patchbay.sqlite3")) as database:
        check_purge(prepared, demo, database)


def check_purge(prepared: Stack, demo: dict[str, str], database: sqlite3.Connection) -> None:
    server = demo["mcp_server_id"].replace("-", "")
    account = demo["integrated_account_id"].replace("-", "")
    past = (datetime.now(UTC) - timedelta(seconds=5)).strftime("%Y-%m-%d %H:%M:%S")
    with database:
        database.execute("UPDATE mcpservers_mcpserver SET expires_at = ? WHERE id = ?", (past, server))
        for age in (1, 90):
            started = (datetime.now(UTC) - timedelta(days=age)).strftime("%Y-%m-%d %H:%M:%S")
            database.execute(
                "INSERT INTO tools_call (environment_id, account_id, via, client, tool, access, arguments, outcome,"
                " error, started_at, upstream_bytes, result_chars)"
                " VALUES (?, ?, 'mcp', '', 'tool', 'read', '{}', 'ok', '', ?, 0, 0)",
                (account, account, started),
            )
    worker = prepared.start(
        *("-m", "config.background", "worker", "--beat", "--pool", "threads", "--concurrency", "1"),
        *("--loglevel", "INFO", "--schedule", str(prepared.folder / "beat-schedule")),
        until="purge_expired_servers",
    )
    try:
        prepared.wait_until(lambda: all(done(prepared, name) for name in TASKS))
    finally:
        prepared.end(worker)
    assert database.execute("SELECT count(*) FROM mcpservers_mcpserver WHERE id = ?", (server,)).fetchone() == (0,)
    trace = "SELECT actor, target_name FROM accounts_auditentry WHERE action = 'mcp_server.expired'"
    assert database.execute(trace).fetchall() == [("purge_expired_servers", "Demo agent")]
    assert database.execute("SELECT count(*) FROM tools_call").fetchone() == (1,)
