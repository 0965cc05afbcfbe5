"""What one MCP server, API token or person may take: who is refused, with which words, and that all is given back."""

import asyncio
import json
import logging
import os
import random
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from accounts import allowances
from accounts.allowances import Holder, HolderKind, calls, close_counts, count_request, streams
from accounts.errors import AllowanceUsedUp
from accounts.models import ApiToken, IntegratedAccount
from config.asgi import application
from mcpservers.models import MCPServer
from tests.mcp_client import STATELESS, McpClient
from tests.rest import AsyncRest

LIST = "list_all_fuse_desk_reps"
CALL = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": LIST, "arguments": {}}}
PING = {"jsonrpc": "2.0", "id": 7, "method": "ping"}
OWN = "own limit in Patchbay is reached"
# Nothing of this machine listens there.
NO_REDIS = "redis://127.0.0.1:1/0"


def of(server: tuple[MCPServer, str]) -> Holder:
    return Holder(HolderKind.SERVER, server[0].pk)


def words(response: httpx.Response) -> str:
    """Return what a refusal of ours says, over MCP."""
    assert response.status_code == 429, response.text
    body = response.json()
    assert (body["id"], body["error"]["code"]) == (7, -32000)
    said: str = body["error"]["message"]
    assert OWN in said
    return said


async def test_a_call_beyond_the_limit_of_its_server_is_refused_until_another_has_ended(
    mcp: McpClient, server: tuple[MCPServer, str], settings: Settings
) -> None:
    settings.MCP_SERVER_CALLS = 2
    with calls.one(of(server)), calls.one(of(server)):
        refused = await mcp.post(CALL)
        assert words(refused).startswith(f"This MCP server's {OWN}: 2 calls under way. Nothing was sent.")
        assert refused.headers["retry-after"] == "1"
        assert (await mcp.post(PING)).status_code == 200  # what costs nothing goes on
    assert (await mcp.post(CALL)).status_code == 200
    assert len(calls) == 0


async def test_another_server_goes_on(mcp: McpClient, settings: Settings) -> None:
    settings.MCP_SERVER_CALLS = 1
    with calls.one(Holder(HolderKind.SERVER, 1)):
        assert (await mcp.post(CALL)).status_code == 200


async def test_a_call_in_a_batch_is_refused_by_itself(
    mcp: McpClient, server: tuple[MCPServer, str], settings: Settings
) -> None:
    settings.MCP_SERVER_CALLS = 1
    with calls.one(of(server)):
        response = await mcp.at("2025-03-26").post([PING, {**CALL, "id": 8}])
    first, second = response.json()
    assert (first["result"], second["id"]) == ({}, 8)
    assert OWN in second["error"]["message"]


async def test_a_vendors_own_429_is_a_result_and_names_the_vendor(mcp: McpClient, vendor: httpx.Client) -> None:
    vendor.post("/_control", json={"limit": 10, "remaining": 0})
    said = await mcp.failure(LIST)
    assert "FuseDesk's rate limit is reached" in said
    assert "Patchbay" not in said


async def test_a_servers_calls_count_for_its_api_token_too(
    mcp: McpClient, server: tuple[MCPServer, str], admin_token: str, settings: Settings
) -> None:
    settings.API_TOKEN_CALLS = 1
    await MCPServer.objects.filter(pk=server[0].pk).aupdate(require_api_token_auth=True)
    token = await ApiToken.objects.aget()
    with calls.one(Holder(HolderKind.TOKEN, token.pk)):
        response = await mcp.post(CALL, {"Authorization": f"Bearer {admin_token}"})
        assert words(response).startswith(f"This API token's {OWN}: 1 calls under way.")
    assert (await mcp.post(CALL, {"Authorization": f"Bearer {admin_token}"})).status_code == 200


