"""Clients with a metadata document: what is fetched, from where, and what its changes mean."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.models import IntegratedAccount
from mcpservers.models import PersonConnection, RegisteredClient
from mcpservers.sign_in.documents import DocumentFetcher, kept_for
from tests.people import People
from tests.portal_site import shown
from tests.sign_in import Authorizing, answered, registered, sent_to, server_for_people

CLIENT = "https://client.example/oauth/client.json"
BACK = "https://client.example/back"


class Documents:
    """The host of a document, which a test may change; `asked` counts requests."""

    def __init__(self) -> None:
        self.document: Any = {"client_id": CLIENT, "client_name": "A documented client", "redirect_uris": [BACK]}
        self.status, self.headers, self.asked = 200, {"content-type": "application/json"}, 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        body = self.document if isinstance(self.document, bytes) else json.dumps(self.document).encode()
        return httpx.Response(self.status, headers=self.headers, stream=httpx.ByteStream(body))


@pytest.fixture
def documents(monkeypatch: pytest.MonkeyPatch) -> Iterator[Documents]:
    cache.clear()
    host = Documents()
    monkeypatch.setattr(DocumentFetcher, "transport", httpx.MockTransport(host.answer))
    yield host
    cache.clear()


@pytest.fixture
def flow(account: IntegratedAccount, people: People, documents: Documents) -> Authorizing:
    return Authorizing(server_for_people(account), people.operator, CLIENT, BACK)


def stale() -> None:
    RegisteredClient.objects.update(cimd_expires_at=timezone.now())


def test_its_name_is_said_to_come_from_its_host(flow: Authorizing) -> None:
    page = shown(flow.ask())
    assert "Allow “A documented client”?" in page
    assert "its own document at" in page
    assert "client.example" in page
    assert flow.tokens()["scope"] == "read"
    assert RegisteredClient.objects.get().registration_source == "cimd"


def test_nothing_is_hidden_in_its_name(flow: Authorizing, documents: Documents) -> None:
    documents.document["client_name"] = "Cha\u202etGPT"
    page = shown(flow.ask())
    assert "\u202e" not in page
    assert "Allow “Cha\\u{202e}tGPT”?" in page


def test_it_is_fetched_once_while_it_is_fresh(flow: Authorizing, documents: Documents) -> None:
    flow.tokens()
    assert documents.asked == 1


def test_a_document_that_changes_after_consent_is_asked_for_again(flow: Authorizing, documents: Documents) -> None:
    flow.decide()
    assert flow.ask().status_code == 302
    documents.document["redirect_uris"] = [BACK, "https://client.example/evil"]
    stale()
    assert flow.ask().status_code == 200
    assert flow.ask(redirect_uri="https://client.example/evil").status_code == 200
    assert sent_to(flow.decide(redirect_uri="https://client.example/evil")).startswith("https://client.example/evil?")


def test_an_address_that_the_document_took_back_is_refused(flow: Authorizing, documents: Documents) -> None:
    flow.decide()
    documents.document["redirect_uris"] = ["https://client.example/other"]
    stale()
    assert flow.ask().status_code == 400


def test_a_host_that_is_away_leaves_what_was_known(flow: Authorizing, documents: Documents) -> None:
    flow.decide()
    documents.status = 503
    stale()
    assert "code" in answered(flow.ask())


@pytest.mark.parametrize(
    "document",
    [
        b"no json", b"[]", b"{}", {"client_id": "https://other.example/c.json", "redirect_uris": [BACK]},
        {"client_id": CLIENT, "redirect_uris": []}, {"client_id": CLIENT, "redirect_uris": ["http://client.example/"]},
        {"client_id": CLIENT, "redirect_uris": [BACK], "client_secret": "x"},
        {"client_id": CLIENT, "redirect_uris": [BACK], "grant_types": ["password"]},
        {"client_id": CLIENT, "redirect_uris": [BACK], "client_name": 1}, b"[" * 10_000, b" " * 20_000,
    ],
)  # fmt: skip
def test_what_is_no_metadata_makes_an_unknown_client(flow: Authorizing, documents: Documents, document: Any) -> None:
    documents.document = document
    assert flow.ask().status_code == 400
    assert not RegisteredClient.objects.exists()


@pytest.mark.parametrize(("status", "kind"), [(404, "application/json"), (302, "application/json"), (200, "text/html")])
def test_neither_does_another_answer(flow: Authorizing, documents: Documents, status: int, kind: str) -> None:
    documents.status, documents.headers = status, {"content-type": kind, "location": "https://elsewhere.example/"}
    assert flow.ask().status_code == 400
    assert documents.asked == 1


@pytest.mark.parametrize(
    "client_id",
    [
        "http://client.example/c.json", "https://client.example", "https://u@client.example/c.json",
        "https://client.example/c.json#x", "https://client.example/a/../c.json", "https://client.example:0x1/c.json",
        "https://client.example/c d.json", "https:///c.json", "https://" + "a" * 300 + ".example/c.json",
    ],
)  # fmt: skip
def test_an_id_that_is_no_plain_address_is_not_fetched(flow: Authorizing, documents: Documents, client_id: str) -> None:
    assert flow.ask(client_id=client_id).status_code == 400
    assert documents.asked == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:7f00:1]"])
def test_a_private_address_is_never_asked(account: IntegratedAccount, people: People, settings: Any, host: str) -> None:
    cache.clear()
    settings.UPSTREAM_PRIVATE_HOSTS = frozenset()
    flow = Authorizing(server_for_people(account), people.operator, f"https://{host}:1/client.json", BACK)
    assert flow.ask().status_code == 400
    assert not RegisteredClient.objects.exists()


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["8.8.8.8", "::ffff:127.0.0.1"]])
def test_neither_is_one_that_a_known_name_leads_to_since(
    flow: Authorizing, documents: Documents, monkeypatch: pytest.MonkeyPatch, settings: Any, addresses: list[str]
) -> None:
    settings.UPSTREAM_PRIVATE_HOSTS = frozenset()
    flow.decide()
    stale()
    asked: list[str] = []

    def rebound(host: str, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, 1, 6, "", (each, 443)) for each in addresses]

    monkeypatch.setattr(DocumentFetcher, "transport", None)
    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    # What was known stays; a client that is new is not known.
    assert flow.ask().status_code == 302
    assert asked == ["client.example"]
    assert flow.ask(client_id="https://client.example/new.json").status_code == 400
    assert asked == ["client.example"] * 2


def test_nobody_has_a_document_fetched_who_is_not_signed_in(flow: Authorizing, documents: Documents) -> None:
    anonymous = Authorizing(flow.server, None, CLIENT, BACK)
    assert anonymous.ask().status_code == 302
    assert anonymous.exchange("x").status_code == 401
    assert anonymous.program.post("/oauth/revoke", {"token": "x", "client_id": CLIENT}).status_code in {400, 401}
    assert documents.asked == 0


def test_a_local_client_that_anybody_could_pose_as_is_asked_for_each_time(
    account: IntegratedAccount, people: People, documents: Documents
) -> None:
    back = "http://127.0.0.1:4000/callback"
    documents.document["redirect_uris"] = [back]
    flow = Authorizing(server_for_people(account), people.operator, CLIENT, back)
    flow.decide()
    assert flow.ask().status_code == 200
    assert PersonConnection.objects.count() == 1


def test_so_is_one_whose_id_an_admin_gives_everybody(account: IntegratedAccount, people: People) -> None:
    back = "http://127.0.0.1:4000/callback"
    flow = Authorizing(server_for_people(account), people.operator, registered(back), back)
    RegisteredClient.objects.update(registration_source=RegisteredClient.RegistrationSource.MANUAL)
    flow.decide()
    assert flow.ask().status_code == 200


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 86_400),
        ("max-age=60", 300),
        ("public, max-age=3600", 3600),
        ("max-age=99999999", 86_400),
        ("no-store", 300),
    ],
)
def test_a_document_is_kept_as_long_as_its_host_says_within_bounds(header: str, seconds: int) -> None:
    assert kept_for(header) == seconds
