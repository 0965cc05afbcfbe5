"""Prompts, resources and completion, as official clients of both eras use them."""

import json
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, ClientSession, MCPError
from mcp.client.sse import sse_client
from mcp.types import PromptReference, ResourceTemplateReference

from tests.clients.node import run

pytestmark = pytest.mark.clients

REVISION = "2026-07-28"

# The code for a resource that is missing: MCP 2026-07-28 retired that of the earlier revisions.
NEWEST, EARLIER = -32602, -32002
TEMPLATE = "patchbay://fuse_desk/departments/{id}"
RECORD = "patchbay://fuse_desk/cases/CAS-89102"


def check(came: dict[str, Any], *, missing: int) -> None:
    assert "patchbay://fuse_desk/documentation" in came["resources"]
    assert {TEMPLATE, "patchbay://fuse_desk/cases/{id}"} <= {*came["templates"]}
    assert json.loads(came["record"])["id"] == "CAS-89102"
    assert "Read the case CAS-89102 with get_single_fuse_desk_case_by_id" in came["prompt"]
    assert came["department"] == ["Billing"]
    assert len(came["id"]) == 1
    assert came["missing"] == missing


async def steps(client: Client | ClientSession) -> dict[str, Any]:
    """Do what features.mjs does."""
    prompt, template = PromptReference(name="review_queue"), ResourceTemplateReference(uri=TEMPLATE)
    try:
        missing: Any = await client.read_resource("patchbay://fuse_desk/nothing/1")
    except MCPError as error:
        missing = error.code
    record = (await client.read_resource(RECORD)).contents[0]
    message = (await client.get_prompt("review_case", {"case": "CAS-89102"})).messages[0]
    return {
        "resources": [str(each.uri) for each in (await client.list_resources()).resources],
        "templates": [each.uri_template for each in (await client.list_resource_templates()).resource_templates],
        "record": record.model_dump()["text"],
        "prompt": message.model_dump()["content"]["text"],
        "department": (await client.complete(prompt, {"name": "department", "value": "bil"})).completion.values,
        "id": (await client.complete(template, {"name": "id", "value": "bil"})).completion.values,
        "missing": missing,
    }


@pytest.mark.parametrize("mode", ["auto", "legacy", REVISION])
async def test_python_client(url: str, mode: str) -> None:
    async with Client(url, mode=mode) as client:
        check(await steps(client), missing=EARLIER if mode == "legacy" else NEWEST)


async def test_python_client_over_the_old_sse_transport(url: str) -> None:
    async with sse_client(f"{url}/sse") as streams, ClientSession(*streams) as session:
        await session.initialize()
        check(await steps(session), missing=EARLIER)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("client", "auto"), ("client", "legacy"), ("client", REVISION), ("sdk", "http"), ("sdk", "sse")],
)
def test_javascript_clients(npm_clients: Path, url: str, kind: str, mode: str) -> None:
    address = f"{url}/sse" if mode == "sse" else url
    came = json.loads(run(npm_clients, "features.mjs", kind, mode, address))
    # The newer client gives its callers the newest code, whatever revision was agreed on.
    check(came, missing=NEWEST if kind == "client" else EARLIER)
