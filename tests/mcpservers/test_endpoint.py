"""The HTTP side of the endpoint: who gets in, and what is refused before the protocol is reached."""

import json
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.api_tokens import recognition as api_tokens
from accounts.api_tokens.issue import issue_token, revoke_token
from accounts.caches.freshness import FRESH_SECONDS, FreshCache
from accounts.models import ApiToken, Environment, IntegratedAccount, Membership, Role, User
from accounts.people.members import remove_member
from mcpservers.deletion import delete_server
from mcpservers.lifecycle import change_server, create_server, pause_server, resume_server, rotate_token
from mcpservers.models import MCPServer
from tests.mcp_client import McpClient
from tests.people import People

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


async def status(mcp: McpClient) -> int:
    return (await mcp.post(PING)).status_code


@pytest.mark.parametrize("method", ["DELETE", "PUT", "OPTIONS", "HEAD"])
async def test_other_http_methods_are_refused_with_what_is_allowed(mcp: McpClient, method: str) -> None:
    response = await mcp.post(b"", method=method)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_a_trailing_slash_answers_without_a_redirect(mcp: McpClient) -> None:
    assert await status(McpClient(mcp.token, suffix="/")) == 200


@pytest.mark.parametrize("suffix", ["/x", "//", "/sse/x"])
async def test_other_paths_below_a_token_are_not_found(mcp: McpClient, suffix: str) -> None:
    assert await status(McpClient(mcp.token, suffix=suffix)) == 404


@pytest.mark.parametrize(
    "accept", ["application/json", "*/*", "application/json, text/event-stream", None, "*/*;q=0.1"]
)
async def test_clients_that_take_json_get_json(mcp: McpClient, accept: str | None) -> None:
    response = await mcp.post(PING, {"Accept": accept})
    assert response.headers["content-type"] == "application/json"


async def test_a_client_that_takes_events_alone_gets_its_answer_as_an_event(mcp: McpClient) -> None:
    response = await mcp.post(PING, {"Accept": "text/event-stream"})
    assert response.headers["content-type"] == "text/event-stream"
    assert response.text.startswith("event: message\ndata: {")


async def test_a_client_that_takes_neither_is_refused(mcp: McpClient) -> None:
    assert (await mcp.post(PING, {"Accept": "text/html"})).status_code == 406


async def test_a_body_that_is_not_declared_as_json_is_refused(mcp: McpClient) -> None:
    assert (await mcp.post(PING, {"Content-Type": "text/plain"})).status_code == 415


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"jsonrpc": NaN}', b"nonsense"])
async def test_a_body_that_is_not_json_is_a_parse_error(mcp: McpClient, body: bytes) -> None:
    response = await mcp.post(body)
    assert (response.status_code, response.json()["error"]["code"]) == (400, -32700)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1e99999999999999999999"])
async def test_a_number_that_no_reader_keeps_is_refused_in_words(mcp: McpClient, number: str) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "x", "arguments": {"a": "NUMBER"}}}
    body = json.dumps(message).replace('"NUMBER"', number)
    response = await mcp.post(body.encode())
    assert response.status_code == 400
    assert "a number that is too large" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    "body", [1, "ping", None, {}, {"jsonrpc": "1.0", "id": 1, "method": "ping"}, {"jsonrpc": "2.0"}]
)
async def test_json_that_is_no_message_is_an_invalid_request(mcp: McpClient, body: object) -> None:
    response = await mcp.post(body)
    assert (response.status_code, response.json()["error"]["code"]) == (400, -32600)


async def test_nesting_beyond_the_limit_is_an_invalid_request(mcp: McpClient) -> None:
    for depth in (70, 5000):
        response = await mcp.post(
            b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + b"[" * depth + b"]" * depth + b"}"
        )
        assert (response.status_code, response.json()["error"]["code"]) == (400, -32600)


async def test_many_brackets_inside_text_are_not_nesting(mcp: McpClient) -> None:
    body = {**PING, "params": {"_meta": {"note": "[" * 500}}}
    assert (await mcp.post(body)).status_code == 200


