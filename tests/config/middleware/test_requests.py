"""What is noted of each request: the surface that it addresses, and in the access log who used which server."""

import logging
import re

import httpx
import pytest
from django.urls import get_resolver, resolve
from pytest_django.fixtures import Settings

from config.asgi import application
from config.middleware.requests import surface_of
from mcpservers.models import MCPServer
from tests.routes import routes

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
ID = "00000000-0000-0000-0000-000000000001"
PLACES = {"int": "1", "uuid": ID, "uuidstr": ID, "slug": "x", "str": "x", "path": "x"}


def surface(path: str) -> str:
    return surface_of({"type": "http", "path": path})


def room_of(path: str) -> str:
    """Return the package whose view answers a path."""
    view = resolve(path).func
    answering = getattr(view, "view_class", getattr(view, "cls", view))
    return str(answering.__module__).partition(".")[0]


def test_every_route_counts_under_the_room_that_answers_it() -> None:
    written = (route.path for route in routes(get_resolver().url_patterns))
    paths = {"/" + re.sub(r"<(\w+):\w+>", lambda match: PLACES[match[1]], path) for path in written if "^" not in path}
    paths = {path for path in paths if not path.startswith("/admin/")}
    of_pages = {path for path in paths if room_of(path) == "portal"}
    of_programs = {path for path in paths if room_of(path) in {"api", "ninja"}}
    assert len(of_pages) > 50
    assert len(of_programs) > 30
    assert {path for path in of_pages if surface(path) != "portal"} == set()
    assert {path for path in of_programs if surface(path) != "rest"} == set()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/call", "rest"),
        ("/call/figures", "rest"),
        ("/callers", "portal"),
        ("/openapi.json", "rest"),
        ("/api/nothing", "rest"),
        ("/api/docs", "portal"),
        ("/api/docs/", "portal"),
        ("/api-token/x", "rest"),
        ("/api-tokens", "portal"),
        ("/integration-schema", "rest"),
        ("/.well-known/oauth-authorization-server", "rest"),
        ("/accounts", "portal"),
        ("/admin", "admin"),
        ("/admin/tools/call/", "admin"),
        ("/administration", "portal"),
        ("/mcp/x", "mcp"),
        ("/static/x.css", "static"),
        ("/", "portal"),
    ],
)
def test_a_request_counts_under_the_surface_that_it_addresses(path: str, expected: str) -> None:
    assert surface(path) == expected


@pytest.mark.django_db(transaction=True)
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
