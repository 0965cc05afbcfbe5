"""One call of a tool as a program makes it: over MCP through a server's URL, or over REST on the whole account."""

import json
import pprint
import shlex
from dataclasses import dataclass
from typing import Any

from mcpservers.models import MCPServer

WIDTH = 96

OVER_MCP = """\
import asyncio
import os
{extra_import}
from mcp import Client
{more_imports}
arguments = {arguments}


async def main():
{body}


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

CALLED = """\
    async with Client({target}) as client:
        result = await client.call_tool("{tool}", arguments)
        print(result.content[0].text)"""


@dataclass(frozen=True, slots=True)
class Snippets:
    """The same call for a shell and as a program; `variables` are what both read from the environment."""

    curl: str
    python: str
    variables: tuple[str, ...]


def over_mcp(server: MCPServer, tool: str, arguments: Any) -> Snippets:
    """Return a call through a server. Its URL is kept nowhere, so it is a variable."""
    params = {"name": tool, "arguments": arguments}
    message = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}, ensure_ascii=False)
    variables = ("PATCHBAY_MCP_URL", *(["PATCHBAY_API_TOKEN"] if server.require_api_token_auth else []))
    token = ' \\\n  -H "Authorization: Bearer $PATCHBAY_API_TOKEN"' if server.require_api_token_auth else ""
    curl = (
        f'curl -sS "$PATCHBAY_MCP_URL"{token} \\\n'
        "  -H 'Content-Type: application/json' \\\n"
        "  -H 'Accept: application/json, text/event-stream' \\\n"
        f"  -d {shlex.quote(message)}"
    )
    return Snippets(curl, _mcp_program(tool, arguments, guarded=server.require_api_token_auth), variables)


def over_rest(address: str, tool: str, arguments: Any) -> Snippets:
    """Return a call with an API token; `address` is where the account's tools are."""
    address = f"{address}/{tool}"
    body = json.dumps(arguments, ensure_ascii=False)
    curl = (
        f"curl -sS {shlex.quote(address)} \\\n"
        '  -H "Authorization: Bearer $PATCHBAY_API_TOKEN" \\\n'
        "  -H 'Content-Type: application/json' \\\n"
        f"  -d {shlex.quote(body)}"
    )
    python = OVER_REST.format(arguments=_literal(arguments), address=address)
    return Snippets(curl, python, ("PATCHBAY_API_TOKEN",))


def _mcp_program(tool: str, arguments: Any, *, guarded: bool) -> str:
    url = 'os.environ["PATCHBAY_MCP_URL"]'
    if not guarded:
        body, extra, more = CALLED.format(target=url, tool=tool), "", ""
    else:
        transport = f"streamable_http_client({url}, http_client=http)"
        called = CALLED.format(target=transport, tool=tool).replace("\n    ", "\n        ")
        body = (
            '    headers = {"Authorization": "Bearer " + os.environ["PATCHBAY_API_TOKEN"]}\n'
            "    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:\n"
            f"    {called}"
        )
        extra, more = "\nimport httpx2", "from mcp.client.streamable_http import streamable_http_client\n"
    return OVER_MCP.format(extra_import=extra, more_imports=more, arguments=_literal(arguments), body=body)


def _literal(arguments: Any) -> str:
    """Return arguments as they stand in a program in Python."""
    return pprint.pformat(arguments, sort_dicts=False, width=WIDTH)
