"""Sign-in with the official client's own OAuth implementation, against the running product; nothing is replaced."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.cluster.certificates import Authority
from tests.official_client import CALLBACK, OfficialClient
from tests.person import Person, answer_in
from tests.serving import served
from tests.stack import Stack, running_stack

pytestmark = pytest.mark.e2e

READ, WRITE = "list_all_fuse_desk_cases", "create_a_fuse_desk_case"
ERAS = pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])


class DocumentHost:
    """An https host with the metadata document of a client."""

    address: str = ""
    asked = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked += 1
        document = {
            "client_id": f"{self.address}/client.json",
            "client_name": "Documented",
            "redirect_uris": [CALLBACK],
        }
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(document).encode()})


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def host(authority: Authority) -> Iterator[DocumentHost]:
    """A host on this machine, which the product is told to trust and to reach."""
    found, certificate = DocumentHost(), str(authority.certificate())
    with served(found, ssl_certfile=certificate, ssl_keyfile=certificate) as address:
        found.address = address.replace("http:", "https:")
        yield found


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Stack]:
    trust = {"SSL_CERT_FILE": str(authority.file), "UPSTREAM_PRIVATE_HOSTS": "127.0.0.1"}
    with running_stack(tmp_path_factory.mktemp("people"), **trust) as running:
        yield running


@pytest.fixture(scope="module")
def seeded(stack: Stack) -> dict[str, Any]:
    return stack.demo()


@pytest.fixture
def server(seeded: dict[str, Any]) -> dict[str, Any]:
    """A server that asks for sign-in, as REST answers."""
    made = httpx.post(
        f"{seeded['dashboard_url']}/integrated-account/{seeded['integrated_account_id']}/mcp",
        json={"name": "For people", "config": {"authentication": "sign_in"}},
        headers={"Authorization": f"Bearer {seeded['api_token']}"},
        timeout=20,
    )
    assert made.status_code == 201, made.text
    return dict(made.json())


@pytest_asyncio.fixture
async def person(seeded: dict[str, Any]) -> AsyncIterator[Person]:
    found = Person(seeded["dashboard_url"], seeded["username"], seeded["password"])
    async with found.browser:
        yield found


@ERAS
async def test_a_client_registers_and_then_lists_and_calls(server: dict[str, Any], person: Person, mode: str) -> None:
    official = OfficialClient(server["url"], person, mode=mode)
    async with official.connected() as client:
        assert READ in {tool.name for tool in (await client.list_tools()).tools}
        assert not (await client.call_tool(READ, {"limit": 1})).is_error
    assert len(official.asked) == 1
    assert "Official client" in person.pages[1]
    # Another run of the same client needs nobody.
    async with official.connected() as client:
        assert not (await client.call_tool(READ, {"limit": 1})).is_error
    assert len(official.asked) == 1


@ERAS
async def test_a_client_with_a_document_needs_no_registration(
    server: dict[str, Any], person: Person, host: DocumentHost, mode: str
) -> None:
    options = {"client_metadata_url": f"{host.address}/client.json"}
    official = OfficialClient(server["url"], person, mode=mode, options=options)
    async with official.connected() as client:
        assert not (await client.call_tool(READ, {"limit": 1})).is_error
    assert official.kept.client is not None
    assert official.kept.client.client_id == f"{host.address}/client.json"
    assert "its own document at" in person.pages[1]


@ERAS
async def test_a_call_that_writes_takes_a_second_consent(server: dict[str, Any], person: Person, mode: str) -> None:
    official = OfficialClient(server["url"], person, mode=mode)
    async with official.connected() as client:
        assert not (await client.call_tool(READ, {"limit": 1})).is_error
        await client.call_tool(WRITE, {"summary": "By hand", "details": "x"})
    assert ["write" in answer_in(address)["scope"] for address in official.asked] == [False, True]
    assert official.kept.tokens is not None
    assert {*str(official.kept.tokens.scope).split()} >= {"read", "write"}


@ERAS
async def test_an_access_token_that_ended_is_refreshed_without_anybody(
    server: dict[str, Any], person: Person, mode: str
) -> None:
    official = OfficialClient(server["url"], person, mode=mode)
    async with official.connected() as client:
        await client.list_tools()
        before = official.kept.tokens
        # As if an hour had gone by for the client.
        official.auth.context.token_expiry_time = 1.0
        assert not (await client.call_tool(READ, {"limit": 1})).is_error
    assert before is not None
    assert official.kept.tokens is not None
    assert official.kept.tokens.access_token != before.access_token
    assert len(official.asked) == 1


async def test_revocation_is_seen_by_the_clients_next_call(
    stack: Stack, server: dict[str, Any], person: Person
) -> None:
    official = OfficialClient(server["url"], person)
    async with official.connected() as client:
        await client.list_tools()
    kept = official.kept
    assert kept.tokens is not None
    assert kept.client is not None
    given = {"token": kept.tokens.access_token, "client_id": str(kept.client.client_id)}
    async with httpx.AsyncClient() as http:
        assert (await http.post(f"{person.origin}/oauth/revoke", data=given)).status_code == 200
        sent = {"Authorization": f"Bearer {kept.tokens.access_token}"}
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        assert (await http.post(server["url"], json=ping, headers=sent)).status_code == 401
    async with official.connected() as client:
        await client.list_tools()
    assert len(official.asked) == 2
    assert not [line for line in stack.output if "pbacc_" in line or "pbref_" in line]
