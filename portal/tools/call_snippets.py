"""One tool call as a program: over MCP through a server's URL, or over REST on the whole account."""

import json
import pprint
from dataclasses import dataclass
from typing import Any

from mcpservers.models import MCPServer
from mcpservers.search.listing import caller_of
from portal.tools.commands import curl_over_mcp, curl_over_rest
from tools.catalogue.tool import Tool

WIDTH = 96

OVER_MCP = """\
import asyncio
import os

from mcp import Client

arguments = {arguments}


async def main():
    async with Client(os.environ["PATCHBAY_MCP_URL"]) as client:
        result = await client.call_tool("{tool}", arguments)
        print(result.content[0].text)


asyncio.run(main())"""

OVER_MCP_WITH_TOKEN = """\
import asyncio
import os

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

arguments = {arguments}


async def main():
    headers = {{"Authorization": "Bearer " + os.environ["PATCHBAY_API_TOKEN"]}}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        async with Client(streamable_http_client(os.environ["PATCHBAY_MCP_URL"], http_client=http)) as client:
            result = await client.call_tool("{tool}", arguments)
            print(result.content[0].text)


asyncio.run(main())"""

OVER_REST = """\
import os

import httpx

arguments = {arguments}
answer = httpx.post(
    "{address}",
    json=arguments,
    headers={{"Authorization": "Bearer " + os.environ["PATCHBAY_API_TOKEN"]}},
    timeout=90,
)
print(answer.status_code, answer.text)"""


@dataclass(frozen=True, slots=True)
class Snippets:
    """The same call as a curl command and a Python program; both read `variables` from the environment."""

    curl: str
    python: str
    variables: tuple[str, ...]


def as_called(server: MCPServer, tool: Tool, arguments: Any) -> tuple[str, Any]:
    """Return the name and the arguments with which a client of a server calls a tool."""
    if not server.search_mode:
        return tool.name, arguments
    return caller_of(tool), {"name": tool.name, "arguments": arguments}


def over_mcp(server: MCPServer, tool: str, arguments: Any) -> Snippets:
    """Return a call through a server. Its URL is a variable, since Patchbay does not store it."""
    params = {"name": tool, "arguments": arguments}
    message = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}, ensure_ascii=False)
    guarded = server.require_api_token_auth
    curl = curl_over_mcp('"$PATCHBAY_MCP_URL"', message, with_api_token=guarded)
    program = OVER_MCP_WITH_TOKEN if guarded else OVER_MCP
    variables = ("PATCHBAY_MCP_URL", "PATCHBAY_API_TOKEN") if guarded else ("PATCHBAY_MCP_URL",)
    return Snippets(curl, program.format(arguments=_literal(arguments), tool=tool), variables)


def over_rest(address: str, tool: str, arguments: Any) -> Snippets:
    """Return a call with an API token; `address` is the URL of the account's tools."""
    address = f"{address}/{tool}"
    curl = curl_over_rest("POST", address, arguments)
    python = OVER_REST.format(arguments=_literal(arguments), address=address)
    return Snippets(curl, python, ("PATCHBAY_API_TOKEN",))


def _literal(arguments: Any) -> str:
    """Return arguments as a Python literal."""
    return pprint.pformat(arguments, sort_dicts=False, width=WIDTH)