async def test_a_body_over_the_limit_is_refused(mcp: McpClient, settings: Settings) -> None:
    settings.MAX_BODY_BYTES = 2000
    assert (await mcp.post(b'"' + b"x" * 2001 + b'"')).status_code == 413


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://evil.example", 403),
        ("null", 403),
        ("http://localhost", 200),
        ("HTTP://LocalHost", 200),
        ("https://localhost", 403),
        ("http://localhost:81", 403),
        ("ftp://localhost", 403),
        ("//localhost", 403),
        ("localhost", 403),
        ("http://localhost/", 403),
        ("http://me@localhost", 403),
        ("http://[", 403),
        ("http://[::1", 403),
        ("http://localhost:port", 403),
        ("", 403),
    ],
)
async def test_only_our_own_origin_may_call_from_a_web_page(mcp: McpClient, origin: str, expected: int) -> None:
    assert (await mcp.post(PING, {"Origin": origin})).status_code == expected


async def test_an_origin_that_a_setting_names_may_call(mcp: McpClient, settings: Settings) -> None:
    settings.MCP_ALLOWED_ORIGINS = frozenset({"https://inspector.example"})
    assert (await mcp.post(PING, {"Origin": "https://inspector.example"})).status_code == 200


async def test_an_origin_that_a_setting_names_passes_its_preflight(mcp: McpClient, settings: Settings) -> None:
    settings.MCP_ALLOWED_ORIGINS = frozenset({"https://inspector.example"})
    asked = {"Origin": "https://inspector.example", "Access-Control-Request-Method": "POST"}
    response = await mcp.post(b"", dict(asked), method="OPTIONS")
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "https://inspector.example"
    assert "ratelimit-reset" in (await mcp.post(PING, dict(asked))).headers["access-control-expose-headers"]


async def test_a_host_that_is_not_ours_is_refused(mcp: McpClient) -> None:
    assert (await mcp.post(PING, {"Host": "evil.example"})).status_code == 400


class TestTokens:
    """Unknown, expired and paused cannot be told apart."""

    async def test_refusals_are_the_same_to_the_letter(
        self, mcp: McpClient, server: tuple[MCPServer, str], account: IntegratedAccount
    ) -> None:
        unknown = await McpClient("pbmcp_" + "0" * 49).post(PING)
        garbled = await McpClient(mcp.token[:-1] + ("a" if mcp.token[-1] != "a" else "b")).post(PING)
        await sync_to_async(pause_server)(server[0], "tests")
        paused = await mcp.post(PING)
        await sync_to_async(MCPServer.objects.update)(paused_at=None, expires_at=timezone.now() - timedelta(seconds=1))
        await sync_to_async(server[0].save)(update_fields=["name"])
        expired = await mcp.post(PING)
        answers = {(each.status_code, each.content) for each in (unknown, garbled, paused, expired)}
        assert len(answers) == 1
        assert unknown.status_code == 404
        assert unknown.json()["error"]["code"] == -32600

    async def test_a_paused_server_is_refused_at_once_and_served_again_when_resumed(
        self, mcp: McpClient, server: tuple[MCPServer, str]
    ) -> None:
        assert await status(mcp) == 200
        await sync_to_async(pause_server)(server[0], "tests")
        assert await status(mcp) == 404
        await sync_to_async(resume_server)(server[0], "tests")
        assert await status(mcp) == 200

    async def test_a_deleted_server_is_refused_at_once(self, mcp: McpClient, server: tuple[MCPServer, str]) -> None:
        assert await status(mcp) == 200
        await sync_to_async(delete_server)(server[0], "tests")
        assert await status(mcp) == 404

    async def test_rotating_ends_the_old_token_at_once(self, mcp: McpClient, server: tuple[MCPServer, str]) -> None:
        assert await status(mcp) == 200
        fresh = await sync_to_async(rotate_token)(server[0], "tests")
        assert await status(mcp) == 404
        assert await status(McpClient(fresh)) == 200

    async def test_the_token_of_before_works_for_its_grace_period_alone(
        self, mcp: McpClient, server: tuple[MCPServer, str], time_machine: object
    ) -> None:
        fresh = await sync_to_async(rotate_token)(server[0], "tests", grace=timedelta(hours=1))
        assert await status(mcp) == await status(McpClient(fresh)) == 200
        newer = await sync_to_async(rotate_token)(server[0], "tests", grace=timedelta(hours=1))
        assert [await status(McpClient(token)) for token in (mcp.token, fresh, newer)] == [404, 200, 200]
        time_machine.move_to(timezone.now() + timedelta(hours=1, seconds=1))  # type: ignore[attr-defined]
        assert [await status(McpClient(token)) for token in (fresh, newer)] == [404, 200]

    async def test_a_server_is_refused_from_the_second_it_expires_though_nothing_purged_it(
        self, mcp: McpClient, server: tuple[MCPServer, str], time_machine: object
    ) -> None:
        await sync_to_async(change_server)(server[0], "tests", expires_at=timezone.now() + timedelta(minutes=5))
        assert await status(mcp) == 200
        time_machine.move_to(timezone.now() + timedelta(minutes=5, seconds=1))  # type: ignore[attr-defined]
        assert await status(mcp) == 404
        assert await sync_to_async(MCPServer.objects.filter(pk=server[0].pk).exists)()


