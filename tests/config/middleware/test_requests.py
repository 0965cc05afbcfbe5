"""The access log says who used which server, and from where."""

import logging

import httpx
import pytest
from pytest_django.fixtures import Settings

from config.asgi import application
from mcpservers.models import MCPServer

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("kept", "client"), [("truncated", "203.0.113.0/24"), ("full", "203.0.113.9"), ("none", "-")])
async def test_a_request_to_a_server_has_its_id_and_as_much_of_the_address_as_is_kept(
    server: tuple[MCPServer, str],
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    kept: str,
    client: str,
) -> None:
    settings.ACCESS_LOG, settings.CLIENT_ADDRESSES = True, kept
    caplog.set_level(logging.INFO, "patchbay.access")
    transport = httpx.ASGITransport(app=application, client=("203.0.113.9", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        for path in (f"/mcp/{server[1]}", "/mcp/nothing"):
            await http.post(path, json=PING)
        await http.get("/sign-in")
    seen = [(line.surface, line.client, getattr(line, "server_id", None)) for line in caplog.records]  # type: ignore[attr-defined]
    assert seen == [("mcp", client, str(server[0].pk)), ("mcp", client, None), ("portal", client, None)]
    assert "203.0.113.9" not in caplog.text
