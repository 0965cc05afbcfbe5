"""A client for protocol tests: posts to the ASGI application in this process, and checks every answer."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from config.asgi import application
from tests.mcp_answers import check_answer

STATELESS = "2026-07-28"
VERSION = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
# MCP 2026-07-28, Streamable HTTP: what the Mcp-Name header repeats.
NAMED_BY = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
CLIENT = "io.modelcontextprotocol/clientInfo"


@dataclass
class McpClient:
    """Speaks to one server, in one revision; headers given to a call replace or, with None, remove the usual ones."""

    token: str
    version: str | None = "2025-11-25"
    suffix: str = ""
    sent: dict[str, str] = field(default_factory=dict)

    def at(self, version: str | None) -> "McpClient":
        """Return the same client in another revision; None sends no version header."""
        return McpClient(self.token, version, self.suffix, self.sent)

    async def post(
        self, body: object, headers: dict[str, str | None] | None = None, *, method: str = "POST"
    ) -> httpx.Response:
        """Send a body (JSON unless it is bytes) and return the answer unchecked."""
        usual = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **self.sent}
        if self.version:
            usual["MCP-Protocol-Version"] = self.version
        complete = {name: value for name, value in {**usual, **(headers or {})}.items() if value is not None}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        transport = httpx.ASGITransport(app=application)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, f"/mcp/{self.token}{self.suffix}", content=content, headers=complete)

    async def request(
        self, method: str, params: dict[str, Any] | None = None, headers: dict[str, str | None] | None = None
    ) -> httpx.Response:
        """Send a request as a correct client of the revision does; the answer is checked against it."""
        params = dict(params or {})
        usual: dict[str, str | None] = {}
        if self.version == STATELESS:
            meta = {VERSION: STATELESS, CAPABILITIES: {}, CLIENT: {"name": "tests", "version": "1"}}
            params["_meta"] = {**meta, **params.get("_meta", {})}
            usual["Mcp-Method"] = method
            if method in NAMED_BY:
                usual["Mcp-Name"] = params.get(NAMED_BY[method])
        body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
        response = await self.post(body, {**usual, **(headers or {})})
        check_answer(self.version or "2025-03-26", method, response.json())
        return response

    async def call(self, name: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call a tool and return the result of the protocol."""
        response = await self.request("tools/call", {"name": name, "arguments": arguments or {}})
        assert response.status_code == 200, response.text
        result: dict[str, Any] = response.json()["result"]
        return result

    async def value(self, name: str, arguments: dict[str, Any] | None = None) -> Any:
        """Call a tool that must succeed and return the JSON that the model reads."""
        result = await self.call(name, arguments)
        assert not result["isError"], result
        return json.loads(result["content"][0]["text"])

    async def failure(self, name: str, arguments: dict[str, Any] | None = None) -> str:
        """Call a tool that must fail and return the words that the model reads."""
        result = await self.call(name, arguments)
        assert result["isError"], result
        text: str = result["content"][0]["text"]
        return text
