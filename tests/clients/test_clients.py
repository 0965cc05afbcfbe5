"""Clients that people use, from their own packages, against the running product."""

import json
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, ClientSession, MCPError
from mcp.client.sse import sse_client
from mcp.types import CallToolResult, TextContent

from tests.clients.node import run
from tests.clients.notes import is_noted
from tests.clients.outcomes import INVALID, PAGE, READ, WRITE, ClientOutcome, outcome_of
from tests.npm import node_of

pytestmark = pytest.mark.clients

REVISION = "2026-07-28"
SERVER_INFO = "io.modelcontextprotocol/serverInfo"

Call = Callable[[str, dict[str, Any]], Awaitable[CallToolResult]]


def check(outcomes: list[ClientOutcome], client: str, came: dict[str, Any], url: str, note: str) -> None:
    """Keep the outcome for the table; fail with what went wrong, or where the note did not arrive."""
    outcome = outcome_of(client, came)
    if not is_noted(url, note):
        outcome.problems.setdefault("write", "the note is not in the case's history")
    outcomes.append(outcome)
    assert outcome.problems == {}


def package_version(folder: Path, package: str) -> str:
    """Return the version of an installed npm package."""
    manifest = folder / "node_modules" / package / "package.json"
    return str(json.loads(manifest.read_text())["version"])


async def step(call: Call, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Call a tool; return the result, or the error in words."""
    try:
        result = await call(name, arguments)
    except MCPError as error:
        return {"error": f"{error.code}: {error.message}"}
    return result.model_dump(mode="json", by_alias=True)


async def python_steps(call: Call, listed: list[str], name: str, revision: str, note: str) -> dict[str, Any]:
    """Do what steps.mjs does."""
    return {
        "connect": {"name": name, "revision": revision},
        "list": listed,
        "read": await step(call, *READ),
        "page": await step(call, *PAGE),
        "write": await step(call, WRITE, {**READ[1], "note": note}),
        "invalid": await step(call, *INVALID),
    }


@pytest.mark.parametrize("mode", ["auto", "legacy", REVISION])
async def test_python_client(url: str, outcomes: list[ClientOutcome], mode: str) -> None:
    note = f"Seen by the Python client, {mode}."
    async with Client(url, mode=mode) as client:
        found = await client.list_tools()
        listed = [tool.name for tool in found.tools]
        # A client that is set to one revision asks for nothing before its first request; each answer tells the server.
        name = client.server_info.name if client.server_info else (found.meta or {})[SERVER_INFO]["name"]
        came = await python_steps(client.call_tool, listed, name, client.protocol_version, note)
        # The client holds structured content against the outputSchema, and raises where it does not match.
        results = (await client.call_tool("search", {"query": "jane"})).structured_content["results"]
        record = await client.call_tool("fetch", {"id": results[0]["id"]})
        assert [*record.structured_content] == ["id", "title", "text", "url", "metadata"]
        [item] = record.content
        assert isinstance(item, TextContent)
        assert json.loads(item.text) == record.structured_content
    check(outcomes, f"mcp {version('mcp')} (Python), mode {mode}", came, url, note)


async def test_python_client_over_the_old_sse_transport(url: str, outcomes: list[ClientOutcome]) -> None:
    note = "Seen by the Python client, HTTP+SSE."
    async with sse_client(f"{url}/sse") as streams, ClientSession(*streams) as session:
        met = await session.initialize()
        listed = [tool.name for tool in (await session.list_tools()).tools]
        came = await python_steps(session.call_tool, listed, met.server_info.name, str(met.protocol_version), note)
    check(outcomes, f"mcp {version('mcp')} (Python), HTTP+SSE", came, url, note)


@pytest.mark.parametrize(("path", "words"), [("", "Streamable HTTP"), ("/sse", "HTTP+SSE")])
def test_typescript_sdk(npm_clients: Path, url: str, outcomes: list[ClientOutcome], path: str, words: str) -> None:
    note = f"Seen by the TypeScript SDK, {words}."
    came = json.loads(run(npm_clients, "sdk.mjs", "sse" if path else "http", url + path, note))
    label = f"@modelcontextprotocol/sdk {package_version(npm_clients, '@modelcontextprotocol/sdk')}, {words}"
    check(outcomes, label, came, url, note)


@pytest.mark.parametrize("mode", ["auto", "legacy", REVISION])
def test_typescript_client(npm_clients: Path, url: str, outcomes: list[ClientOutcome], mode: str) -> None:
    note = f"Seen by the TypeScript client, {mode}."
    came = json.loads(run(npm_clients, "client.mjs", mode, url, note))
    label = f"@modelcontextprotocol/client {package_version(npm_clients, '@modelcontextprotocol/client')}, mode {mode}"
    check(outcomes, label, came, url, note)


def test_mcp_remote_for_clients_that_speak_stdio(npm_clients: Path, url: str, outcomes: list[ClientOutcome]) -> None:
    note = "Seen through mcp-remote."
    bridge = (str(node_of(npm_clients)), "node_modules/mcp-remote/dist/proxy.js", url)
    came = json.loads(run(npm_clients, "sdk.mjs", "stdio", note, *bridge))
    check(outcomes, f"mcp-remote {package_version(npm_clients, 'mcp-remote')} (stdio)", came, url, note)


@pytest.mark.parametrize(("era", "transport"), [("legacy", "http"), ("modern", "http"), ("legacy", "sse")])
def test_inspector(npm_clients: Path, url: str, outcomes: list[ClientOutcome], era: str, transport: str) -> None:
    note = f"Seen by the inspector, {era}, {transport}."
    address = f"{url}/sse" if transport == "sse" else url
    program = "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"

    def ask(*arguments: str) -> Any:
        where = ("--server-url", address, "--transport", transport, "--protocol-era", era)
        answer = json.loads(run(npm_clients, program, "--cli", *where, "--format", "json", *arguments))
        return answer.get("result", answer)

    def call(tool: str, arguments: dict[str, Any]) -> Any:
        given = ("--tool-name", tool, "--tool-args-json", json.dumps(arguments))
        return ask("--method", "tools/call", *given)

    met = ask("--method", "initialize")
    # With --strict it also fails on schemas that some client would not take.
    listed = ask("--method", "tools/list", "--strict")
    came = {
        "connect": {**met.get("serverInfo", met), "revision": met.get("protocolVersion", "")},
        "list": [tool["name"] for tool in listed["tools"]] if "tools" in listed else listed,
        "read": call(*READ),
        "page": call(*PAGE),
        "write": call(WRITE, {**READ[1], "note": note}),
        "invalid": call(*INVALID),
    }
    label = f"@modelcontextprotocol/inspector {package_version(npm_clients, '@modelcontextprotocol/inspector')} --cli"
    check(outcomes, f"{label}, {era}, {transport}", came, url, note)