class TestSecondAuthentication:
    """`require_api_token_auth`."""

    @pytest.fixture
    def guarded(self, transactional_db: None, account: IntegratedAccount) -> McpClient:
        _, token = create_server(
            account, "tests", name="Guarded", methods=["read"], tags=[], require_api_token_auth=True
        )
        return McpClient(token)

    def issue(self, environment: Environment) -> tuple[ApiToken, str]:
        return ApiToken.objects.issue(environment=environment, name="second", role=Role.VIEWER, owner=None)

    async def test_without_a_token_it_is_a_401_that_says_what_to_send(self, guarded: McpClient) -> None:
        response = await guarded.post(PING)
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Bearer")

    async def test_a_token_of_the_environment_opens_it(self, guarded: McpClient, environment: Environment) -> None:
        _, value = await sync_to_async(self.issue)(environment)
        assert (await guarded.post(PING, {"Authorization": f"Bearer {value}"})).status_code == 200

    async def test_a_token_of_another_environment_does_not(self, guarded: McpClient) -> None:
        elsewhere = await Environment.objects.acreate(name="Elsewhere")
        _, value = await sync_to_async(self.issue)(elsewhere)
        assert (await guarded.post(PING, {"Authorization": f"Bearer {value}"})).status_code == 401

    @pytest.mark.parametrize("authorization", ["Bearer ", "Basic abc", "Bearer pbapi_" + "0" * 49, "nonsense"])
    async def test_anything_else_does_not(self, guarded: McpClient, authorization: str) -> None:
        assert (await guarded.post(PING, {"Authorization": authorization})).status_code == 401

    async def test_a_revoked_token_is_refused_at_once(self, guarded: McpClient, environment: Environment) -> None:
        row, value = await sync_to_async(self.issue)(environment)
        headers: dict[str, str | None] = {"Authorization": f"Bearer {value}"}
        assert (await guarded.post(PING, headers)).status_code == 200
        await sync_to_async(revoke_token)(row, "tests")
        assert (await guarded.post(PING, headers)).status_code == 401

    async def test_a_personal_token_ends_with_its_owners_membership_at_once(
        self, guarded: McpClient, environment: Environment, people: People
    ) -> None:
        _, value = await sync_to_async(issue_token)(environment, people.teammate, name="t", role=Role.VIEWER)
        headers: dict[str, str | None] = {"Authorization": f"Bearer {value}"}
        assert (await guarded.post(PING, headers)).status_code == 200
        membership = await Membership.objects.select_related("user", "environment").aget(user=people.teammate)
        await sync_to_async(remove_member)(membership, "tests")
        assert (await guarded.post(PING, headers)).status_code == 401

    async def test_a_process_that_hears_nothing_asks_again_after_a_second(
        self, environment: Environment, people: People, transactional_db: None
    ) -> None:
        _, value = await sync_to_async(issue_token)(environment, people.teammate, name="t", role=Role.VIEWER)
        seconds = [0.0]
        elsewhere = FreshCache(api_tokens._load, clock=lambda: seconds[0])
        assert await elsewhere.get((value, "")) is not None
        await User.objects.filter(pk=people.teammate.pk).aupdate(is_active=False)
        seconds[0] = FRESH_SECONDS
        assert await elsewhere.get((value, "")) is None
