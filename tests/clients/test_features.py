"""All that official clients use beside plain tools, each in one go, in both eras and over every transport."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, ClientSession, MCPError
from mcp.client.sse import sse_client
from mcp.types import PromptReference, ResourceTemplateReference

from tests.clients.features import ASKED, check
from tests.clients.node import run

pytestmark = pytest.mark.clients

REVISION = "2026-07-28"

# The code for a resource that is missing: MCP 2026-07-28 retired that of the earlier revisions.
NEWEST, EARLIER = -32602, -32002


@asynccontextmanager
async def connected(url: str, mode: str) -> AsyncIterator[Client | ClientSession]:
    """Connect in a mode of the client, or over the old transport."""
    if mode == "sse":
        async with sse_client(f"{url}/sse") as streams, ClientSession(*streams) as session:
            await session.initialize()
            yield session
    else:
        async with Client(url, mode=mode) as client:
            yield client


async def calls(client: Client | ClientSession, wanted: dict[str, Any]) -> dict[str, Any]:
    """Call tools; return each result as it came over the wire."""
    # The client holds structured results against the schemas that it has listed, and raises where they do not match.
    await client.list_tools()
    called = {step: await client.call_tool(name, arguments) for step, (name, arguments) in wanted.items()}
    return {step: result.model_dump(mode="json", by_alias=True) for step, result in called.items()}


async def steps(client: Client | ClientSession) -> dict[str, Any]:
    """Do what features.mjs does."""

    async def resource(uri: str) -> str:
        return str((await client.read_resource(uri)).contents[0].model_dump()["text"])

    try:
        missing: Any = await resource(ASKED["missing"])
    except MCPError as error:
        missing = error.code
    prompt, template = PromptReference(name="review_queue"), ResourceTemplateReference(uri=ASKED["template"])
    message = (await client.get_prompt(ASKED["prompt"]["name"], ASKED["prompt"]["arguments"])).messages[0]
    called = await calls(client, ASKED["calls"])
    found = json.loads(called["search"]["content"][0]["text"])["results"][0]
    return {
        "resources": [str(each.uri) for each in (await client.list_resources()).resources],
        "templates": [each.uri_template for each in (await client.list_resource_templates()).resource_templates],
        "prompts": [each.name for each in (await client.list_prompts()).prompts],
        "documentation": await resource(ASKED["documentation"]),
        "record": await resource(ASKED["record"]),
        "prompt": message.model_dump()["content"]["text"],
        "department": (await client.complete(prompt, {"name": "department", "value": "bil"})).completion.values,
        "id": (await client.complete(template, {"name": "id", "value": "bil"})).completion.values,
        "missing": missing,
        "calls": called | await calls(client, {"fetch": ("fetch", {"id": found["id"]})}),
    }


@pytest.mark.parametrize("mode", ["auto", "legacy", REVISION, "sse"])
async def test_python_client(url: str, desk_url: str, mode: str) -> None:
    async with connected(url, mode) as client:
        came = await steps(client)
    async with connected(desk_url, mode) as client:
        came["files"] = await calls(client, ASKED["files"])
    check(came, missing=EARLIER if mode in {"legacy", "sse"} else NEWEST)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("client", "auto"), ("client", "legacy"), ("client", REVISION), ("sdk", "http"), ("sdk", "sse")],
)
def test_javascript_clients(npm_clients: Path, url: str, desk_url: str, kind: str, mode: str) -> None:
    came = json.loads(run(npm_clients, "features.mjs", kind, mode, url, desk_url, json.dumps(ASKED)))
    # The newer client gives its callers the newest code, whatever revision was agreed on.
    check(came, missing=NEWEST if kind == "client" else EARLIER)
