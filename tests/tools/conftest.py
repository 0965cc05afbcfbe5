"""What tests of calls share."""

import pytest

from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import Environment, Integration
from mcpservers.lifecycle import create_server
from tests.fuse_desk import SIMULATOR_KEY
from tests.mcp_client import McpClient
from tests.vendors.scripted import ScriptedVendor


@pytest.fixture
def desk_of(
    transactional_db: None, environment: Environment, integration: Integration, scripted: ScriptedVendor, upstream: None
) -> McpClient:
    """A client of FuseDesk's tools, at the scripted vendor."""
    account = connect_account(
        environment, integration, "tests", name="Scripted", fields={"app_name": "acme", "api_key": SIMULATOR_KEY},
        base_url=f"{scripted.address}/api", verify=False,
    )  # fmt: skip
    return McpClient(create_server(account, "tests", name="Scripted", methods=[], tags=[])[1])
