"""Streams over real sockets: server streams, subscriptions, the old HTTP+SSE transport, calls that run long."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import httpx
import pytest
from mcp import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import Implementation

from tests.e2e.streams import LISTEN, LISTEN_HEADERS, META, STATELESS, Events, opened
from tests.stack import Stack

pytestmark = pytest.mark.e2e


def rest(demo: dict[str, Any], method: str, path: str, **options: Any) -> httpx.Response:
    account = f"{demo['dashboard_url']}/integrated-account/{demo['integrated_account_id']}"
    return httpx.request(
        method, account + path, headers={"Authorization": f"Bearer {demo['api_token']}"}, timeout=20, **options
    )


def server_path(demo: dict[str, Any]) -> str:
    return f"/mcp/{demo['mcp_server_id']}"


def test_a_server_stream_carries_list_changes_and_ends_when_the_server_is_deleted(demo: dict[str, Any]) -> None:
    with opened("GET", demo["mcp_url"], headers={"Accept": "text/event-stream"}) as events:
        assert rest(demo, "PATCH", server_path(demo), json={"config": {"methods": ["read"]}}).status_code == 200
        assert events.next() == {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
        assert rest(demo, "DELETE", server_path(demo)).status_code == 204
        assert events.at_end()
    assert httpx.get(demo["mcp_url"], headers={"Accept": "text/event-stream"}).status_code == 404


def test_a_change_that_no_client_sees_sends_nothing(demo: dict[str, Any]) -> None:
    with opened("GET", demo["mcp_url"], headers={"Accept": "text/event-stream"}) as events:
        assert rest(demo, "PATCH", server_path(demo), json={"name": "Renamed"}).status_code == 200
        assert rest(demo, "POST", f"{server_path(demo)}/pause").status_code == 200
        assert events.at_end()


def test_a_subscription_is_acknowledged_told_of_changes_and_answered_when_it_ends(demo: dict[str, Any]) -> None:
    with opened("POST", demo["mcp_url"], json=LISTEN, headers=LISTEN_HEADERS) as events:
        acknowledged = events.next()
        assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
        assert acknowledged["params"]["notifications"] == {"toolsListChanged": True, "resourcesListChanged": True}
        assert rest(demo, "PATCH", server_path(demo), json={"config": {"tags": ["crm"]}}).status_code == 200
        # The prompts changed too, of which this client did not ask to hear.
        for kind in ("tools", "resources"):
            changed = events.next()
            assert changed["method"] == f"notifications/{kind}/list_changed"
            assert changed["params"]["_meta"] == {"io.modelcontextprotocol/subscriptionId": "sub-1"}
        rest(demo, "DELETE", server_path(demo))
        farewell = events.next()
        assert (farewell["id"], farewell["result"]["resultType"]) == ("sub-1", "complete")


def test_a_subscription_without_its_filter_is_invalid_params(demo: dict[str, Any]) -> None:
    body = {**LISTEN, "params": {"_meta": META}}
    response = httpx.post(demo["mcp_url"], json=body, headers=LISTEN_HEADERS)
    assert response.json()["error"]["code"] == -32602


def test_in_the_stateless_era_there_is_no_stream_on_get(demo: dict[str, Any]) -> None:
    headers = {"Accept": "text/event-stream", "MCP-Protocol-Version": STATELESS}
    assert httpx.get(demo["mcp_url"], headers=headers).status_code == 405


async def test_the_official_client_of_the_old_transport_works(demo: dict[str, Any]) -> None:
    async with sse_client(f"{demo['mcp_url']}/sse") as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        assert len((await session.list_tools()).tools) == 44 + len(("search", "fetch"))
        result = await session.call_tool("list_all_fuse_desk_contacts", {"search": "jane.doe@example.com"})
        assert "jane.doe@example.com" in result.content[0].text  # type: ignore[union-attr]


async def test_a_session_of_the_old_transport_keeps_the_revision_and_client_that_it_agreed_on(
    stack: Stack, demo: dict[str, Any]
) -> None:
    wrong = {"caseid": "89102"}
    client = Implementation(name="agent", version="3")
    async with (
        sse_client(f"{demo['mcp_url']}/sse") as (read, write),
        ClientSession(read, write, client_info=client) as session,
    ):
        await session.initialize()
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        assert tools["list_all_fuse_desk_reps"].output_schema
        reps = await session.call_tool("list_all_fuse_desk_reps", {})
        assert reps.structured_content
        failed = await session.call_tool("get_single_fuse_desk_case_by_id", wrong)
        assert failed.is_error
    server = demo["mcp_server_id"].replace("-", "")
    noted = "SELECT DISTINCT client, transport, revision FROM tools_call WHERE server_id = ?"
    stack.wait_until(lambda: stack.query(noted, server) == [("agent 3", "sse", "2025-11-25")])


@pytest.mark.parametrize(
    ("asked", "header", "structured"),
    [
        ("2025-11-25", None, True),
        ("2025-03-26", None, False),
        ("2024-11-05", None, False),
        ("2030-01-01", None, True),
        ("2025-03-26", "2025-06-18", True),
        (5, None, False),
    ],
)
def test_each_revision_of_a_session_holds_until_a_header_names_another(
    demo: dict[str, Any], asked: object, header: str | None, structured: bool
) -> None:
    headers = {"MCP-Protocol-Version": header} if header else {}
    hello = {"protocolVersion": asked, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    with legacy_session(demo) as (events, post):
        post({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello})
        assert ("error" in events.next()) == (asked == 5)
        post({"jsonrpc": "2.0", "method": "notifications/initialized", "params": None, "id": None})
        post({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}, headers)
        tools = events.next()["result"]["tools"]
        assert any("outputSchema" in tool for tool in tools) == structured


@pytest.mark.parametrize("has_own_session", [True, False])
def test_a_call_over_the_old_transport_is_cancelled_by_its_own_session_alone(
    stack: Stack, demo: dict[str, Any], slow: str, has_own_session: bool
) -> None:
    cancelling = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 9}}
    with legacy_session(demo) as (events, post), legacy_session(demo) as (_, post_elsewhere):
        post(call())
        stack.wait_until(lambda: httpx.get(slow).json()["requests"] > 0)
        (post if has_own_session else post_elsewhere)(cancelling)
        post({"jsonrpc": "2.0", "id": 10, "method": "ping"})
        assert events.next()["id"] == 10
        if not has_own_session:
            assert events.next()["id"] == 9
    stack.wait_until(lambda: outcomes(stack, demo) == ["cancelled" if has_own_session else "ok"])


@contextmanager
def legacy_session(demo: dict[str, Any]) -> Iterator[tuple[Events, Callable[..., None]]]:
    """Open a session of the old transport; yield its stream, and a function that posts to it."""
    with opened("GET", f"{demo['mcp_url']}/sse") as events:
        address = demo["dashboard_url"] + events.next_text()

        def post(body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
            assert httpx.post(address, json=body, headers=headers).status_code == 202

        yield events, post


async def test_search_mode_is_announced_and_works_over_the_old_transport(demo: dict[str, Any]) -> None:
    with opened("GET", demo["mcp_url"], headers={"Accept": "text/event-stream"}) as events:
        assert rest(demo, "PATCH", server_path(demo), json={"config": {"search_mode": True}}).status_code == 200
        assert events.next() == {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
    async with sse_client(f"{demo['mcp_url']}/sse") as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        assert len((await session.list_tools()).tools) == 3 + len(("search", "fetch"))
        contacts = {"name": "list_all_fuse_desk_contacts", "arguments": {"search": "jane.doe@example.com"}}
        result = await session.call_tool("call_read_tool", contacts)
        assert "jane.doe@example.com" in result.content[0].text  # type: ignore[union-attr]


def test_a_post_for_a_stream_that_is_gone_is_not_found(demo: dict[str, Any]) -> None:
    with httpx.Client(timeout=20) as client, client.stream("GET", f"{demo['mcp_url']}/sse") as response:
        lines = response.iter_lines()
        assert next(lines) == "event: endpoint"
        path = next(lines).removeprefix("data: ")
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        assert client.post(demo["dashboard_url"] + path, json=ping).status_code == 202
        assert next(line for line in lines if line.startswith("data: ")) == 'data: {"jsonrpc":"2.0","id":1,"result":{}}'
        other = path.replace(demo["mcp_url"].rpartition("/")[2], demo["mcp_url"].rpartition("/")[2][:-1] + "_")
        assert client.post(demo["dashboard_url"] + other, json=ping).status_code == 404
    gone = demo["dashboard_url"] + path
    statuses = (httpx.post(gone, json=ping).status_code for _ in range(200))
    assert next(status for status in statuses if status != 202) == 404


@pytest.fixture
def slow(stack: Stack) -> Iterator[str]:
    """A vendor that takes its time with everything."""
    simulator = f"http://127.0.0.1:{stack.simulator_port}/_control"
    httpx.post(simulator, json={"latency_ms": 2500})
    yield simulator
    httpx.post(f"{simulator}/reset")


def call(**meta: Any) -> dict[str, Any]:
    params = {"name": "list_all_fuse_desk_reps", "arguments": {}, "_meta": meta}
    return {"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": params}


def test_a_call_that_runs_long_streams_progress_then_its_result(demo: dict[str, Any], slow: str) -> None:
    with opened(
        "POST", demo["mcp_url"], json=call(progressToken="p1"), headers={"Accept": "text/event-stream"}
    ) as events:
        progress = events.next()
        assert progress["method"] == "notifications/progress"
        assert progress["params"]["progressToken"] == "p1"
        answer = events.next()
        assert (answer["id"], answer["result"]["isError"]) == (9, False)


def test_a_client_that_takes_json_alone_waits_for_its_answer(demo: dict[str, Any], slow: str) -> None:
    response = httpx.post(demo["mcp_url"], json=call(), headers={"Accept": "application/json"}, timeout=20)
    assert response.json()["result"]["isError"] is False


def outcomes(stack: Stack, demo: dict[str, Any]) -> list[str]:
    rows = stack.query("SELECT outcome FROM tools_call WHERE server_id = ?", demo["mcp_server_id"].replace("-", ""))
    return [outcome for (outcome,) in rows]


@pytest.mark.parametrize("is_old", [True, False])
async def test_a_call_that_the_official_client_abandons_is_cancelled(
    stack: Stack, demo: dict[str, Any], slow: str, is_old: bool
) -> None:
    url = demo["mcp_url"]
    async with AsyncExitStack() as opened:
        streams = await opened.enter_async_context(sse_client(f"{url}/sse") if is_old else streamable_http_client(url))
        session = await opened.enter_async_context(ClientSession(*streams))
        await session.initialize()
        before = httpx.get(slow).json()["requests"]
        calling = asyncio.create_task(session.call_tool("list_all_fuse_desk_reps", {}))
        await asyncio.to_thread(stack.wait_until, lambda: httpx.get(slow).json()["requests"] > before)
        calling.cancel()
        await asyncio.to_thread(stack.wait_until, lambda: outcomes(stack, demo) == ["cancelled"])
        assert await session.send_ping()


@pytest.mark.parametrize(("stateless", "outcome"), [(True, "cancelled"), (False, "ok")])
def test_a_disconnect_cancels_a_call_in_the_stateless_era_and_not_before_it(
    stack: Stack, demo: dict[str, Any], slow: str, stateless: bool, outcome: str
) -> None:
    headers = {"Accept": "application/json, text/event-stream"}
    if stateless:
        headers |= {
            "MCP-Protocol-Version": STATELESS,
            "Mcp-Method": "tools/call",
            "Mcp-Name": "list_all_fuse_desk_reps",
        }
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(demo["mcp_url"], json=call(**(META if stateless else {})), headers=headers, timeout=0.4)
    stack.wait_until(lambda: outcomes(stack, demo) == [outcome])
