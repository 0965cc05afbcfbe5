"""PUBLIC_URL: with or without a path, and what is refused before anything starts."""

import re

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host
from django.urls import URLPattern, URLResolver, get_resolver

from api.addresses import PREFIXES
from config.addresses.public_url import OWN, public_url
from config.asgi import MONITORING
from mcpservers.endpoint import PREFIX
from portal.activity import stream


@pytest.mark.parametrize(
    ("text", "origin", "path"),
    [
        ("https://patchbay.example.com", "https://patchbay.example.com", ""),
        ("https://patchbay.example.com///", "https://patchbay.example.com", ""),
        ("http://127.0.0.1:8000/patchbay", "http://127.0.0.1:8000", "/patchbay"),
        ("https://example.com/tools/Patch-bay_1.0~x/", "https://example.com", "/tools/Patch-bay_1.0~x"),
        ("https://[::1]:8443/mcp-servers", "https://[::1]:8443", "/mcp-servers"),
    ],
)
def test_an_address_is_read_with_its_path(text: str, origin: str, path: str) -> None:
    read = public_url(text)
    assert (read.origin, read.path, read.text) == (origin, path, origin + path)


@pytest.mark.parametrize(
    ("text", "origin", "requested"),
    [
        ("https://Patchbay.Example.com:443/patchbay", "https://patchbay.example.com", "patchbay.example.com"),
        ("http://patchbay.example.com:443", "http://patchbay.example.com:443", "patchbay.example.com"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443", "[2001:db8::1]"),
    ],
)
def test_origin_and_host_are_what_browsers_send(text: str, origin: str, requested: str) -> None:
    read = public_url(text)
    assert read.origin == origin
    assert validate_host(requested, [read.host])


@pytest.mark.parametrize(
    "text",
    [
        "patchbay.example.com",
        "ftp://patchbay.example.com",
        "https://",
        "https:///patchbay",
        "https://example.com:port",
        "https://example.com:99999",
        "https://[::1",
        "https://me@example.com",
        "https://example.com/?a=1",
        "https://example.com/patchbay#top",
        "https://example.com/a//b",
        "https://example.com/../b",
        "https://example.com/./b",
        "https://example.com/%61",
        "https://example.com/pät",
        "https://example.com/a b",
        "https://example.com/a;b",
        "https://example.com/mcp",
        "https://example.com/mcp/patchbay",
        "https://example.com/accounts/",
        "https://example.com/static",
    ],
)
def test_an_address_that_cannot_be_served_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"PUBLIC_URL .*such as "):
        public_url(text)


def test_every_path_of_patchbays_own_is_known_to_the_check() -> None:
    routes = [*_routes(get_resolver().url_patterns), *PREFIXES, *MONITORING, PREFIX, stream.PATH, "/static/"]
    first = {re.split(r"[/<(]", route.lstrip("/^"))[0] for route in routes}
    assert first - {""} == OWN


def _routes(patterns: list[URLPattern | URLResolver], before: str = "") -> list[str]:
    routes: list[str] = []
    for pattern in patterns:
        route = before + str(pattern.pattern)
        routes += _routes(pattern.url_patterns, route) if isinstance(pattern, URLResolver) else [route]
    return routes
