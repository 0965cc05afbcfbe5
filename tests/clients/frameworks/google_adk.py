"""Google's Agent Development Kit: a model gets the whole result of a tool, text and structured content."""

import asyncio
import json
from typing import Any

from google.adk.agents import Agent
from google.adk.agents.invocation_context import InvocationContext
from google.adk.sessions import InMemorySessionService
from google.adk.tools.mcp_tool import McpToolset, SseConnectionParams, StreamableHTTPConnectionParams
from google.adk.tools.tool_context import ToolContext

from tests.clients.frameworks.walk import asked, walk


async def main() -> None:
    transport, url, note = asked()
    server = SseConnectionParams(url=url) if transport == "sse" else StreamableHTTPConnectionParams(url=url)
    toolset = McpToolset(connection_params=server)
    tools = {tool.name: tool for tool in await toolset.get_tools()}
    sessions = InMemorySessionService()
    session = await sessions.create_session(app_name="tests", user_id="tests")
    invocation = InvocationContext(
        session_service=sessions, invocation_id="1", agent=Agent(name="tests"), session=session
    )

    async def call(name: str, arguments: dict[str, Any]) -> str:
        return json.dumps(await tools[name].run_async(args=arguments, tool_context=ToolContext(invocation)))

    await walk(list(tools), call, note)
    await toolset.close()


asyncio.run(main())
