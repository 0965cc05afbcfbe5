"""A running copy of the product, the npm clients, and the table that stands at the end of a run."""

from pathlib import Path
from typing import Any

import pytest

from tests.clients.outcomes import STEPS, ClientOutcome
from tests.clients.requirement import required
from tests.npm import installed
from tests.stack import Stack, seeded, stack

HERE = Path(__file__).parent
OUTCOMES = pytest.StashKey[list[ClientOutcome]]()


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


__all__ = ["seeded", "stack"]
