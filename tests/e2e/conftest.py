"""One running copy of the product for the end-to-end tests of a session."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.settings import METRICS_TOKEN
from tests.stack import Stack, running_stack, seeded


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Web process and simulator, on free ports."""
    settings = {"ACCESS_LOG": "1", "LONG_CALL_SECONDS": "1", "METRICS_TOKEN": METRICS_TOKEN}
    with running_stack(tmp_path_factory.mktemp("stack"), **settings) as running:
        yield running


@pytest.fixture
def demo(stack: Stack, seeded: dict[str, Any]) -> dict[str, Any]:
    """The demo, with a server of this test's own."""
    return stack.fresh_server(seeded)


__all__ = ["seeded"]
