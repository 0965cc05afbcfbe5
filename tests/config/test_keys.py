"""The check of keys when a process starts before its database can be asked."""

import sqlite3
from pathlib import Path

import pytest

from tests.stack import Stack

pytestmark = pytest.mark.e2e


def test_keys_are_registered_as_soon_as_the_database_can_be_asked(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "data")
    stack.folder.mkdir()
    try:
        stack.start_web()
        assert "The keys are not checked yet" in "".join(stack.output)
        stack.manage("migrate", "-v0")
        stack.wait_until(lambda: registered(stack))
    finally:
        stack.stop()


def registered(stack: Stack) -> bool:
    try:
        return {name for (name,) in stack.query("SELECT name FROM accounts_keycheck")} >= {"TOKEN_KEY", "SECRET_KEY"}
    except sqlite3.OperationalError:  # the migration is being committed
        return False
