"""A vendor of lists, and a client of it."""

import json

import pytest

from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import Environment
from mcpservers.lifecycle import create_server
from tests.bundles import load_bundle
from tests.mcp_client import McpClient
from tests.vendors.lists import KEY, ListVendor, bundle
from tests.vendors.scripted import ScriptedVendor


@pytest.fixture
def vendor(scripted: ScriptedVendor) -> ListVendor:
    """A vendor of 45 things."""
    scripted.answer = lists = ListVendor([{"id": number} for number in range(45)], base=f"{scripted.address}/v1")
    return lists


@pytest.fixture
def lists(
    transactional_db: None, environment: Environment, vendor: ListVendor, scripted: ScriptedVendor, upstream: None
) -> McpClient:
    """A client of a server with every list."""
    integration = load_bundle(json.dumps(bundle())).integration
    account = connect_account(
        environment, integration, "tests", name="Lists", fields={"key": KEY}, base_url=vendor.base, verify=False
    )
    return McpClient(create_server(account, "tests", name="Lists", methods=[], tags=[])[1])
