"""How ChatGPT and Claude connect, request by request over HTTP, with the addresses and rules that they document."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.core.cache import cache

from accounts.models import IntegratedAccount
from accounts.vendors.upstream import close_shared_upstream
from config.asgi import application
from mcpservers.endpoint import finish_background
from mcpservers.lifecycle import create_server
from mcpservers.models import RegisteredClient
from mcpservers.replies import Receive, Scope, Send
from mcpservers.sign_in.addresses import address_of
from mcpservers.sign_in.documents import DocumentFetcher
from tests.people import People
from tests.person import Person
from tests.serving import served
from tests.sign_in import server_for_people
from tests.web_client import INITIALIZE, RESOURCE, Towards, WebClient, challenge_in

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

ORIGIN = "http://127.0.0.1:8000"
READ, WRITE = "list_all_fuse_desk_cases", "create_a_fuse_desk_case"
A_CASE = {"summary": "By hand", "details": "x", "depid": 1, "openedby": "olga@example.com"}
CHATGPT = "https://chatgpt.com/oauth/client.json"
CHATGPT_BACK = "https://chatgpt.com/connector_platform_oauth_redirect"
CLAUDE = "https://claude.ai/oauth/mcp-oauth-client-metadata"
CLAUDE_BACK = "https://claude.ai/api/mcp/auth_callback"
CLAUDE_CODE = "https://claude.ai/oauth/claude-code-client-metadata"
DOCUMENTS = {
    CHATGPT: {"client_name": "ChatGPT", "redirect_uris": [CHATGPT_BACK]},
    CLAUDE: {"client_name": "Claude", "redirect_uris": [CLAUDE_BACK]},
    CLAUDE_CODE: {
        "client_name": "Claude Code",
        "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
    },
}
Connect = Callable[[str, str], WebClient]


def published(request: httpx.Request) -> httpx.Response:
    """Answer as the hosts of the clients' documents do."""
    # The path is sent as it is written, apart from the URL.
    client_id = f"{request.url}{request.extensions['target']}"
    document = {
        "client_id": client_id,
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        **DOCUMENTS[client_id],
    }
    answer = httpx.Response(200, json=document)
    return httpx.Response(200, headers=answer.headers, stream=httpx.ByteStream(answer.content))


