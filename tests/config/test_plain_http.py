"""Over plain HTTP no token is accepted where HTTPS is assumed, whatever stands in front."""

from typing import Any

import httpx
import pytest

from accounts.models import Environment, Role
from config.asgi import application
from mcpservers.models import MCPServer
from tests.rest import token_of
from tests.serving import served

pytestmark = pytest.mark.django_db(transaction=True)

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


@pytest.fixture(autouse=True)
def _https_is_assumed(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True


def ask(method: str, path: str, scheme: str, **options: Any) -> httpx.Response:
    """Ask through a proxy that is trusted, and says how it was asked."""
    with served(application, proxy_headers=True, forwarded_allow_ips=["127.0.0.1"]) as web:
        headers = {"X-Forwarded-Proto": scheme, **options.pop("headers", {})}
        return httpx.request(method, web + path, headers=headers, **options)


@pytest.mark.parametrize(("scheme", "status"), [("http", 403), ("https", 200)])
def test_an_mcp_url_works_over_https_alone_and_is_never_redirected(
    server: tuple[MCPServer, str], scheme: str, status: int
) -> None:
    answer = ask("POST", f"/mcp/{server[1]}", scheme, json=LIST)
    assert (answer.status_code, "location" in answer.headers) == (status, False)
    assert ("https:// only" in answer.text) == (status == 403)


@pytest.mark.parametrize(("scheme", "status"), [("http", 403), ("https", 200)])
def test_so_does_an_api_token(environment: Environment, scheme: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {token_of(environment, Role.VIEWER)}"}
    answer = ask("GET", "/integrated-account", scheme, headers=headers)
    assert (answer.status_code, "location" in answer.headers) == (status, False)


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_are_answered_all_the_same(path: str) -> None:
    assert ask("GET", path, "http").status_code == 200


def test_locally_nothing_is_refused(server: tuple[MCPServer, str], settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = False
    assert ask("POST", f"/mcp/{server[1]}", "http", json=LIST).status_code == 200
