"""Fixtures of vendors that the tests of this room call."""

from tests.tools.conftest import archive, archive_account, desk, desk_account, scripted, scripted_address

__all__ = ["archive", "archive_account", "desk", "desk_account", "scripted", "scripted_address"]
