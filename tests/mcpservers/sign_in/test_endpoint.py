"""A server that asks for sign-in, as its clients see it."""

from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from accounts.allowances import Holder, HolderKind, calls
from accounts.caches.change_watch import change_watch
from accounts.models import AuditEntry, IntegratedAccount, Membership, Role, User
from mcpservers.lifecycle import change_server, create_server, pause_server
from mcpservers.models import AccessToken, MCPServer, PersonConnection
from mcpservers.sign_in import recognition
from tests.mcp_client import STATELESS, McpClient
from tests.people import People
from tests.sign_in import Authorizing, client_of, registered, server_for_people

pytestmark = pytest.mark.django_db(transaction=True)

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
READ, WRITE = "list_all_fuse_desk_cases", "create_a_fuse_desk_case"
CALL = {"name": WRITE, "arguments": {}}


@pytest.fixture
def server(account: IntegratedAccount, upstream: None) -> MCPServer:
    return server_for_people(account)


@sync_to_async
def allowed(server: MCPServer, person: User, scope: str = "read", access: str = "write") -> str:
    """Return an access token that a person lets a client have."""
    return str(Authorizing(server, person, scope=scope).tokens({"decision": "allow", "access": access})["access_token"])


async def names(client: McpClient) -> set[str]:
    listed = (await client.request("tools/list")).json()["result"]["tools"]
    return {tool["name"] for tool in listed}


async def test_without_a_token_it_is_a_401_that_says_where_to_go(server: MCPServer) -> None:
    response = await client_of(server).post(PING)
    assert response.status_code == 401
    metadata = f"http://127.0.0.1:8000/.well-known/oauth-protected-resource/mcp/s/{server.pk}"
    assert response.headers["www-authenticate"] == f'Bearer resource_metadata="{metadata}", scope="read"'


@pytest.mark.parametrize("token", ["nonsense", "pbacc_" + "0" * 49, "pbapi_" + "0" * 49])
async def test_a_token_that_opens_nothing_is_told_as_such(server: MCPServer, token: str) -> None:
    response = await client_of(server, token).post(PING)
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["www-authenticate"]


@pytest.mark.parametrize("version", ["2025-11-25", "2025-03-26", STATELESS])
async def test_a_person_opens_it_in_every_era(server: MCPServer, people: People, version: str) -> None:
    client = client_of(server, await allowed(server, people.operator), version)
    assert READ in await names(client)
    assert isinstance(await client.value(READ, {"limit": 1}), dict)


async def test_a_token_is_of_no_use_at_another_server(
    server: MCPServer, account: IntegratedAccount, people: People
) -> None:
    other = await sync_to_async(server_for_people)(account, "Another")
    token = await allowed(server, people.operator)
    assert (await client_of(other, token).post(PING)).status_code == 401


async def test_an_unknown_or_paused_server_is_a_404_like_any_other(server: MCPServer, people: People) -> None:
    token = await allowed(server, people.operator)
    unknown = MCPServer(pk=people.elsewhere.pk)
    assert (await client_of(unknown).post(PING)).status_code == 404
    await sync_to_async(pause_server)(server, "tests")
    assert (await client_of(server).post(PING)).status_code == 404
    assert (await client_of(server, token).post(PING)).status_code == 404
    assert (await McpClient(f"s/{str(server.pk).upper()}").post(PING)).status_code == 404
    assert (await McpClient(f"s/{server.pk}/more").post(PING)).status_code == 404


async def test_switching_to_sign_in_ends_the_url_and_back_ends_the_connections(
    account: IntegratedAccount, people: People, upstream: None
) -> None:
    server, token = await sync_to_async(create_server)(account, "tests", name="S", methods=[], tags=[])
    assert (await McpClient(token).post(PING)).status_code == 200
    await sync_to_async(change_server)(server, "tests", authentication="sign_in")
    assert (await McpClient(token).post(PING)).status_code == 404
    access = await allowed(server, people.operator)
    assert (await client_of(server, access).post(PING)).status_code == 200
    await sync_to_async(change_server)(server, "tests", authentication="url")
    assert (await client_of(server, access).post(PING)).status_code == 404
    assert (await McpClient(token).post(PING)).status_code == 404
    assert not await PersonConnection.objects.aexists()
    assert await AuditEntry.objects.filter(action="connection.ended").acount() == 1


