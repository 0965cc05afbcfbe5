"""The check of keys when a process starts before its database can be asked, and what it says meanwhile."""

import sqlite3
from pathlib import Path

import httpx
import pytest

from tests.stack import Stack

pytestmark = pytest.mark.e2e


def test_keys_are_registered_as_soon_as_the_database_can_be_asked(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "data")
    stack.folder.mkdir()
    try:
        stack.start_web()
        assert "The keys are not checked yet" in "".join(stack.output)
        assert blamed(stack) == {"lookups", "keys", "rotation", "writes", "background"}
        stack.manage("migrate", "-v0")
        stack.wait_until(lambda: registered(stack))
    finally:
        stack.stop()


def test_why_the_database_cannot_be_asked_is_told_at_once(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "data", settings={"DATABASE_URL": "postgresql://patchbay:s3cret@127.0.0.1:1/patchbay"})
    try:
        stack.start_web()
        said = [line for line in stack.output if "The keys are not checked yet, since the database cannot" in line]
        assert len(said) == 1
        assert "Connection refused" in said[0]
        assert "s3cret" not in "".join(stack.output)
        assert blamed(stack) == {"clock", "lookups", "migrations", "keys", "rotation", "writes", "background"}
    finally:
        stack.stop()


def blamed(stack: Stack) -> set[str]:
    """Return the parts of which /readyz says that another one keeps them from being checked."""
    parts = httpx.get(f"http://127.0.0.1:{stack.port}/readyz", timeout=30).json()["parts"]
    return {part for part, words in parts.items() if words.startswith("not checked, because of the ")}


def registered(stack: Stack) -> bool:
    try:
        return {name for (name,) in stack.query("SELECT name FROM accounts_keycheck")} >= {"TOKEN_KEY", "SECRET_KEY"}
    except sqlite3.OperationalError:  # the migration is being committed
        return False
