"""Fixtures for tests of the tool engine: called through MCP, against the simulator or a vendor that does as told."""

from collections.abc import Iterator

import pytest

from accounts.connecting import connect_account
from accounts.models import Environment, IntegratedAccount
from mcpservers.policy import create_server
from tests.conftest import ThreadedServer
from tests.mcp_client import McpClient
from tests.mcpservers.conftest import mcp, upstream, vendor
from tests.scripted_vendor import ScriptedVendor
from tests.tools.archive import ARCHIVE
from tests.tools.desk import DESK
from tools.bundles import load_bundle


@pytest.fixture(scope="session")
def scripted_address() -> Iterator[tuple[ScriptedVendor, str]]:
    """One scripted vendor for the session, and its address."""
    scripted = ScriptedVendor()
    server = ThreadedServer(scripted)
    yield scripted, server.begin()
    server.end()


@pytest.fixture
def scripted(scripted_address: tuple[ScriptedVendor, str]) -> Iterator[ScriptedVendor]:
    """A vendor that answers what the test says."""
    scripted_address[0].reset()
    yield scripted_address[0]
    scripted_address[0].reset()


@pytest.fixture
def desk_account(
    environment: Environment, scripted: ScriptedVendor, scripted_address: tuple[ScriptedVendor, str]
) -> IntegratedAccount:
    """An account of the small integration, at the scripted vendor."""
    integration = load_bundle(DESK).integration
    fields = {"key": "desk-secret"}
    return connect_account(
        environment, integration, "tests", name="Desk", fields=fields, base_url=scripted_address[1], verify=False
    )


@pytest.fixture
def desk(transactional_db: None, desk_account: IntegratedAccount, upstream: None) -> McpClient:
    """A client of a server with every tool of the small integration."""
    return McpClient(create_server(desk_account, "tests", name="Desk", methods=[], tags=[])[1])


@pytest.fixture
def archive_account(
    environment: Environment, scripted: ScriptedVendor, scripted_address: tuple[ScriptedVendor, str]
) -> IntegratedAccount:
    """An account of the integration with every kind of body and answer, at the scripted vendor."""
    integration = load_bundle(ARCHIVE).integration
    fields = {"key": "archive-secret"}
    return connect_account(
        environment, integration, "tests", name="Archive", fields=fields, base_url=scripted_address[1], verify=False
    )


@pytest.fixture
def archive(transactional_db: None, archive_account: IntegratedAccount, upstream: None) -> McpClient:
    """A client of a server with every tool of that integration."""
    return McpClient(create_server(archive_account, "tests", name="Archive", methods=[], tags=[])[1])


__all__ = ["mcp", "upstream", "vendor"]
