"""LangChain, by its adapters for MCP: tools that a model calls by messages."""

import asyncio
import json
from typing import Any

from langchain_mcp_adapters.sessions import Connection, SSEConnection, StreamableHttpConnection, create_session
from langchain_mcp_adapters.tools import load_mcp_tools

from tests.clients.frameworks.walk import asked, walk


async def main() -> None:
    transport, url, note = asked()
    connection: Connection = StreamableHttpConnection(transport="streamable_http", url=url)
    if transport == "sse":
        connection = SSEConnection(transport="sse", url=url)
    async with create_session(connection) as session:
        await session.initialize()
        tools = {tool.name: tool for tool in await load_mcp_tools(session)}

        async def call(name: str, arguments: dict[str, Any]) -> str:
            message = await tools[name].ainvoke({"type": "tool_call", "id": "1", "name": name, "args": arguments})
            return message.content if isinstance(message.content, str) else json.dumps(message.content)

        await walk(list(tools), call, note)


asyncio.run(main())
