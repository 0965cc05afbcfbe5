"""Fixtures for protocol tests."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio

from accounts.vendors.upstream import close_shared_upstream
from mcpservers.last_seen import finish_writing
from mcpservers.models import MCPServer
from tests.mcp_client import McpClient


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[None]:
    """Close the connections to the vendor that a test's event loop opened, and finish what it was writing."""
    yield
    await finish_writing()
    await close_shared_upstream()


@pytest.fixture
def mcp(transactional_db: None, server: tuple[MCPServer, str], upstream: None) -> McpClient:
    """A client of a server with every tool."""
    return McpClient(server[1])


@pytest.fixture
def vendor(simulator: str) -> Iterator[httpx.Client]:
    """The simulator's control, put back afterwards."""
    with httpx.Client(base_url=simulator) as control:
        control.post("/_control/reset")
        yield control
        control.post("/_control/reset")
