"""OpenAI's agents SDK: tools of an MCP server as function tools, strict where it can make them so."""

import asyncio
import json
from typing import Any

from agents import Agent, FunctionTool, RunContextWrapper
from agents.mcp import MCPServer, MCPServerSse, MCPServerStreamableHttp, MCPUtil
from agents.tool_context import ToolContext

from tests.clients.frameworks.walk import asked, walk


async def main() -> None:
    transport, url, note = asked()
    server: MCPServer
    server = MCPServerSse({"url": url}) if transport == "sse" else MCPServerStreamableHttp({"url": url})
    async with server:
        agent: Agent[Any] = Agent("tests", mcp_servers=[server])
        found = await MCPUtil.get_function_tools(server, True, RunContextWrapper(None), agent)
        tools = {tool.name: tool for tool in found if isinstance(tool, FunctionTool)}

        async def call(name: str, arguments: dict[str, Any]) -> str:
            tool = tools[name]
            # A strict model gives every argument, and null where it means none.
            strict = tool.params_json_schema.get("required", []) if tool.strict_json_schema else []
            given = json.dumps({**dict.fromkeys(strict), **arguments})
            context = ToolContext(None, tool_name=name, tool_call_id="1", tool_arguments=given)
            shown = await tool.on_invoke_tool(context, given)
            return shown if isinstance(shown, str) else json.dumps(shown)

        await walk(list(tools), call, note)


asyncio.run(main())
