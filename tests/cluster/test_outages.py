"""Redis and PostgreSQL that go away for seconds, and come back, while clients call."""

import time
from functools import partial

import httpx
import pytest
from mcp import ClientSession
from mcp.client.sse import sse_client
from redis import Redis

from accounts.broadcast import GROUP
from accounts.texts.counting import counted
from tests.cluster.copies import REPLICAS, Cluster
from tests.cluster.listing import LIST, server_path
from tests.cluster.load import DEPARTMENTS, under_load
from tests.cluster.probing import HANGS_SECONDS
from tests.cluster.services import wait_for
from tests.cluster.watching import Watched

pytestmark = pytest.mark.cluster

RECOVERY_SECONDS = 5.0
DOWN_SECONDS = 4.0
# Without the channel layer, other replicas find a change by looking once a second.
LOOKED_SECONDS = 2.0
# Where the channel layer has what `accounts/broadcast.py` sends.
CHANGES = f"asgi__group__{GROUP}"


async def old_transport_works(cluster: Cluster) -> bool:
    try:
        async with (
            sse_client(f"{cluster.mcp(cluster.desks[0].token)}/sse", timeout=2, sse_read_timeout=2) as (read, write),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return not (await session.call_tool(DEPARTMENTS, {"limit": 50})).is_error
    except Exception:  # whatever fails while a service is down counts as no
        return False


def test_without_redis_calls_go_on_and_changes_are_still_found_within_two_seconds(cluster: Cluster) -> None:
    desk = cluster.desks[0]
    server = cluster.new_server(desk)
    streams = [Watched(cluster.mcp(server["token"], replica), False) for replica in range(REPLICAS)]
    with under_load(cluster) as load:
        cluster.redis.stop()
        stopped = time.monotonic()
        cluster.rest(desk.api_token, "PATCH", server_path(desk, server), 0, json={"config": {"methods": ["read"]}})
        took = time.monotonic() - stopped
        for stream in streams:
            stream.until_changes(1, LOOKED_SECONDS)
        asked = time.monotonic()
        cluster.rest(desk.api_token, "DELETE", server_path(desk, server), 1)
        deleting = time.monotonic() - asked
        for stream in streams:
            stream.until_ended(LOOKED_SECONDS)
        assert httpx.post(cluster.mcp(server["token"], 2), json=LIST).status_code == 404
        load.slowest = 0.0
        asked = time.monotonic()
        # The old transport needs Redis: it fails, and must not keep others waiting.
        refused = httpx.get(f"{cluster.mcp(desk.token)}/sse", timeout=20)
        check_old_transport_refused(refused)
        failing = time.monotonic() - asked
        wait_for(lambda: time.monotonic() > stopped + DOWN_SECONDS, DOWN_SECONDS + 1, "the time without Redis")
        load.more(50)
        assert load.failures == []
    cluster.figures.append(
        f"Redis down: no call failed, the slowest took {load.slowest:.2f} s; a PATCH took {took:.2f} s, "
        f"a DELETE {deleting:.2f} s, to refuse the old transport {failing:.2f} s"
    )
    assert max(took, deleting) < 1.0
    assert load.slowest < 2.0


def check_old_transport_refused(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "use Streamable HTTP: the same URL without /sse" in answer.json()["error"]["message"]


def test_a_silent_redis_holds_up_nobody_and_is_told_in_a_few_lines(cluster: Cluster) -> None:
    """Everything that it acknowledges, it leaves unanswered."""
    desk = cluster.desks[0]
    server = cluster.new_server(desk)
    posted = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    with (
        under_load(cluster) as load,
        httpx.Client(timeout=HANGS_SECONDS) as client,
        client.stream("GET", f"{cluster.mcp(desk.token, 2)}/sse") as stream,
    ):
        path = next(line.removeprefix("data: ") for line in stream.iter_lines() if line.startswith("data: "))
        printed = len(cluster.replicas[2].output)
        with cluster.redis.silent():
            load.slowest = 0.0
            for _ in range(3):
                check_old_transport_refused(client.get(f"{cluster.mcp(desk.token, 2)}/sse"))
                check_old_transport_refused(client.post(cluster.at(2) + path, json=posted))
            cluster.rest(desk.api_token, "DELETE", server_path(desk, server), 1)
            assert client.post(cluster.mcp(server["token"], 1), json=LIST).status_code == 404
            wait_for(lambda: is_refused(cluster, server["token"], 2), HANGS_SECONDS, "a change that is found")
            load.more(50)
        load.more(50)
        assert load.failures == []
    lines = [line for line in cluster.replicas[2].output[printed:] if "patchbay.access" not in line]
    assert not any("Traceback" in line for line in lines), "".join(lines)
    assert len([line for line in lines if "old_transport_down" in line]) == 1
    cluster.figures.append(f"Redis silent: no call failed, the slowest took {load.slowest:.2f} s")


def is_refused(cluster: Cluster, token: str, replica: int) -> bool:
    return httpx.post(cluster.mcp(token, replica), json=LIST).status_code == 404


async def test_after_redis_comes_back_changes_and_the_old_transport_work_again(cluster: Cluster) -> None:
    desk = cluster.desks[1]
    server = cluster.new_server(desk)
    before = [Watched(cluster.mcp(server["token"], replica), True) for replica in range(REPLICAS)]
    cluster.redis.stop()
    wait_for(lambda: not any(map(partial(has_layer, cluster), range(REPLICAS))), HANGS_SECONDS, "all without Redis")
    cluster.redis.start()
    back = time.monotonic()
    while not await old_transport_works(cluster):
        assert time.monotonic() - back < HANGS_SECONDS
    old = time.monotonic() - back
    with Redis.from_url(cluster.redis.url) as redis:
        wait_for(lambda: redis.pubsub_numsub(CHANGES)[0][1] == REPLICAS, HANGS_SECONDS, "replicas that listen again")
        for replica in range(REPLICAS):
            check_told(cluster, redis, replica)
    heard = time.monotonic() - back
    cluster.figures.append(f"Redis back: old transport after {old:.2f} s, changes over the layer after {heard:.2f} s")
    cluster.rest(desk.api_token, "DELETE", server_path(desk, server), 2)
    for stream in before:
        stream.until_ended(HANGS_SECONDS)


def has_layer(cluster: Cluster, replica: int) -> bool:
    """Tell whether a replica finds that it can send changes to others."""
    answer = httpx.get(f"{cluster.at(replica)}/readyz", timeout=HANGS_SECONDS)
    return bool(answer.json()["parts"]["layer"] == "ok")


def check_told(cluster: Cluster, redis: Redis, replica: int) -> None:
    """Check that a replica sends a change over the layer, which all hear that listen there."""
    desk = cluster.desks[1]
    server = cluster.new_server(desk)
    with redis.pubsub() as listening:  # type: ignore[no-untyped-call]  # redis has no types for it
        listening.subscribe(CHANGES)
        # The first message says that listening has begun.
        assert listening.get_message(timeout=HANGS_SECONDS)
        cluster.rest(desk.api_token, "DELETE", server_path(desk, server), replica)
        wait_for(
            lambda: listening.get_message() is not None, HANGS_SECONDS, f"replica {replica} that tells of a change"
        )


@pytest.mark.parametrize(("how", "seconds"), [("fast", 10.0), ("immediate", DOWN_SECONDS)])
def test_after_postgresql_comes_back_everything_works_and_no_write_is_unaccounted_for(
    cluster: Cluster, how: str, seconds: float
) -> None:
    with under_load(cluster) as load:
        cluster.postgres.stop(how)
        stopped = time.monotonic()
        wait_for(lambda: time.monotonic() > stopped + seconds, seconds + 1, "the time without PostgreSQL")
        cluster.postgres.start()
        back = time.monotonic()
        for number in range(REPLICAS):
            wait_for(lambda number=number: cluster.ready(number), 15, f"replica {number}")  # type: ignore[misc]
        ready = time.monotonic() - back
        load.more(50)
        wait_for(lambda: time.monotonic() > back + RECOVERY_SECONDS, RECOVERY_SECONDS + 1, "the time to recover")
        load.more(200)
        last = load.last_failure_after(back)
        rest_began = time.monotonic()
        for replica in range(REPLICAS):
            cluster.rest(cluster.desks[0].api_token, "GET", "/integrated-account", replica)
        rest = time.monotonic() - rest_began
    cluster.figures.append(
        f"PostgreSQL back ({how}): ready after {ready:.2f} s, last failure after {last:.2f} s, REST {rest:.2f} s, "
        f"{counted(len(load.failures), 'call')} failed"
    )
    assert ready < RECOVERY_SECONDS
    assert last < RECOVERY_SECONDS
