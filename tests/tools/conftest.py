"""Fixtures for tests of the tool engine: called through MCP, against the simulator or a vendor that does as told."""

from collections.abc import Iterator

import pytest

from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import Environment, IntegratedAccount
from mcpservers.lifecycle import create_server
from tests.bundles import load_bundle
from tests.conftest import ThreadedServer
from tests.mcp_client import McpClient
from tests.mcpservers.conftest import mcp, upstream, vendor
from tests.vendors.archive import ARCHIVE
from tests.vendors.desk import DESK
from tests.vendors.scripted import ScriptedVendor


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


def account_at(address: str, environment: Environment, bundle: str, *, name: str, key: str) -> IntegratedAccount:
    """Load a bundle, and connect an account of its integration at an address."""
    integration = load_bundle(bundle).integration
    fields = {"key": key}
    return connect_account(environment, integration, "tests", name=name, fields=fields, base_url=address, verify=False)


@pytest.fixture
def desk_account(
    environment: Environment, scripted: ScriptedVendor, scripted_address: tuple[ScriptedVendor, str]
) -> IntegratedAccount:
    """An account of the small integration, at the scripted vendor."""
    return account_at(scripted_address[1], environment, DESK, name="Desk", key="desk-secret")


@pytest.fixture
def desk(transactional_db: None, desk_account: IntegratedAccount, upstream: None) -> McpClient:
    """A client of a server with every tool of the small integration."""
    return McpClient(create_server(desk_account, "tests", name="Desk", methods=[], tags=[])[1])


@pytest.fixture
def archive_account(
    environment: Environment, scripted: ScriptedVendor, scripted_address: tuple[ScriptedVendor, str]
) -> IntegratedAccount:
    """An account of the integration with every kind of body and answer, at the scripted vendor."""
    return account_at(scripted_address[1], environment, ARCHIVE, name="Archive", key="archive-secret")


@pytest.fixture
def archive(transactional_db: None, archive_account: IntegratedAccount, upstream: None) -> McpClient:
    """A client of a server with every tool of that integration."""
    return McpClient(create_server(archive_account, "tests", name="Archive", methods=[], tags=[])[1])


__all__ = ["mcp", "upstream", "vendor"]