def removed(people: People) -> None:
    Membership.objects.filter(user=people.operator).delete()


def disabled(people: People) -> None:
    User.objects.filter(pk=people.operator.pk).update(is_active=False)


def ended(people: People) -> None:
    PersonConnection.objects.all().delete()


def revoked(people: People) -> None:
    AccessToken.objects.all().delete()


@pytest.mark.parametrize("happening", [removed, disabled, ended, revoked])
async def test_what_ends_a_token_ends_it_at_once(server: MCPServer, people: People, happening: Any) -> None:
    client = client_of(server, await allowed(server, people.operator))
    assert (await client.post(PING)).status_code == 200
    await sync_to_async(happening)(people)
    assert (await client.post(PING)).status_code == 401


async def test_it_expires_after_an_hour(server: MCPServer, people: People, time_machine: Any) -> None:
    client = client_of(server, await allowed(server, people.operator))
    assert (await client.post(PING)).status_code == 200
    time_machine.move_to(timezone.now() + timedelta(hours=1, seconds=1))
    assert (await client.post(PING)).status_code == 401


async def test_a_token_whose_rights_nobody_changes_costs_no_query(server: MCPServer, people: People) -> None:
    client = client_of(server, await allowed(server, people.operator))
    assert (await client.post(PING)).status_code == 200
    await change_watch.look()
    assert (await client.post(PING)).status_code == 200
    ((checksum, entry),) = recognition._accesses._entries.items()
    # As if it had been loaded some seconds ago, and nothing been missed since.
    entry.loaded_at -= 5
    change_watch.unbroken_since -= 10
    assert recognition._accesses.peek(checksum) is entry.value