@pytest.mark.django_db(transaction=True)
async def test_over_rest_a_call_beyond_the_limit_of_its_token_is_a_problem(
    account: IntegratedAccount, admin_token: str, settings: Settings, upstream: None
) -> None:
    settings.API_TOKEN_CALLS = 1
    token, rest = await ApiToken.objects.aget(), AsyncRest(admin_token)
    path = f"/integrated-account/{account.pk}/tools/{LIST}"
    with calls.one(Holder(HolderKind.TOKEN, token.pk)):
        refused = await rest.post(path, {})
    problem = refused.json()
    assert (refused.status_code, problem["type"]) == (429, "urn:patchbay:problem:own-limit")
    assert problem["detail"].startswith(f"This API token's {OWN}: 1 calls under way.")
    assert refused["retry-after"] == "1"
    assert (await rest.post(path, {})).status_code == 200
    assert len(calls) == 0


# --- Requests a minute ------------------------------------------------------------------------------------------------


async def test_requests_a_minute_are_not_limited_unless_a_setting_says_so(mcp: McpClient) -> None:
    assert {(await mcp.post(PING)).status_code for _ in range(200)} == {200}


async def test_requests_beyond_the_limit_wait_for_the_next_minute(
    mcp: McpClient, settings: Settings, time_machine: Any
) -> None:
    settings.MCP_SERVER_REQUESTS_PER_MINUTE = 3
    time_machine.move_to("2031-01-01T00:00:20Z", tick=False)
    assert [(await mcp.post(PING)).status_code for _ in range(3)] == [200] * 3
    for body in (PING, CALL):
        refused = await mcp.post(body)
        assert words(refused).startswith(f"This MCP server's {OWN}: 3 requests a minute. Nothing was sent.")
        assert refused.headers["retry-after"] == "41"
    assert (await mcp.post(b"{")).status_code == 429
    assert (await mcp.post(b"", method="GET")).status_code == 429
    time_machine.move_to("2031-01-01T00:01:01Z", tick=False)
    assert (await mcp.post(PING)).status_code == 200


@pytest.mark.django_db(transaction=True)
async def test_over_rest_requests_a_minute_are_limited_by_token_at_every_door(
    account: IntegratedAccount, admin_token: str, settings: Settings, upstream: None, time_machine: Any
) -> None:
    settings.API_TOKEN_REQUESTS_PER_MINUTE = 4
    time_machine.move_to(timezone.now().replace(second=20, microsecond=0), tick=False)
    rest = AsyncRest(admin_token)
    tools = f"/integrated-account/{account.pk}/tools"
    answers = [
        await rest.post(f"{tools}/nothing", {}),
        await rest.get(tools),
        await rest.get("/integrated-account"),
        await rest.get("/documentation"),
    ]
    assert [answer.status_code for answer in answers] == [404, 200, 200, 200]
    for refused in (await rest.post(f"{tools}/nothing", {}), await rest.get(tools), await rest.get("/call")):
        assert (refused.status_code, refused.json()["type"]) == (429, "urn:patchbay:problem:own-limit")
        assert refused["retry-after"] == "41"


