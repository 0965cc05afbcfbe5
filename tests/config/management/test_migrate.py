"""Two migrations of a new database at once: the second waits for the first, and finds its work done."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from config.migration_lock import KEY
from tests.stack import ROOT, Stack

WAITS = "Another process is migrating this database"
TABLES = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"


def start(stack: Stack) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "migrate", "-v0"],
        cwd=ROOT,
        env=stack.environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def has_waited(process: subprocess.Popen[str]) -> bool:
    """Return once the process has said that it waits, or has ended."""
    assert process.stderr is not None
    return WAITS in process.stderr.readline()


def ends_well(process: subprocess.Popen[str]) -> bool:
    _, said = process.communicate(timeout=300)
    return (process.returncode, said) == (0, "")


@pytest.mark.e2e
def test_on_sqlite_the_second_waits_for_the_first(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    if "DATABASE_URL" in stack.environment:
        pytest.skip("this is for SQLite: unset DATABASE_URL")
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    waiting = start(stack)
    assert has_waited(waiting)
    assert not stack.query("SELECT name FROM sqlite_master")
    os.close(descriptor)
    assert ends_well(waiting)
    stack.manage("migrate", "--check")


@pytest.mark.services
def test_on_postgresql_the_second_waits_for_the_first(scratch: str, tmp_path: Path) -> None:
    stack = Stack(tmp_path, settings={"DATABASE_URL": scratch})
    with psycopg.connect(scratch) as first:
        first.execute("SELECT pg_advisory_xact_lock(%s)", [KEY])
        waiting = start(stack)
        assert has_waited(waiting)
        assert first.execute(TABLES).fetchone() == (0,)
    assert ends_well(waiting)
    stack.manage("migrate", "--check")


@pytest.mark.e2e
def test_whoever_only_asks_waits_for_nobody(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    stack.prepare()
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    stack.manage("migrate", "--check")
    os.close(descriptor)
