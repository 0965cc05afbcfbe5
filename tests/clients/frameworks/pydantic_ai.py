"""Pydantic AI: an MCP toolset, whose errors the model reads as a request to try again."""

import asyncio
import json
from typing import Any

from pydantic_ai import ModelRetry
from pydantic_ai.mcp import MCPToolset

from tests.clients.frameworks.walk import asked, walk


async def main() -> None:
    # The transport follows from the address.
    _, url, note = asked()
    async with MCPToolset(url) as toolset:
        listed = [tool.name for tool in await toolset.list_tools()]

        async def call(name: str, arguments: dict[str, Any]) -> str:
            try:
                shown = await toolset.direct_call_tool(name, arguments)
            except ModelRetry as retry:
                return str(retry.message)
            return shown if isinstance(shown, str) else json.dumps(shown)

        await walk(listed, call, note)


asyncio.run(main())
