"""Requests are counted under the surface that they address, whichever route of Django's answers them."""

import re

import pytest
from django.urls import get_resolver, resolve

from config.middleware.requests import surface_of
from tests.routes import routes

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
