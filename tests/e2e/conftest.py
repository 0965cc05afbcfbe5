"""One running copy of the product for the end-to-end tests of a session."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Web process and simulator, on free ports."""
    running = Stack(
        tmp_path_factory.mktemp("stack"),
        settings={"SIMULATOR_HOURLY_LIMIT": "0", "ACCESS_LOG": "1", "LONG_CALL_SECONDS": "1"},
    )
    try:
        running.prepare()
        running.start_simulator()
        running.start_web()
        yield running
    finally:
        running.stop()


@pytest.fixture
def demo(stack: Stack) -> dict[str, Any]:
    """A fresh server and token on the running copy."""
    return stack.demo()
