"""An API description as a model has it: imported, published, connected, and served over MCP."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import yaml
from asgiref.sync import sync_to_async

from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import Environment
from mcpservers.lifecycle import create_server
from tests.bundles import OPERATOR
from tests.mcp_client import McpClient
from tests.vendors.scripted import ScriptedVendor
from tools.documentation.publishing import publish
from tools.models import Documentation
from tools.openapi.importing import ImportPlan, prepare

Import = Callable[..., Awaitable[McpClient]]
TOKEN = {"token": "acme-secret"}
INFO = {"title": "Acme", "version": "1"}
BEARER = {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}


def described(paths: dict[str, Any], **parts: Any) -> str:
    """Return a description of these paths, with a bearer token unless the parts say otherwise."""
    components = {**(BEARER if parts.get("security") != [] else {}), **parts.pop("components", {})}
    usual = {
        "openapi": "3.0.3",
        "info": INFO,
        "servers": [{"url": "https://api.acme.example"}],
        "security": [{"key": []}],
        "components": components,
    }
    return yaml.safe_dump({**usual, **parts, "paths": paths}, sort_keys=False)


def served(
    environment: Environment, address: str, plan: ImportPlan, *, fields: dict[str, str] | None = None
) -> McpClient:
    """Carry out an import, publish all of it, connect an account at an address; return a client of every tool."""
    integration = plan.load(OPERATOR).integration
    publish(integration, Documentation.objects.filter(integration=integration), OPERATOR)
    fields = TOKEN if fields is None else fields
    account = connect_account(
        environment, integration, "tests", name="Acme", fields=fields, base_url=address, verify=False
    )
    return McpClient(create_server(account, "tests", name="Acme", methods=[], tags=[])[1])


@pytest.fixture
def importing(transactional_db: None, environment: Environment, scripted: ScriptedVendor, upstream: None) -> Import:
    """Import descriptions of a vendor that listens at the scripted vendor's address, below `path`."""

    @sync_to_async
    def made(text: str, *, fields: dict[str, str] | None = None, path: str = "") -> McpClient:
        return served(environment, scripted.address + path, prepare(text, name="acme"), fields=fields)

    return made
