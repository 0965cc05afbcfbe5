"""The pages of a list, as a model walks them."""

from typing import Any

from tests.mcp_client import McpClient


async def walk(mcp: McpClient, tool: str, **arguments: Any) -> list[dict[str, Any]]:
    """Return every page, following next_cursor to its end."""
    pages = [await mcp.value(tool, arguments)]
    while pages[-1].get("next_cursor") is not None:
        assert len(pages) < 300
        pages.append(await mcp.value(tool, {**arguments, "next_cursor": pages[-1]["next_cursor"]}))
    return pages


def ids(pages: list[dict[str, Any]]) -> list[Any]:
    assert all(page["result_count"] == len(page["result"]) for page in pages)
    return [item["id"] for page in pages for item in page["result"]]
