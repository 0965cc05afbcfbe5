"""Tools imported from an API description, called through MCP at a scripted vendor."""

from typing import Any

import yaml

from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import Environment
from mcpservers.lifecycle import create_server
from tests.bundles import OPERATOR
from tests.mcp_client import McpClient
from tools.documentation.publishing import publish
from tools.models import Documentation
from tools.openapi.importing import prepare

SECRET = "acme-secret"


def acme_client(environment: Environment, address: str, paths: dict[str, Any], **more: Any) -> McpClient:
    """Import a description of these paths, publish all of its tools, and return a client of a server with them."""
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Acme"},
        "servers": [{"url": "https://acme.example"}],
        "security": [{"key": []}],
        "paths": paths,
        **more,
    }
    schemes = {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}}
    document["components"] = {**schemes, **more.get("components", {})}
    integration = prepare(yaml.safe_dump(document, sort_keys=False), name="acme").load(OPERATOR).integration
    publish(integration, Documentation.objects.filter(integration=integration), OPERATOR)
    account = connect_account(
        environment, integration, "tests", name="Acme", fields={"api_key": SECRET}, base_url=address, verify=False
    )
    return McpClient(create_server(account, "tests", name="Acme", methods=[], tags=[])[1])
