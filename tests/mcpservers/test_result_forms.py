"""In which form a server answers with results: text, structured content or both; and whether it lists their schema."""

import json
from typing import Any

import httpx
import pytest
from channels.db import database_sync_to_async

from accounts.models import IntegratedAccount
from mcpservers.content import ELSEWHERE
from mcpservers.lifecycle import change_server, create_server
from mcpservers.models import MCPServer
from tests.mcp_client import STATELESS, McpClient

READ = ("get_single_fuse_desk_case_by_id", {"id": "CAS-89102"})
REVISIONS = ["2024-11-05", "2025-06-18", "2025-11-25", STATELESS]


@pytest.fixture
async def set_to(server: tuple[MCPServer, str]) -> Any:
    """Return what gives the server settings."""

    async def change(**settings: Any) -> None:
        await database_sync_to_async(change_server)(server[0], "tests", **settings)

    return change


async def schemas(client: McpClient) -> list[str]:
    tools = (await client.request("tools/list")).json()["result"]["tools"]
    return [tool["name"] for tool in tools if "outputSchema" in tool]


@pytest.mark.parametrize("version", REVISIONS)
async def test_each_revision_gets_the_form_that_it_knows(
    mcp: McpClient, set_to: Any, vendor: httpx.Client, version: str
) -> None:
    client, knows = mcp.at(version), version >= "2025-06-18"
    both = await client.call(*READ)
    whole = json.loads(both["content"][0]["text"])
    assert both.get("structuredContent") == (whole if knows else None)
    assert (READ[0] in await schemas(client)) is knows

    await set_to(results="text")
    assert await client.call(*READ) == {name: value for name, value in both.items() if name != "structuredContent"}
    assert await schemas(client) == []

    await set_to(results="structured")
    result = await client.call(*READ)
    if knows:
        assert [item["text"] for item in result["content"]] == [ELSEWHERE]
        assert result["structuredContent"] == whole
    else:
        assert result == both
    assert (READ[0] in await schemas(client)) is knows

    await set_to(output_schema=False)
    assert await client.call(*READ) == result
    assert await schemas(client) == []


@pytest.mark.parametrize("results", ["text", "structured"])
async def test_a_failure_is_text_in_any_form(mcp: McpClient, set_to: Any, vendor: httpx.Client, results: str) -> None:
    await set_to(results=results)
    for name, arguments in ((READ[0], {"id": "CAS-0"}), (READ[0], {}), ("list_all_fuse_desk_cases", {"status": "x"})):
        result = await mcp.call(name, arguments)
        assert result["isError"]
        assert "structuredContent" not in result
        assert len(result["content"][0]["text"]) > len(ELSEWHERE)


async def test_a_result_that_has_no_other_form_stays_text(
    transactional_db: None, account: IntegratedAccount, vendor: httpx.Client, upstream: None
) -> None:
    settings = {"methods": [], "tags": [], "search_mode": True, "results": "structured"}
    client = McpClient((await database_sync_to_async(create_server)(account, "tests", name="S", **settings))[1])
    assert await schemas(client) == ["find_tools", "search", "fetch"]
    found = await client.call("find_tools", {"query": "cases"})
    assert found["content"][0]["text"] == ELSEWHERE
    assert found["structuredContent"]["tools"]
    called = await client.call("call_read_tool", {"name": READ[0], "arguments": READ[1]})
    assert json.loads(called["content"][0]["text"])["id"] == READ[1]["id"]
    server = await MCPServer.objects.aget()
    await database_sync_to_async(change_server)(server, "tests", results="text")
    assert await schemas(client) == []
    assert json.loads((await client.call("find_tools", {"query": "cases"}))["content"][0]["text"])["tools"]
