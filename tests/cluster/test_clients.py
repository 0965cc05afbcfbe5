"""The official clients through the proxy, which sends each request to whichever replica is free."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from mcp import Client, ClientSession
from mcp.client.sse import sse_client

from tests.cluster.copies import REPLICAS, Cluster, Desk
from tests.cluster.load import DEPARTMENTS, call_body
from tests.cluster.services import wait_for

pytestmark = pytest.mark.cluster

CALLS = 30


def check(result: Any, desk: Desk) -> None:
    names = [row["name"] for row in json.loads(result.content[0].text)["result"]]
    assert f"Only at {desk.name}" in names
    assert sum(name.startswith("Only at") for name in names) == 1


def served(cluster: Cluster, words: str) -> list[int]:
    """Return how many requests of a kind each replica has answered."""
    return [sum(words in line for line in replica.output) for replica in cluster.replicas]


@pytest.mark.parametrize("mode", ["auto", "legacy", "2026-07-28"])
async def test_the_official_client_calls_without_sticky_sessions(cluster: Cluster, mode: str) -> None:
    before = served(cluster, "POST /mcp/")
    for desk in cluster.desks:
        async with Client(cluster.mcp(desk.token), mode=mode) as client:
            for _ in range(CALLS):
                check(await client.call_tool(DEPARTMENTS, {"limit": 50}), desk)
            assert len((await client.list_tools()).tools) == 44 + len(("search", "fetch"))
    after = served(cluster, "POST /mcp/")
    assert all(now > then for now, then in zip(after, before, strict=True))


async def test_the_old_transport_works_although_stream_and_posts_meet_different_replicas(cluster: Cluster) -> None:
    desk = cluster.desks[0]
    before = served(cluster, "/messages")
    async with sse_client(f"{cluster.mcp(desk.token)}/sse") as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        assert len((await session.list_tools()).tools) == 44 + len(("search", "fetch"))
        for _ in range(CALLS):
            check(await session.call_tool(DEPARTMENTS, {"limit": 50}), desk)
    after = served(cluster, "/messages")
    assert sum(now > then for now, then in zip(after, before, strict=True)) >= 2


@pytest.mark.parametrize("stream_at", range(REPLICAS))
def test_an_answer_finds_its_stream_from_every_replica(cluster: Cluster, stream_at: int) -> None:
    token = cluster.desks[0].token
    with httpx.Client(timeout=20) as client, client.stream("GET", f"{cluster.mcp(token, stream_at)}/sse") as stream:
        data = (line.removeprefix("data: ") for line in stream.iter_lines() if line.startswith("data: "))
        path = next(data)
        for replica in range(REPLICAS):
            ping = {"jsonrpc": "2.0", "id": replica, "method": "ping"}
            assert client.post(cluster.at(replica) + path, json=ping).status_code == 202
            assert json.loads(next(data)) == {"jsonrpc": "2.0", "id": replica, "result": {}}


@pytest.mark.parametrize("replica", range(REPLICAS))
def test_what_a_session_agreed_on_holds_at_every_replica(cluster: Cluster, replica: int) -> None:
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    token = cluster.desks[0].token
    with httpx.Client(timeout=20) as client, client.stream("GET", f"{cluster.mcp(token, 0)}/sse") as stream:
        data = (line.removeprefix("data: ") for line in stream.iter_lines() if line.startswith("data: "))
        path = next(data)
        client.post(cluster.at(1) + path, json={"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello})
        next(data)
        client.post(cluster.at(replica) + path, json={"jsonrpc": "2.0", "id": 2, "method": "tools/list"})
        assert any("outputSchema" in tool for tool in json.loads(next(data))["result"]["tools"])


def test_a_client_that_one_replica_met_is_known_at_each(cluster: Cluster) -> None:
    token, agent = cluster.desks[0].token, {"User-Agent": "roaming-http/7"}
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "roamer", "version": "1"}}
    first = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
    httpx.post(cluster.mcp(token, 0), json=first, headers=agent, timeout=20)
    named = "SELECT count(*) FROM tools_call WHERE client = %s AND framework = %s"
    for replica in range(REPLICAS):
        before = cluster.query(named, "roamer 1", "roaming-http 7")[0][0]

        def is_named(replica: int = replica, before: int = before) -> bool:
            # Again each time: replicas hear of the client a moment after it was met.
            headers = {**agent, "MCP-Protocol-Version": "2025-11-25"}
            httpx.post(
                cluster.mcp(token, replica), json=call_body(DEPARTMENTS, {"limit": 1}), headers=headers, timeout=20
            )
            return bool(cluster.query(named, "roamer 1", "roaming-http 7")[0][0] > before)

        wait_for(is_named, 20, f"calls at replica {replica} to bear their client's name")


def test_a_call_is_cancelled_from_another_replica_than_the_one_that_runs_it(cluster: Cluster) -> None:
    desk = cluster.desks[0]
    control = f"{desk.simulator}/_control"
    before = httpx.get(control).json()["requests"]
    httpx.post(control, json={"latency_ms": 5000})
    call = call_body(DEPARTMENTS, {"limit": 50})
    cancelling = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": call["id"]}}
    try:
        with ThreadPoolExecutor(1) as threads:
            answering = threads.submit(httpx.post, cluster.mcp(desk.token, 0), json=call, timeout=20)
            wait_for(lambda: httpx.get(control).json()["requests"] > before, 20, "the call to reach the vendor")
            assert httpx.post(cluster.mcp(desk.token, 1), json=cancelling).status_code == 202
            assert (answering.result().status_code, answering.result().content) == (202, b"")
    finally:
        # No reset, which would take the desk's own department from the other tests.
        httpx.post(control, json={"latency_ms": 0})
