"""One running cluster for the tests of a session. They restart parts of it, and leave it whole."""

from collections.abc import Iterator

import pytest

from tests.cluster.copies import Cluster
from tests.cluster.services import require_services

measured = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> list[str]:
    """What the tests measured, for the summary."""
    return request.config.stash.setdefault(measured, [])


@pytest.fixture(scope="session")
def running_cluster(figures: list[str]) -> Iterator[Cluster]:
    """Everything, started once."""
    require_services()
    cluster = Cluster(figures=figures)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def cluster(running_cluster: Cluster) -> Cluster:
    """The cluster, whole again after whatever the test before did to it."""
    running_cluster.mend()
    return running_cluster


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what the tests measured."""
    for figure in config.stash.get(measured, []):
        terminalreporter.write_line(figure)
