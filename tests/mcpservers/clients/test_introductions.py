"""A client that gave its name once is known by it later, unless another one cannot be told from it."""

from typing import Any

import httpx
from asgiref.sync import sync_to_async

from accounts.models import IntegratedAccount
from mcpservers.clients import introductions
from mcpservers.clients.senders import sender_of
from mcpservers.lifecycle import create_server
from mcpservers.models import MCPServer
from mcpservers.resolution import resolve
from mcpservers.tool_calls import RequestContext
from tests.mcp_client import STATELESS, McpClient
from tools.models import Call
from tools.record.recorder import recorder

UNKNOWN = {"name": "get_single_fuse_desk_case_by_id", "arguments": {"caseid": "1"}}  # refused before anything is sent


async def introduce(client: McpClient, name: str, **headers: str | None) -> None:
    hello = {"protocolVersion": client.version, "capabilities": {}, "clientInfo": {"name": name, "version": "3"}}
    unversioned = {"MCP-Protocol-Version": None, **headers}
    assert (await client.request("initialize", hello, unversioned)).status_code == 200


async def noted(client: McpClient, **headers: str | None) -> Call:
    """Call a tool, and return the call as it was recorded."""
    await client.request("tools/call", UNKNOWN, headers)
    await sync_to_async(recorder.flush)()
    return await sync_to_async(Call.objects.latest)("pk")


async def test_calls_bear_the_name_that_their_client_gave_in_initialize(mcp: McpClient) -> None:
    await introduce(mcp, "triage-bot")
    call = await noted(mcp)
    assert (call.client, call.transport, call.revision) == ("triage-bot 3", "http", "2025-11-25")
    assert call.framework.startswith("python-httpx ")
    assert (await noted(mcp.at(None))).client == "triage-bot 3"  # some never send the version that was agreed on
    assert (await noted(mcp.at(None))).revision == "2025-03-26"
    assert (await noted(mcp.at(STATELESS))).client == "tests 1"


async def test_a_call_in_a_batch_bears_it_too(mcp: McpClient) -> None:
    client = mcp.at("2025-03-26")
    await introduce(client, "triage-bot")
    await client.post([{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": UNKNOWN}])
    await sync_to_async(recorder.flush)()
    assert (await sync_to_async(Call.objects.latest)("pk")).client == "triage-bot 3"


async def test_whoever_differs_in_anything_is_not_taken_for_it(mcp: McpClient, account: IntegratedAccount) -> None:
    await introduce(mcp, "triage-bot")
    other: dict[str, Any] = {"name": "Other", "methods": [], "tags": []}
    elsewhere = McpClient((await sync_to_async(create_server)(account, "tests", **other))[1])
    own = (await noted(elsewhere)).client
    assert own.startswith("python-httpx/")
    assert (await noted(mcp, **{"User-Agent": "node"})).client == "node"
    assert (await noted(mcp.at("2025-06-18"))).client == own


async def test_two_that_cannot_be_told_apart_are_not_named(mcp: McpClient) -> None:
    await introduce(mcp, "triage-bot")
    await introduce(mcp, "triage-bot")
    assert (await noted(mcp)).client == "triage-bot 3"
    await introduce(mcp, "reporting-bot")
    assert (await noted(mcp)).client.startswith("python-httpx/")


async def test_a_refused_initialize_introduces_nobody(mcp: McpClient) -> None:
    params = {"protocolVersion": 5, "capabilities": {}, "clientInfo": {"name": "triage-bot"}}
    await mcp.post({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
    assert (await noted(mcp)).client.startswith("python-httpx/")


async def test_a_client_that_another_process_met_is_known_here(
    mcp: McpClient, server: tuple[MCPServer, str], vendor: httpx.Client
) -> None:
    agent = f"python-httpx/{httpx.__version__}"
    headers = {b"user-agent": agent, b"mcp-protocol-version": "2025-11-25"}
    context = RequestContext(await resolve(server[1]), headers, 1000, address="127.0.0.1")
    await introductions._hear({"sender": [*sender_of(context)], "name": "triage-bot 3"})
    assert (await noted(mcp)).client == "triage-bot 3"
