"""A running copy of the product, the npm clients, and the table that stands at the end of a run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.filed import connect, desk_with_files
from tests.clients.outcomes import STEPS, ClientOutcome
from tests.clients.requirement import required
from tests.npm import installed
from tests.stack import Stack, running_stack, seeded

HERE = Path(__file__).parent
OUTCOMES = pytest.StashKey[list[ClientOutcome]]()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Web process and simulator of a session; vendors at other ports of this machine can be reached too."""
    with running_stack(tmp_path_factory.mktemp("stack"), UPSTREAM_PRIVATE_HOSTS="127.0.0.1") as running:
        yield running


@pytest.fixture(scope="session")
def desk_url(seeded: dict[str, Any]) -> Iterator[str]:
    """The URL of a server with every tool of a help desk that keeps files."""
    with desk_with_files() as desk:
        yield connect(desk, seeded)


@pytest.fixture
def url(stack: Stack, seeded: dict[str, Any]) -> str:
    """The URL of a fresh server with every tool."""
    return str(stack.fresh_server(seeded)["mcp_url"])


@pytest.fixture(scope="session")
def npm_clients() -> Path:
    """The folder where the npm clients are installed. Skips where they cannot be, or fails with REQUIRE_CLIENTS=1."""
    with required():
        return installed("clients", HERE, scripts=sorted(HERE.glob("*.mjs")))


@pytest.fixture
def outcomes(request: pytest.FixtureRequest) -> list[ClientOutcome]:
    """The outcomes of this run, for the table."""
    return request.config.stash.setdefault(OUTCOMES, [])


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the table."""
    outcomes: list[ClientOutcome] = config.stash.get(OUTCOMES, [])
    rows: list[tuple[str, ...]] = [("Client", "Revision", *STEPS)]
    for outcome in sorted(outcomes, key=lambda outcome: outcome.client):
        steps = ("FAIL" if step in outcome.problems else "pass" for step in STEPS)
        rows.append((outcome.client, outcome.revision, *steps))
    if len(rows) > 1:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        terminalreporter.section("clients")
        for row in rows:
            terminalreporter.line(
                "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            )


__all__ = ["seeded"]
