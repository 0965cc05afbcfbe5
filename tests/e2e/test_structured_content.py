"""The official Python client holds every result against the outputSchema that was listed, and raises on a mismatch."""

import json
from typing import Any

import pytest
from mcp import Client, ClientSession
from mcp.client.sse import sse_client
from mcp.types import CallToolResult, TextContent, Tool

from tests.stack import Stack

pytestmark = pytest.mark.e2e

# Where the ids come from that the tools with an `id` take.
SOURCES = {
    "case": "list_all_fuse_desk_cases",
    "chat": "list_all_fuse_desk_chats",
    "email": "list_all_fuse_desk_emails",
    "contact": "list_all_fuse_desk_contacts",
}


async def call_all(client: Any, tools: list[Tool]) -> dict[str, CallToolResult]:
    """Call every tool that reads, first those without required arguments; return the results by tool."""
    came: dict[str, CallToolResult] = {}
    reading = [tool for tool in tools if tool.annotations and tool.annotations.read_only_hint]
    for tool in sorted(reading, key=lambda tool: len(tool.input_schema.get("required", []))):
        came[tool.name] = await client.call_tool(tool.name, arguments(tool, came))
    return came


def arguments(tool: Tool, came: dict[str, CallToolResult]) -> dict[str, Any]:
    if tool.name == "fetch":
        return {"id": "case:CAS-89102"}
    found: dict[str, Any] = {}
    for name in tool.input_schema.get("required", []):
        kind = next((kind for kind in SOURCES if kind in tool.name), None)
        listed = came[SOURCES[kind]].content[0] if kind and name == "id" else None
        found[name] = str(json.loads(listed.text)["result"][0]["id"]) if isinstance(listed, TextContent) else "example"
    return found


def check(tools: list[Tool], came: dict[str, CallToolResult]) -> None:
    schemas = {tool.name: tool.output_schema for tool in tools}
    succeeded = [name for name, result in came.items() if not result.is_error]
    assert len(succeeded) > 12
    for name, result in came.items():
        expected = schemas[name] is not None and not result.is_error
        assert (result.structured_content is not None) is expected, name


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_every_read_tool_passes_the_check_of_the_python_client(
    stack: Stack, demo: dict[str, Any], mode: str
) -> None:
    async with Client(demo["mcp_url"], mode=mode) as client:
        tools = (await client.list_tools()).tools
        assert len(tools) == 44 + len(("search", "fetch"))
        check(tools, await call_all(client, tools))


@pytest.mark.parametrize("results", ["text", "structured"])
async def test_each_form_of_results_passes_it_over_both_transports(
    stack: Stack, demo: dict[str, Any], results: str
) -> None:
    url = stack.fresh_server(demo, results=results)["mcp_url"]
    name, arguments = "get_single_fuse_desk_case_by_id", {"id": "CAS-89102"}
    shown: list[CallToolResult] = []
    async with Client(url) as client:
        assert any(tool.output_schema for tool in (await client.list_tools()).tools) is (results == "structured")
        shown.append(await client.call_tool(name, arguments))
    async with sse_client(f"{url}/sse") as streams, ClientSession(*streams) as session:
        await session.initialize()
        await session.list_tools()
        shown.append(await session.call_tool(name, arguments))
    for result in shown:
        text = result.content[0].text if isinstance(result.content[0], TextContent) else ""
        found = json.loads(text) if results == "text" else result.structured_content
        assert found["history"]
        assert (result.structured_content is None) is (results == "text")


async def test_over_the_old_transport_no_schema_is_listed_that_a_result_would_be_held_against(
    demo: dict[str, Any],
) -> None:
    async with sse_client(f"{demo['mcp_url']}/sse") as streams, ClientSession(*streams) as session:
        await session.initialize()
        tools = (await session.list_tools()).tools
        check(tools, await call_all(session, tools))
