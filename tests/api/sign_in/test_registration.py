"""Programs register themselves; what they say of themselves is checked, and what nobody uses is deleted."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import IntegratedAccount
from mcpservers.models import RegisteredClient
from mcpservers.sign_in.rates import REGISTRATIONS
from mcpservers.tasks import prune_sign_in
from tests.people import People
from tests.rest import JSON, RestAnswer
from tests.sign_in import Authorizing, server_for_people


@pytest.fixture(autouse=True)
def _nothing_counted(db: None) -> None:
    cache.clear()


def register(body: Any) -> RestAnswer:
    return Client().post("/oauth/register", body, content_type=JSON)


def test_a_program_registers_as_a_public_client() -> None:
    response = register({
        "client_name": "Inspector", "redirect_uris": ["http://localhost:6274/oauth/callback"],
        "grant_types": ["authorization_code", "refresh_token"], "token_endpoint_auth_method": "client_secret_post",
    })  # fmt: skip
    assert response.status_code == 201, response.content
    made = response.json()
    assert (made["client_name"], made["token_endpoint_auth_method"]) == ("Inspector", "none")
    assert "client_secret" not in made
    assert RegisteredClient.objects.get(client_id=made["client_id"]).registration_source == "dcr"


@pytest.mark.parametrize(
    "uris",
    [
        [], ["http://client.example/callback"], ["https://client.example/#x"], ["https://u@client.example/"],
        ["javascript:alert(1)"], ["https://*.example/"], ["https://a.example/ https://b.example/"], [1], "text",
        ["https://client.example/"] * 11, ["data:text/html,x"], ["http://127.0.0.1.example/"],
        ["https://evil.example\\.known.example/"], ["https://evil.example%2f.known.example/"], ["https://a.example:x/"],
        ["https://evil.example/\u202e"], ["https://\u0441lient.example/"], ["https://client.example/\x00"],
        ["https://client.example/\ud800"], ["https://a.example/\thttps://b.example/"], ['https://a.example/"'],
    ],
)  # fmt: skip
def test_an_address_that_is_not_safe_is_refused_with_the_rfcs_code(uris: Any) -> None:
    response = register({"redirect_uris": uris})
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_redirect_uri"
    assert not RegisteredClient.objects.exists()


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\x00", "\ud800"])
def test_nothing_is_hidden_in_a_name(hidden: str) -> None:
    made = register({"client_name": f"Cha{hidden}tGPT", "redirect_uris": ["https://client.example/"]}).json()
    assert made["client_name"] == f"Cha\\u{{{ord(hidden):x}}}tGPT"


@pytest.mark.parametrize(
    "body",
    [
        b"no json", b"[]", b'{"redirect_uris": ["https://a.example/"], "client_name": 1}', b"[" * 20_000,
        b'{"redirect_uris": ["https://a.example/"], "grant_types": ["password"]}',
        b'{"redirect_uris": ["https://a.example/"], "response_types": ["token"]}',
    ],
)  # fmt: skip
def test_what_is_no_metadata_is_refused_with_the_rfcs_code(body: bytes) -> None:
    response = register(body)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_client_metadata")


def test_one_network_may_register_only_so_often() -> None:
    for _ in range(REGISTRATIONS.most):
        REGISTRATIONS.count("127.0.0.1")
    response = register({"redirect_uris": ["https://client.example/"]})
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert not RegisteredClient.objects.exists()


def test_clients_that_nobody_has_allowed_anything_are_deleted(account: IntegratedAccount, people: People) -> None:
    used = Authorizing(server_for_people(account), people.operator)
    used.tokens()
    register({"redirect_uris": ["https://client.example/"]})
    assert prune_sign_in() == 0
    RegisteredClient.objects.update(updated=timezone.now() - timedelta(days=8))
    assert prune_sign_in() == 1
    assert RegisteredClient.objects.get().client_id == used.client_id
