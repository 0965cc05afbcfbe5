"""The backup of SQLite, as the page about operations gives it."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.deploy.manifests import ROOT

COMMAND = re.compile(r'python -c "([^"]*VACUUM INTO[^"]*)"')


def back_up(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    (code,) = COMMAND.findall((ROOT / "docs" / "operations.md").read_text())
    return subprocess.run([sys.executable, "-c", code, source, target], capture_output=True, text=True, check=False)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "patchbay.sqlite3"


def test_a_backup_holds_what_a_running_process_has_committed_and_nothing_else(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.sqlite3"
    with closing(sqlite3.connect(source)) as running:
        running.execute("PRAGMA journal_mode=WAL")
        running.execute("CREATE TABLE call (tool TEXT)")
        running.execute("INSERT INTO call VALUES ('committed')")
        running.commit()
        running.execute("INSERT INTO call VALUES ('under way')")
        done = back_up(source, target)
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT tool FROM call").fetchall() == [("committed",)]
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_backup_is_never_overwritten(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.sqlite3"
    with closing(sqlite3.connect(source)) as running:
        running.execute("CREATE TABLE call (tool TEXT)")
    assert back_up(source, target).returncode == 0
    kept = target.read_bytes()
    assert back_up(source, target).returncode != 0
    assert target.read_bytes() == kept
