"""Lists of descriptions that are made for a test, and the tools that they become."""

from typing import Any

from tests.mcp_client import McpClient
from tests.tools.openapi.documents import answering

ROWS = {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "integer"}}}}


async def tools_of(client: McpClient) -> dict[str, dict[str, Any]]:
    """Return the listing of every tool, by the last word of its path."""
    listed = (await client.request("tools/list")).json()["result"]["tools"]
    return {tool["name"]: tool for tool in listed}


def named(name: str, tools: dict[str, Any]) -> str:
    """Return the name of the tool for a path."""
    found = [each for each in tools if each.replace("_", "").endswith(name.replace("_", ""))]
    assert len(found) == 1, (name, *tools)
    return found[0]


async def only(client: McpClient) -> str:
    """Return the name of the only tool."""
    (name,) = await tools_of(client)
    return name


def a_list(parameters: dict[str, str] | None = None, *, headers: Any = (), **around: Any) -> dict[str, Any]:
    """Return a list's operation: the kinds of its parameters, the answer's headers, and the schemas around its rows."""
    schema = {"type": "object", "properties": {"data": ROWS, **around}} if around else ROWS
    query = [{"name": name, "in": "query", "schema": {"type": kind}} for name, kind in (parameters or {}).items()]
    operation = answering(schema, parameters=query)
    operation["responses"]["200"]["headers"] = {name: {"schema": {"type": "string"}} for name in headers}
    return operation
