"""No answer but static files may be held by a cache."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from accounts.models import ApiToken, Role
from mcpservers.models import MCPServer
from tests.admin_site import browser as admin_browser
from tests.admin_site import superuser
from tests.people import People
from tests.portal_site import browser
from tests.routes import routes

PLACES = {"int": "1", "slug": "x", "str": "x", "path": "x"}


def paths(account: object, server: object) -> set[str]:
    """Return an address for each route, of things that exist where there are any."""
    known = {"account_id": str(account), "server_id": str(server)}

    def fill(match: re.Match[str]) -> str:
        kind, _, name = match[1].rpartition(":")
        return known.get(name) or known["account_id"] if kind == "uuid" else PLACES.get(kind, "x")

    filled = (
        re.sub(r"<([^>]+)>", fill, route) for route in (each.path for each in routes(get_resolver().url_patterns))
    )
    return {"/" + re.sub(r"\(\?.*$|[$^\\]", "", path) for path in filled}


@pytest.mark.hostile
@pytest.mark.parametrize("who", ["nobody", "owner", "superuser", "token"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_route_may_be_kept(people: People, server: tuple[MCPServer, str], who: str, method: str) -> None:
    headers = {}
    match who:
        case "owner":
            client = browser(people.owner)
        case "superuser":
            client = admin_browser(superuser())
        case _:
            client = Client()
    if who == "token":
        environment = server[0].account.environment
        _, value = ApiToken.objects.issue(environment=environment, name="T", role=Role.ADMIN, owner=people.owner)
        headers = {"Authorization": f"Bearer {value}"}
    client.raise_request_exception = False
    asked = paths(server[0].account_id, server[0].pk)
    assert len(asked) > 150
    # Signing out last, and nothing that would end the session before the rest is asked.
    for path in sorted(asked, key=lambda path: ("sign-out" in path or "end-all" in path or "logout" in path, path)):
        response = getattr(client, method)(path, headers=headers)
        directives = response.headers.get("Cache-Control", "")
        assert "no-store" in directives, (path, response.status_code, directives)
        assert "public" not in directives, path


def test_pages_of_errors_and_redirects_may_not_be_kept(people: People, settings: Any) -> None:
    assert "no-store" in Client().get("/nothing/here").headers["Cache-Control"]
    settings.SECURE_SSL_REDIRECT = True
    redirected = Client().get("/accounts")
    assert redirected.status_code == 301
    assert "no-store" in redirected.headers["Cache-Control"]
    refused = Client(headers={"Host": "evil.example"}).get("/accounts", secure=True)
    assert refused.status_code == 400
    assert "no-store" in refused.headers["Cache-Control"]


def test_a_form_without_its_token_may_not_be_kept(people: People) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.owner)
    refused = client.post("/environment", {"environment": "x"})
    assert refused.status_code == 403
    assert "no-store" in refused.headers["Cache-Control"]


def test_static_files_may_be_kept(db: None) -> None:
    response = Client().get("/static/portal/portal.css")
    assert response.status_code == 200
    assert "no-store" not in response.headers.get("Cache-Control", "")
