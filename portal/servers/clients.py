"""Commands, settings files and programs that connect each client to a server's URL."""

import json
from urllib.parse import urlsplit

from django.utils.text import slugify

from portal.tools.commands import BEARER, curl_over_mcp

THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}
LIST_TOOLS = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'


# For the official Python client (package `mcp`, 2.x).
PYTHON = """\
import asyncio
from mcp import Client


async def main():
    async with Client("{url}") as client:
        for tool in (await client.list_tools()).tools:
            print(tool.name)


asyncio.run(main())"""

PYTHON_WITH_TOKEN = """\
import asyncio
import os

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


async def main():
    headers = {{"Authorization": "Bearer " + os.environ["PATCHBAY_API_TOKEN"]}}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        async with Client(streamable_http_client("{url}", http_client=http)) as client:
            for tool in (await client.list_tools()).tools:
                print(tool.name)


asyncio.run(main())"""


def commands_for(url: str, server_name: str, *, with_api_token: bool) -> dict[str, str]:
    """Return a snippet for each client, ready to paste; the API token stays a variable or a prompt."""
    # `claude mcp add` accepts only letters, digits, hyphens and underscores in a name.
    name = slugify(server_name)[:40].strip("-_") or "patchbay"
    spaced = f' \\\n  --header "Authorization: {BEARER}"' if with_api_token else ""
    # No space after the colon: some clients split mcp-remote's arguments there; it splits at the first colon itself.
    tight = f' \\\n  --header "Authorization:{BEARER}"' if with_api_token else ""
    return {
        "claude_code": f"claude mcp add --transport http {name} {url}{spaced}",
        "stdio": f"npx -y mcp-remote {url}{_unencrypted(url)}{tight}",
        "curl": curl_over_mcp(url, LIST_TOOLS, with_api_token=with_api_token),
        "cursor": _cursor(url, name, with_api_token=with_api_token),
        "vs_code": _vs_code(url, name, with_api_token=with_api_token),
        "python": (PYTHON_WITH_TOKEN if with_api_token else PYTHON).format(url=url),
        "typescript": _typescript(url, with_api_token=with_api_token),
    }


def _cursor(url: str, name: str, *, with_api_token: bool) -> str:
    """Return the content of `.cursor/mcp.json`."""
    server: dict[str, object] = {"url": url}
    if with_api_token:
        server["headers"] = {"Authorization": "Bearer ${env:PATCHBAY_API_TOKEN}"}
    return json.dumps({"mcpServers": {name: server}}, indent=2)


def _vs_code(url: str, name: str, *, with_api_token: bool) -> str:
    """Return the content of `.vscode/mcp.json`; VS Code prompts for the API token once and stores it."""
    server: dict[str, object] = {"type": "http", "url": url}
    document: dict[str, object] = {"servers": {name: server}}
    if with_api_token:
        server["headers"] = {"Authorization": "Bearer ${input:patchbay-api-token}"}
        prompt = {"type": "promptString", "id": "patchbay-api-token", "description": "API token", "password": True}
        document["inputs"] = [prompt]
    return json.dumps(document, indent=2)


def _typescript(url: str, *, with_api_token: bool) -> str:
    """Return a program for the official TypeScript client (package `@modelcontextprotocol/client`, 2.x)."""
    options = (
        ", {\n  requestInit: { headers: { Authorization: `Bearer ${process.env.PATCHBAY_API_TOKEN}` } },\n}"
        if with_api_token
        else ""
    )
    return (
        'import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";\n\n'
        'const client = new Client({ name: "my-program", version: "1.0.0" });\n'
        f'await client.connect(new StreamableHTTPClientTransport(new URL("{url}"){options}));\n'
        "for (const tool of (await client.listTools()).tools) console.log(tool.name);\n"
        "await client.close();"
    )


def is_public(url: str) -> bool:
    """Return whether cloud clients can reach an address: they need HTTPS and a host other than this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.hostname not in THIS_MACHINE


def _unencrypted(url: str) -> str:
    """Return the flag that mcp-remote requires for plain HTTP to another machine."""
    parts = urlsplit(url)
    return " --allow-http" if parts.scheme == "http" and parts.hostname not in THIS_MACHINE else ""
