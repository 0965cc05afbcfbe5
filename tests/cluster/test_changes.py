"""What is done at one replica, and when the others know."""

import threading
import time

import httpx
import pytest

from tests.cluster.copies import REPLICAS, Cluster
from tests.cluster.listing import LIST, listed, server_path
from tests.cluster.services import wait_for
from tests.cluster.watching import Watched

pytestmark = pytest.mark.cluster

REFUSED_SECONDS = 0.1
HEARD_SECONDS = 1.0


def streams_everywhere(cluster: Cluster, token: str) -> list[Watched]:
    """Open a stream of both eras at each replica."""
    return [Watched(cluster.mcp(token, replica), kind) for replica in range(REPLICAS) for kind in (False, True)]


def last_served(cluster: Cluster, token: str, replica: int, until: threading.Event, moments: list[float]) -> None:
    """Ask a replica without pause; note when the last request that was still served had been sent."""
    with httpx.Client(timeout=10) as client:
        while not until.is_set():
            sent = time.monotonic()
            if client.post(cluster.mcp(token, replica), json=LIST).status_code == 200:
                moments[replica] = sent


def test_a_deleted_server_is_refused_and_its_streams_end_at_every_replica(cluster: Cluster) -> None:
    desk, worst_refusal, worst_end = cluster.desks[0], 0.0, 0.0
    for deleting in range(REPLICAS):
        server = cluster.new_server(desk)
        streams = streams_everywhere(cluster, server["token"])
        until, moments = threading.Event(), [0.0] * REPLICAS
        askers = [
            threading.Thread(target=last_served, args=(cluster, server["token"], replica, until, moments))
            for replica in range(REPLICAS)
        ]
        for asker in askers:
            asker.start()
        wait_for(lambda moments=moments: all(moments), 10, "a served request at each replica")  # type: ignore[misc]
        cluster.rest(desk.api_token, "DELETE", server_path(desk, server), deleting)
        deleted = time.monotonic()
        for stream in streams:
            stream.until_ended(2)
        until.set()
        for asker in askers:
            asker.join(20)
        worst_refusal = max(worst_refusal, *(moment - deleted for moment in moments))
        worst_end = max(worst_end, *(float(stream.ended_at or 0) - deleted for stream in streams))
    cluster.figures.append(
        f"deleted: refused everywhere {max(worst_refusal, 0) * 1000:.0f} ms after the answer, "
        f"streams ended within {worst_end * 1000:.0f} ms"
    )
    assert worst_refusal < REFUSED_SECONDS
    assert worst_end < HEARD_SECONDS


def test_a_change_of_filters_reaches_streams_and_lists_at_every_replica(cluster: Cluster) -> None:
    desk, worst = cluster.desks[1], 0.0
    server = cluster.new_server(desk)
    streams = streams_everywhere(cluster, server["token"])
    everything = listed(cluster, server["token"], 0)
    for round_number, methods in enumerate((["read"], [], ["write"])):
        changing = round_number % REPLICAS
        body = {"config": {"methods": methods}}
        cluster.rest(desk.api_token, "PATCH", server_path(desk, server), changing, json=body)
        changed = time.monotonic()
        for stream in streams:
            stream.until_changes(round_number + 1, 2)
            worst = max(worst, stream.changes[-1] - changed)
        lists = [listed(cluster, server["token"], replica) for replica in range(REPLICAS)]
        assert lists[0] == lists[1] == lists[2]
        assert (lists[0] == everything) == (methods == [])
    cluster.rest(desk.api_token, "DELETE", server_path(desk, server))
    for stream in streams:
        stream.until_ended(2)
    cluster.figures.append(f"filters changed: every stream told within {worst * 1000:.0f} ms")
    assert worst < HEARD_SECONDS
    assert [len(stream.changes) for stream in streams] == [3] * len(streams)