async def test_with_redis_requests_are_counted_for_all_processes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allowances, "MINUTE", 86_400)  # or one may end in between
    monkeypatch.setattr(allowances, "ANSWER_SECONDS", 20)  # a busy machine is not what this is about
    settings.REDIS_URL = os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/9"
    try:
        async with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1) as redis:
            await redis.ping()
    except RedisError:
        if os.environ.get("REDIS_URL"):
            raise
        pytest.skip(
            f"Redis does not answer at {settings.REDIS_URL}: start it (Debian: apt-get install redis-server), or name "
            "another in REDIS_URL"
        )
    settings.MCP_SERVER_REQUESTS_PER_MINUTE = 10
    holder = Holder(HolderKind.SERVER, random.getrandbits(60))
    outcomes = await asyncio.gather(*(count_request(holder) for _ in range(25)), return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 10
    await close_counts()


async def test_a_redis_that_is_down_refuses_nobody_and_is_logged_once(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    await close_counts()
    settings.REDIS_URL = NO_REDIS
    settings.MCP_SERVER_REQUESTS_PER_MINUTE = 1
    with caplog.at_level(logging.WARNING, "accounts.allowances"):
        for _ in range(20):
            await count_request(Holder(HolderKind.SERVER, 5))
    assert [record.getMessage() for record in caplog.records] == [
        "requests a minute are not limited at present, Redis is down: ConnectionError"
    ]
    await close_counts()


# --- Streams ----------------------------------------------------------------------------------------------------------


class Opened:
    """A stream over ASGI, whose end the test decides."""

    def __init__(self, token: str, suffix: str = "", body: bytes = b"", **headers: str) -> None:
        named = {"host": "localhost", "accept": "text/event-stream", "content-type": "application/json", **headers}
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": "POST" if body else "GET",
            "path": f"/mcp/{token}{suffix}",
            "query_string": b"",
            "http_version": "1.1",
            "scheme": "http",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items()],
        }
        self.status, self.body = 0, b""
        self.is_broken = False
        self.sending: Callable[[MutableMapping[str, Any]], Awaitable[None]] | None = None
        self.begun = asyncio.Event()
        self.coming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.coming.put_nowait({"type": "http.request", "body": body, "more_body": False})
        self.task = asyncio.ensure_future(application(self.scope, self.coming.get, self._send))
        self.task.add_done_callback(lambda _: self.begun.set())

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if self.is_broken:
            raise OSError("the connection broke")
        if self.sending is not None:
            await self.sending(message)
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")
        if self.body:
            self.begun.set()

    async def end(self, how: str) -> None:
        """End it as a client, a network or a process does."""
        match how:
            case "cancel":
                self.task.cancel()
            case "break":
                self.is_broken = True
                self.coming.put_nowait({"type": "http.disconnect"})
            case _:
                self.coming.put_nowait({"type": "http.disconnect"})
        await asyncio.gather(self.task, return_exceptions=True)


def listen(token: str) -> Opened:
    meta = {"io.modelcontextprotocol/protocolVersion": STATELESS, "io.modelcontextprotocol/clientCapabilities": {}}
    params = {"_meta": meta, "notifications": {"toolsListChanged": True}}
    body = json.dumps({"jsonrpc": "2.0", "id": 7, "method": "subscriptions/listen", "params": params}).encode()
    return Opened(token, body=body, mcp_protocol_version=STATELESS, mcp_method="subscriptions/listen")


def open_one(kind: str, token: str) -> Opened:
    match kind:
        case "subscription":
            return listen(token)
        case "legacy":
            return Opened(token, "/sse")
        case _:
            return Opened(token)


@pytest.mark.parametrize("kind", ["server", "legacy", "subscription"])
async def test_a_stream_too_many_is_refused_until_another_has_ended(
    mcp: McpClient, settings: Settings, kind: str
) -> None:
    settings.MCP_SERVER_STREAMS = 2
    held = [open_one(kind, mcp.token) for _ in range(2)]
    for each in held:
        await each.begun.wait()
        assert each.status == 200
    refused = open_one(kind, mcp.token)
    await refused.task
    error = json.loads(refused.body)
    assert (refused.status, error.get("id")) == (429, 7 if kind == "subscription" else None)
    assert error["error"]["message"].startswith(f"This MCP server's {OWN}: 2 streams open. Close one")
    await held.pop().end("disconnect")
    again = open_one(kind, mcp.token)
    await again.begun.wait()
    assert again.status == 200
    for each in (*held, again):
        await each.end("disconnect")
    assert len(streams) == 0


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_was_opened_and_however_it_ended_nothing_stays_taken(
    mcp: McpClient, settings: Settings, seed: int
) -> None:
    chosen = random.Random(seed)
    settings.MCP_SERVER_STREAMS, settings.MCP_SERVER_CALLS = 6, 3
    held: list[Opened] = []
    calling: list[asyncio.Task[httpx.Response]] = []
    bodies = [CALL, PING, {**CALL, "params": {"name": "nothing"}}, {**CALL, "params": {"name": LIST, "arguments": 1}}]
    for _ in range(40):
        match chosen.choice(["open", "open", "end", "call", "call", "abort"]):
            case "open":
                held.append(open_one(chosen.choice(["server", "legacy", "subscription"]), mcp.token))
                if chosen.random() < 0.7:
                    await held[-1].begun.wait()
            case "end" if held:
                gone = held.pop(chosen.randrange(len(held)))
                await gone.end(chosen.choice(["disconnect", "cancel", "break"]))
            case "call":
                calling.append(asyncio.create_task(mcp.post(chosen.choice(bodies))))
            case "abort" if calling:
                await asyncio.sleep(0)
                calling.pop(chosen.randrange(len(calling))).cancel()
    for each in held:
        await each.end("disconnect")
    outcomes = await asyncio.gather(*calling, return_exceptions=True)
    assert {outcome.status_code for outcome in outcomes if isinstance(outcome, httpx.Response)} <= {200, 429}
    assert (len(streams), len(calls)) == (0, 0)


