"""A simulator over real sockets, with a clock that stands still until a test moves it."""

from collections.abc import Iterator

import httpx
import pytest

from demo.simulator import create_app
from tests.demo.simulated import HOURLY_LIMIT, NOW, Elapsed
from tests.serving import served


@pytest.fixture(scope="session")
def elapsed() -> Elapsed:
    return Elapsed()


@pytest.fixture(scope="session")
def address(elapsed: Elapsed) -> Iterator[str]:
    with served(create_app(now=NOW, hourly_limit=HOURLY_LIMIT, elapsed=elapsed), lifespan="on") as address:
        yield address


def client_of(base_url: str) -> httpx.Client:
    # Without verify=False each client would load the system's certificates, which takes longer than a test.
    return httpx.Client(base_url=base_url, verify=False)


@pytest.fixture
def control(address: str) -> Iterator[httpx.Client]:
    """The control endpoint of a simulator that has just been reset."""
    with client_of(address) as client:
        client.post("/_control/reset").raise_for_status()
        yield client


@pytest.fixture
def api(address: str, control: httpx.Client) -> Iterator[httpx.Client]:
    with client_of(f"{address}/api") as client:
        client.headers["X-FuseDesk-API-Key"] = "fd-demo-key"
        yield client


@pytest.fixture
def stranger(address: str, control: httpx.Client) -> Iterator[httpx.Client]:
    """A client without a key."""
    with client_of(f"{address}/api") as client:
        yield client
