"""An account whose credentials stay as they are, and a client of it."""

import pytest

from accounts.models import Environment, IntegratedAccount
from mcpservers.lifecycle import create_server
from tests.accounts.vendors.keyed import account_of
from tests.mcp_client import McpClient
from tests.vendors.scripted import ScriptedVendor


@pytest.fixture
def keyed_account(
    transactional_db: None, environment: Environment, scripted: ScriptedVendor, request: pytest.FixtureRequest
) -> IntegratedAccount:
    """An account of the kind that the test names; of the query unless it does."""
    return account_of(environment, scripted.address, getattr(request, "param", "query"))


@pytest.fixture
def keyed_desk(keyed_account: IntegratedAccount, upstream: None) -> McpClient:
    """A client of a server with every tool of that account."""
    return McpClient(create_server(keyed_account, "tests", name="Desk", methods=[], tags=[])[1])
