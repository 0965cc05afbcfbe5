"""A description made for a test, imported and published, with a client that calls its operations by `GET /path`."""

import json
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async

from accounts.models import Environment
from tests.mcp_client import McpClient
from tests.vendors.imported import served
from tests.vendors.scripted import ScriptedVendor
from tools.catalogue.gate import name_of
from tools.models import Documentation
from tools.openapi.importing import prepare

PATHS = dict[str, dict[str, Any]]
OK = {"200": {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}}}


@dataclass(frozen=True)
class Imported:
    """A client of a server with every tool of a description."""

    mcp: McpClient
    tools: dict[str, str]

    async def call(self, operation: str, arguments: dict[str, Any]) -> Any:
        """Call an operation that must succeed; return what a model reads."""
        return await self.mcp.value(self.tools[operation], arguments)

    async def failure(self, operation: str, arguments: dict[str, Any]) -> str:
        return await self.mcp.failure(self.tools[operation], arguments)

    async def schema(self, operation: str) -> dict[str, Any]:
        """Return an operation's arguments as clients are told them."""
        listed = (await self.mcp.request("tools/list")).json()["result"]["tools"]
        schema: dict[str, Any] = next(t for t in listed if t["name"] == self.tools[operation])["inputSchema"]
        return schema


def document_of(paths: PATHS, **parts: Any) -> str:
    """Return a description with these paths; each operation without answers gets one."""
    whole = {path: {http: {"responses": OK, **each} for http, each in item.items()} for path, item in paths.items()}
    bearer = {"securitySchemes": {"k": {"type": "http", "scheme": "bearer"}}}
    usual = {
        "openapi": "3.1.0",
        "info": {"title": "Acme", "version": "1"},
        "components": bearer,
        "security": [{"k": []}],
    }
    return json.dumps({**usual, "servers": [{"url": "https://acme.example"}], **parts, "paths": whole})


def imported(
    environment: Environment, vendor: ScriptedVendor, text: str, fields: dict[str, str] | None = None
) -> Imported:
    """Import a description, publish all of it, and connect an account at this vendor."""
    plan = prepare(text, name="acme")
    assert plan.proposal.refused == []
    client = served(environment, vendor.address, plan, fields=fields)
    names = {row.key: name_of(plan.proposal.definition, row) for row in Documentation.objects.all()}
    return Imported(client, {operation: names[key] for key, operation in plan.proposal.keys.items()})


async def make(
    environment: Environment, vendor: ScriptedVendor, text: str, fields: dict[str, str] | None = None
) -> Imported:
    return await sync_to_async(imported)(environment, vendor, text, fields)