class TestScopes:
    """What a client may call, lists, and is asked for."""

    async def test_a_call_that_writes_asks_for_more_and_does_nothing(self, server: MCPServer, people: People) -> None:
        client = client_of(server, await allowed(server, people.operator))
        assert WRITE in await names(client)
        response = await client.request("tools/call", CALL)
        assert response.status_code == 403
        challenge = response.headers["www-authenticate"]
        assert 'error="insufficient_scope"' in challenge
        assert 'scope="read write"' in challenge
        assert "Nothing was done" in response.json()["error"]["message"]

    async def test_a_stateless_client_is_asked_in_the_same_way(self, server: MCPServer, people: People) -> None:
        client = client_of(server, await allowed(server, people.operator), STATELESS)
        assert (await client.request("tools/call", CALL)).status_code == 403

    async def test_with_write_it_is_called(self, server: MCPServer, people: People) -> None:
        client = client_of(server, await allowed(server, people.operator, "read write"))
        # Its arguments are looked at now.
        assert "Nothing was" in await client.failure(WRITE)

    async def test_reads_only_hides_and_refuses_what_writes(self, server: MCPServer, people: People) -> None:
        client = client_of(server, await allowed(server, people.operator, "read write", "read"))
        assert WRITE not in await names(client)
        assert READ in await names(client)
        answer = (await client.request("tools/call", CALL)).json()
        assert "Unknown tool" in answer["error"]["message"]

    async def test_an_earlier_token_opens_no_more_than_was_decided_last(
        self, server: MCPServer, people: People
    ) -> None:
        client_id = await sync_to_async(registered)()

        @sync_to_async
        def decided(scope: str, access: str) -> str:
            flow = Authorizing(server, people.operator, client_id, scope=scope)
            return str(flow.tokens({"decision": "allow", "access": access})["access_token"])

        earlier = await decided("read write", "write")
        await decided("read", "read")
        await decided("read", "write")
        assert (await client_of(server, earlier).request("tools/call", CALL)).status_code == 403

    @pytest.mark.parametrize("name", ["operator", "teammate"])
    async def test_in_search_mode_nothing_is_asked_for_that_nobody_may_grant(
        self, account: IntegratedAccount, people: People, upstream: None, name: str
    ) -> None:
        server = await sync_to_async(server_for_people)(account, search_mode=True)
        client = client_of(server, await allowed(server, getattr(people, name), "read write", "read"))
        assert "call_write_tool" not in await names(client)
        response = await client.request("tools/call", {"name": "call_write_tool", "arguments": CALL})
        assert response.status_code == 200
        assert f"there is no tool {WRITE}" in response.text

    async def test_a_viewers_client_reads_only(self, server: MCPServer, people: People) -> None:
        client = client_of(server, await allowed(server, people.teammate, "read write"))
        assert WRITE not in await names(client)

    async def test_a_role_that_shrinks_takes_writing_at_once(self, server: MCPServer, people: People) -> None:
        client = client_of(server, await allowed(server, people.operator, "read write"))
        assert WRITE in await names(client)
        await Membership.objects.filter(user=people.operator).aupdate(role=Role.VIEWER)
        assert WRITE not in await names(client)

    async def test_each_tool_says_which_scopes_it_needs(self, server: MCPServer, people: People) -> None:
        client = client_of(server, await allowed(server, people.operator))
        listed = (await client.request("tools/list")).json()["result"]["tools"]
        scopes = {tool["name"]: tool["securitySchemes"][0]["scopes"] for tool in listed}
        assert (scopes[READ], scopes[WRITE]) == (["read"], ["read", "write"])

    async def test_a_batch_is_asked_by_a_result(self, server: MCPServer, people: People) -> None:
        client = client_of(server, await allowed(server, people.operator), "2025-03-26")
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": CALL}
        result = (await client.post([call])).json()[0]["result"]
        assert result["isError"]
        assert 'error="insufficient_scope"' in result["_meta"]["mcp/www_authenticate"][0]

    async def test_chatgpt_is_asked_by_a_result(self, server: MCPServer, people: People) -> None:
        @sync_to_async
        def token() -> str:
            back = "https://chatgpt.com/connector_platform_oauth_redirect"
            flow = Authorizing(server, people.operator, registered(back), back)
            return str(flow.tokens()["access_token"])

        result = await client_of(server, await token()).call(WRITE)
        assert result["isError"]
        assert 'scope="read write"' in result["_meta"]["mcp/www_authenticate"][0]


class TestAllowance:
    """All clients of one person, at all servers together, have an allowance like that of an API token."""

    async def test_requests_a_minute_are_counted_for_the_person(
        self, server: MCPServer, account: IntegratedAccount, people: People, settings: Any, time_machine: Any
    ) -> None:
        other = await sync_to_async(server_for_people)(account, "Another")
        mine = client_of(server, await allowed(server, people.operator))
        there = client_of(other, await allowed(other, people.operator))
        theirs = client_of(server, await allowed(server, people.teammate))
        settings.CONNECTED_PERSON_REQUESTS_PER_MINUTE = 2
        time_machine.move_to(timezone.now().replace(second=20, microsecond=0), tick=False)
        assert [(await client.post(PING)).status_code for client in (mine, there)] == [200, 200]
        refused = await mine.post(PING)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "41")
        assert "This connected person's" in refused.json()["error"]["message"]
        assert (await there.post(PING)).status_code == 429
        assert (await theirs.post(PING)).status_code == 200
        time_machine.shift(timedelta(seconds=41))
        assert (await mine.post(PING)).status_code == 200

    async def test_calls_under_way_are_counted_for_the_person(
        self, server: MCPServer, people: People, settings: Any
    ) -> None:
        settings.CONNECTED_PERSON_CALLS = 1
        mine = client_of(server, await allowed(server, people.operator))
        theirs = client_of(server, await allowed(server, people.teammate))
        call = {"name": READ, "arguments": {"limit": 1}}
        with calls.one(Holder(HolderKind.CONNECTED, people.operator.pk)):
            assert (await mine.request("tools/call", call)).status_code == 429
            assert (await theirs.request("tools/call", call)).status_code == 200
        assert (await mine.request("tools/call", call)).status_code == 200
