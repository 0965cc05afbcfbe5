"""CrewAI: tools whose arguments are pydantic models made from the schemas."""

import asyncio
from typing import Any

from crewai_tools import MCPServerAdapter

from tests.clients.frameworks.walk import asked, walk


def main() -> None:
    transport, url, note = asked()
    with MCPServerAdapter({"url": url, "transport": "sse" if transport == "sse" else "streamable-http"}) as found:
        tools = {tool.name: tool for tool in found}

        async def call(name: str, arguments: dict[str, Any]) -> str:
            try:
                return str(await asyncio.to_thread(tools[name].run, **arguments))
            except Exception as problem:  # an agent hands its model the message of what a tool raises
                return str(problem)

        asyncio.run(walk(list(tools), call, note))


main()
