"""AutoGen: it makes pydantic models of the tools' arguments; its agents call them through a workbench."""

import asyncio
from typing import Any

from autogen_ext.tools.mcp import McpWorkbench, SseServerParams, StreamableHttpServerParams, mcp_server_tools

from tests.clients.frameworks.walk import asked, walk


async def main() -> None:
    transport, url, note = asked()
    server = SseServerParams(url=url) if transport == "sse" else StreamableHttpServerParams(url=url)
    listed = [tool.name for tool in await mcp_server_tools(server)]
    async with McpWorkbench(server) as workbench:

        async def call(name: str, arguments: dict[str, Any]) -> str:
            result = await workbench.call_tool(name, arguments)
            return str(result.to_text())

        await walk(listed, call, note)


asyncio.run(main())
