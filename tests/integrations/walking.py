"""Walk the lists of an integration to their ends, and call each of its tools."""

from typing import Any

from tests.mcp_client import McpClient
from tests.vendors.stand_in import StandIn

MOST_PAGES = 60
# A write tells what it changed, in so many characters, and not the whole record.
MOST_OF_A_WRITE = 1000


async def walk(mcp: McpClient, tool: str, arguments: dict[str, Any] | None = None, *, limit: int = 0) -> list[Any]:
    """Return every item of a list, page after page."""
    items: list[Any] = []
    asked = {**(arguments or {}), **({"limit": limit} if limit else {})}
    for _ in range(MOST_PAGES):
        page = await mcp.value(tool, asked)
        assert page["result_count"] == len(page["result"])
        assert not limit or len(page["result"]) <= limit
        items += page["result"]
        if page["next_cursor"] is None:
            return items
        assert page["result"], f"{tool} gave an empty page with a cursor"
        asked["next_cursor"] = page["next_cursor"]
    raise AssertionError(f"{tool} does not end")


async def call_every_tool(mcp: McpClient, stand_in: StandIn, arguments: dict[str, dict[str, Any]]) -> None:
    """Call each tool of a server with its arguments; the vendor answered each with success, or led to a file."""
    tools = {tool["name"]: tool for tool in (await mcp.request("tools/list")).json()["result"]["tools"]}
    assert tools.keys() == arguments.keys()
    for name, given in arguments.items():
        stand_in.answered.clear()
        result = await mcp.call(name, given)
        assert not result["isError"], (name, result["content"])
        assert [status for status in stand_in.answered if not 200 <= status < 400] == [], name
        assert stand_in.answered, name
        if not tools[name]["annotations"]["readOnlyHint"]:
            assert len(result["content"][0]["text"]) <= MOST_OF_A_WRITE, name
        missing = [word for word in tools[name]["inputSchema"].get("required", []) if word not in given]
        assert missing == [], name
