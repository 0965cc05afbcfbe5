"""Which client used a server last is known from its first message on, without a query a message."""

import pytest
from asgiref.sync import sync_to_async

from mcpservers.last_seen import finish_writing
from mcpservers.models import MCPServer
from tests.mcp_client import McpClient

SERVER = tuple[MCPServer, str]


async def row_of(server: SERVER) -> MCPServer:
    await finish_writing()
    return await sync_to_async(MCPServer.objects.get)(pk=server[0].pk)


async def test_a_client_is_known_by_the_name_it_initializes_with(mcp: McpClient, server: SERVER) -> None:
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "claude-ai", "version": "0.1"}}
    await mcp.request("initialize", hello)
    row = await row_of(server)
    assert row.last_client == "claude-ai 0.1"
    assert row.first_seen_at is not None
    assert row.revision == 1


async def test_the_stateless_era_names_it_in_its_metadata(mcp: McpClient, server: SERVER) -> None:
    await mcp.at("2026-07-28").request("tools/list")
    assert (await row_of(server)).last_client == "tests 1"


async def test_a_request_without_a_name_keeps_the_name_that_is_known(mcp: McpClient, server: SERVER) -> None:
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "claude-ai", "version": "0.1"}}
    await mcp.request("initialize", hello)
    await mcp.request("tools/list", headers={"User-Agent": ""})
    assert (await row_of(server)).last_client == "claude-ai 0.1"


@pytest.mark.parametrize("name", ["x" * 5000, "a\x00b\u202ec", 7, None, ["list"]])
async def test_a_hostile_name_harms_nothing(mcp: McpClient, server: SERVER, name: object) -> None:
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": name, "version": "1"}}
    response = await mcp.post({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello})
    assert response.status_code == 200
    row = await row_of(server)
    assert row.last_seen_at is not None
    assert len(row.last_client) <= 120
    assert row.last_client.isprintable()


async def test_a_refused_token_leaves_no_sighting(mcp: McpClient, server: SERVER) -> None:
    await sync_to_async(MCPServer.objects.filter(pk=server[0].pk).update)(require_api_token_auth=True)
    await mcp.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert (await row_of(server)).last_seen_at is None
