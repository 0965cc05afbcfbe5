"""What clients look up before they ask anybody, and what must not be there."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import IntegratedAccount
from mcpservers.models import MCPServer
from mcpservers.sign_in.addresses import address_of
from tests.sign_in import server_for_people

ISSUER = "http://127.0.0.1:8000/oauth"
RESOURCE = "/.well-known/oauth-protected-resource"


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/oauth-authorization-server/oauth",
        "/.well-known/openid-configuration/oauth",
        "/oauth/.well-known/openid-configuration",
    ],
)
def test_the_authorization_server_is_found_in_each_of_its_places(db: None, path: str) -> None:
    response = Client().get(path)
    found = response.json()
    assert found["issuer"] == ISSUER
    assert found["authorization_endpoint"] == f"{ISSUER}/authorize"
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["authorization_response_iss_parameter_supported"] is True
    assert found["grant_types_supported"] == ["authorization_code", "refresh_token"]
    # Without it, Claude registers anew at each connection.
    assert "none" in found["token_endpoint_auth_methods_supported"]
    assert "offline_access" in found["scopes_supported"]
    assert response["Access-Control-Allow-Origin"] == "*"


def test_a_server_with_sign_in_names_its_authorization_server(account: IntegratedAccount) -> None:
    server = server_for_people(account)
    found = Client().get(f"{RESOURCE}/mcp/s/{server.pk}").json()
    assert found == {
        "resource": address_of(server.pk),
        "authorization_servers": [ISSUER],
        "scopes_supported": ["read"],
        "bearer_methods_supported": ["header"],
    }


def test_what_people_do_not_sign_in_to_has_no_metadata(
    account: IntegratedAccount, server: tuple[MCPServer, str]
) -> None:
    paused = server_for_people(account)
    MCPServer.objects.filter(pk=paused.pk).update(paused_at=timezone.now())
    # Clients that find metadata at the root take every server of the host for one that wants OAuth.
    for path in (
        RESOURCE, f"{RESOURCE}/mcp/{server[1]}", f"{RESOURCE}/mcp/s/{server[0].pk}", f"{RESOURCE}/mcp/s/{paused.pk}",
        f"{RESOURCE}/mcp/s/nothing", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration",
        f"/.well-known/oauth-authorization-server/mcp/{server[1]}", "/oauth/.well-known/oauth-protected-resource",
    ):  # fmt: skip
        response = Client().get(path)
        assert response.status_code == 404, path
        assert response.headers["Content-Type"] == "application/problem+json", path


def test_a_browser_may_ask_from_any_origin(db: None) -> None:
    response = Client().options("/oauth/token", headers={"Origin": "https://inspector.example"})
    assert response.status_code == 204
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "POST" in response["Access-Control-Allow-Methods"]