async def product(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve, and close at the end what the serving thread has opened; the rest belongs to the whole test process."""
    if scope["type"] != "lifespan":
        await application(scope, receive, send)
        return
    for phase in ("startup", "shutdown"):
        await receive()
        if phase == "shutdown":
            await finish_background()
            await close_shared_upstream()
        await send({"type": f"lifespan.{phase}.complete"})


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the product, which reaches the hosts of documents."""
    cache.clear()
    monkeypatch.setattr(DocumentFetcher, "transport", httpx.MockTransport(published))
    with served(product, lifespan="on") as address:
        yield address
    cache.clear()


@pytest.fixture
def url(account: IntegratedAccount) -> str:
    """The address of a server that asks for sign-in."""
    return address_of(server_for_people(account).pk)


@pytest_asyncio.fixture
async def person(people: People, running: str) -> AsyncIterator[Person]:
    found = Person(ORIGIN, people.operator.username, "olga-pass-1", transport=Towards(running))
    async with found.browser:
        yield found


@pytest_asyncio.fixture
async def connect(person: Person, running: str, url: str) -> AsyncIterator[Connect]:
    """Makes a client of the server, with an id and a redirect address."""
    async with httpx.AsyncClient(transport=Towards(running), timeout=20) as http:
        yield lambda client_id, redirect_uri: WebClient(url, http, person, client_id, redirect_uri)


async def names(client: WebClient) -> dict[str, Any]:
    """Return the tools that a client is listed, by name."""
    assert (await client.send("initialize", INITIALIZE)).status_code == 200
    listed = (await client.send("tools/list")).json()["result"]["tools"]
    return {tool["name"]: tool for tool in listed}


async def test_chatgpt_connects_by_its_document_and_steps_up_by_a_result(connect: Connect) -> None:
    chatgpt = connect(CHATGPT, CHATGPT_BACK)
    scope = await chatgpt.discover()
    assert scope == "read"
    assert chatgpt.looked_up == [
        (RESOURCE + chatgpt.url.removeprefix(ORIGIN), 200),
        ("/.well-known/oauth-authorization-server/oauth", 200),
    ]
    # With these three it uses its stable client and redirect address.
    assert chatgpt.server["code_challenge_methods_supported"] == ["S256"]
    assert chatgpt.server["client_id_metadata_document_supported"] is True
    assert chatgpt.server["authorization_response_iss_parameter_supported"] is True
    await chatgpt.authorise(scope)
    tools = await names(chatgpt)
    assert tools[WRITE]["securitySchemes"] == [{"type": "oauth2", "scopes": ["read", "write"]}]
    assert not (await chatgpt.call(READ, {"limit": 1})).json()["result"].get("isError")

    refused = await chatgpt.call(WRITE, A_CASE)
    assert refused.status_code == 200
    assert refused.json()["result"]["isError"]
    (header,) = refused.json()["result"]["_meta"]["mcp/www_authenticate"]
    asked = challenge_in(header)
    assert (asked["error"], asked["scope"]) == ("insufficient_scope", "read write")
    assert asked["error_description"]
    await chatgpt.authorise(asked["scope"])
    assert not (await chatgpt.call(WRITE, A_CASE)).json()["result"].get("isError")


async def test_claude_chooses_its_document_and_steps_up_by_a_403(connect: Connect) -> None:
    claude = connect(CLAUDE, CLAUDE_BACK)
    scope = await claude.discover()
    # Its rule; without either it registers a new client at each connection.
    assert claude.server["client_id_metadata_document_supported"] is True
    assert "none" in claude.server["token_endpoint_auth_methods_supported"]
    await claude.authorise(scope)
    assert WRITE in await names(claude)
    refused = await claude.call(WRITE, A_CASE)
    assert refused.status_code == 403
    asked = challenge_in(refused.headers["www-authenticate"])
    assert asked["error"] == "insufficient_scope"
    await claude.authorise(asked["scope"])
    assert not (await claude.call(WRITE, A_CASE)).json()["result"].get("isError")
    assert "claude.ai" in claude.person.pages[1]


async def test_claude_registers_where_it_has_no_document(connect: Connect) -> None:
    claude = connect("", CLAUDE_BACK)
    scope = await claude.discover()
    made = await claude.register(
        client_name="Claude",
        redirect_uris=[CLAUDE_BACK],
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        token_endpoint_auth_method="none",
        scope="read write offline_access",
    )
    assert "client_secret" not in made
    await claude.authorise(f"{scope} offline_access")
    assert READ in await names(claude)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("by_document", [True, False])
async def test_a_program_on_the_persons_machine_listens_at_any_port(
    connect: Connect, host: str, by_document: bool
) -> None:
    program = connect(CLAUDE_CODE, f"http://{host}:49152/callback")
    scope = await program.discover()
    if not by_document:
        await program.register(client_name="A program", redirect_uris=[f"http://{host}:3118/callback"])
    await program.authorise(scope)
    program.redirect_uri = f"http://{host}:61000/callback"
    await program.authorise(scope)
    assert READ in await names(program)


@pytest.mark.parametrize(
    ("client_id", "back"),
    [(CHATGPT, CHATGPT_BACK), (CLAUDE, CLAUDE_BACK), (CLAUDE_CODE, "http://localhost:1/callback")],
)
async def test_a_refresh_token_is_used_once_and_a_dead_one_is_an_invalid_grant(
    connect: Connect, client_id: str, back: str
) -> None:
    client = connect(client_id, back)
    await client.authorise(await client.discover())
    first = client.tokens
    client.tokens = (await client.refresh(first["refresh_token"])).json()
    assert client.tokens["refresh_token"] != first["refresh_token"]
    assert READ in await names(client)
    for dead in (first["refresh_token"], client.tokens["refresh_token"], "pbref_unknown"):
        refused = await client.refresh(dead)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    # Without its token it begins anew, and nobody is asked again unless others could pose as it.
    client.tokens = {}
    await client.authorise(await client.discover())
    assert READ in await names(client)


async def test_a_client_that_looks_without_a_challenge_finds_the_same(connect: Connect) -> None:
    client = connect(CLAUDE, CLAUDE_BACK)
    path = client.url.removeprefix(ORIGIN)
    assert await client.look_up(f"{ORIGIN}{RESOURCE}") is None
    found = await client.look_up(f"{ORIGIN}{RESOURCE}{path}")
    assert found["resource"] == client.url
    issuer = found["authorization_servers"][0]
    places = ("/.well-known/oauth-authorization-server/oauth", "/.well-known/openid-configuration/oauth")
    documents = [await client.look_up(f"{ORIGIN}{place}") for place in places]
    documents.append(await client.look_up(f"{issuer}/.well-known/openid-configuration"))
    assert documents[0]["issuer"] == issuer
    assert documents == [documents[0]] * 3


async def test_a_server_that_asks_for_nothing_is_seen_to_need_no_sign_in(
    connect: Connect, account: IntegratedAccount, url: str
) -> None:
    _, token = await sync_to_async(create_server)(account, "tests", name="Open", methods=[], tags=[])
    client = connect(CHATGPT, CHATGPT_BACK)
    client.url = f"{ORIGIN}/mcp/{token}"
    for place in (
        f"{RESOURCE}/mcp/{token}", RESOURCE, f"/.well-known/oauth-authorization-server/mcp/{token}",
        "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration",
        f"/mcp/{token}/.well-known/openid-configuration",
    ):  # fmt: skip
        assert await client.look_up(ORIGIN + place) is None
    assert {status for _, status in client.looked_up} == {404}
    opened = await client.send("initialize", INITIALIZE)
    assert opened.status_code == 200
    assert "www-authenticate" not in opened.headers
    assert not await RegisteredClient.objects.aexists()