class TestUnread:
    """A client that takes nothing of what it is sent."""

    async def test_a_stream_is_dropped_when_too_much_waits_for_it(self, mcp: McpClient, settings: Settings) -> None:
        settings.STREAM_WAITING_BYTES = 200_000
        stream, aborted = self.unread(mcp.token)
        await stream.begun.wait()
        path = stream.body.partition(b"data: ")[2].split()[0].decode()
        ping = {"jsonrpc": "2.0", "id": 7, "method": "tools/list"}
        suffix = path.partition(mcp.token)[2]
        client = McpClient(mcp.token, None, suffix)
        self.block(stream)
        statuses = []
        while not aborted.is_set():
            statuses.append((await client.post(ping)).status_code)
            await asyncio.sleep(0)
        assert set(statuses) == {202}
        assert len(statuses) < 150  # those on their way in the channel layer, a hundred at most, come on top
        await stream.end("disconnect")
        assert (await client.post(ping)).status_code == 404
        assert len(streams) == 0

    async def test_a_stream_is_dropped_when_one_piece_waits_too_long(self, mcp: McpClient, settings: Settings) -> None:
        settings.WRITE_SECONDS = 0.05
        stream, aborted = self.unread(mcp.token)
        await stream.begun.wait()
        suffix = stream.body.partition(b"data: ")[2].split()[0].decode().partition(mcp.token)[2]
        self.block(stream)
        await McpClient(mcp.token, None, suffix).post(PING)
        await asyncio.wait_for(aborted.wait(), 10)
        await stream.end("disconnect")
        assert len(streams) == 0

    def unread(self, token: str) -> tuple[Opened, asyncio.Event]:
        """Open a stream on a connection that can be aborted."""
        aborted = asyncio.Event()
        stream = Opened(token, "/sse")
        stream.scope["patchbay.abort"] = aborted.set
        return stream, aborted

    def block(self, stream: Opened) -> None:
        """Let the client take nothing from now on."""

        async def blocked(message: MutableMapping[str, Any]) -> None:
            await asyncio.Event().wait()

        stream.sending = blocked


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [*HolderKind])
def test_each_kind_of_holder_has_its_own_number_of_streams(settings: Settings, kind: HolderKind) -> None:
    settings.MCP_SERVER_STREAMS, settings.API_TOKEN_STREAMS, settings.PERSON_STREAMS = 2, 3, 4
    settings.CONNECTED_PERSON_STREAMS = 5
    most = {HolderKind.SERVER: 2, HolderKind.TOKEN: 3, HolderKind.PERSON: 4, HolderKind.CONNECTED: 5}[kind]
    holder = Holder(kind, 1)
    with ExitStack() as held:
        for _ in range(most):
            held.enter_context(streams.one(holder))
        with pytest.raises(AllowanceUsedUp, match=f"{most} streams open"), streams.one(holder):
            raise AssertionError
        with streams.one(Holder(kind, 2)):
            assert len(streams) == most + 1
    assert len(streams) == 0
