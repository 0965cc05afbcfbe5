"""Processes that are killed or replaced while clients call."""

import signal
import threading
import time
from contextlib import suppress
from typing import Any

import httpx
import pytest

from accounts.texts.counting import counted
from tests.cluster.copies import CASE, REPLICAS, Cluster
from tests.cluster.load import ADD_NOTE, call_body, under_load
from tests.cluster.services import wait_for
from tests.cluster.watching import Watched

pytestmark = pytest.mark.cluster

RECOVERY_SECONDS = 5.0


def test_a_killed_replica_costs_no_more_than_the_calls_it_held(cluster: Cluster) -> None:
    with under_load(cluster) as load:
        killed = time.monotonic()
        cluster.end_replica(0, signal.SIGKILL)
        load.more(200)
        assert load.last_failure_after(killed) < RECOVERY_SECONDS
        lost = len(load.failures)
        assert lost <= 8, load.failures  # one for each client
        cluster.start_replica(0)
        back = time.monotonic()
        served = len(cluster.replicas[0].output)
        cluster.replicas[0].wait_until(lambda: len(cluster.replicas[0].output) > served + 20, RECOVERY_SECONDS)
        took = time.monotonic() - back
        assert load.failed_after(back) == []
    cluster.figures.append(
        f"replica killed: {counted(lost, 'call')} failed; traffic again {took:.2f} s after it was back"
    )


def test_a_rolling_restart_drops_no_call(cluster: Cluster) -> None:
    with under_load(cluster) as load:
        for number in range(REPLICAS):
            began = time.monotonic()
            assert cluster.end_replica(number) in (0, -signal.SIGTERM)
            stopped = time.monotonic() - began
            load.more(50)
            cluster.start_replica(number)
            load.more(50)
            cluster.figures.append(f"rolling restart: replica {number} stopped within {stopped:.2f} s")
        done = load.done
    assert load.failures == []
    cluster.figures.append(f"rolling restart: {counted(done, 'call')}, none dropped")


def test_a_restart_of_all_one_right_after_the_other_drops_no_call_and_ends_streams_in_order(cluster: Cluster) -> None:
    """As a release does it: each process is replaced as soon as the one before it serves again."""
    streams = [Watched(cluster.mcp(cluster.desks[0].token), subscription) for subscription in (False, True) * 3]
    with under_load(cluster, readers=3, writers=3) as load:
        began = time.monotonic()
        for number in range(REPLICAS):
            assert cluster.end_replica(number) == 0
            cluster.start_replica(number)
        took = time.monotonic() - began
        load.more(50)
        for stream in streams:
            stream.until_ended(RECOVERY_SECONDS)
        done = load.done
    assert load.failures == []
    assert [stream.broken for stream in streams if stream.broken] == []
    cluster.figures.append(
        f"all replaced in {took:.1f} s: {counted(done, 'call')}, none dropped; streams ended in order"
    )


def test_a_write_whose_process_is_killed_is_told_as_unknown(cluster: Cluster) -> None:
    desk = cluster.desks[0]
    note = "a note that is on its way when its process is killed"
    body = call_body(ADD_NOTE, {"id": CASE, "note": note})
    httpx.post(f"{desk.simulator}/_control", json={"latency_ms": 3000}).raise_for_status()
    try:
        client = threading.Thread(target=send, args=(cluster.mcp(desk.token, 0), body))
        client.start()
        wait_for(lambda: rows_of(cluster, note) == [("pending", "")], RECOVERY_SECONDS, "the write's row")
        cluster.end_replica(0, signal.SIGKILL)
        client.join()
    finally:
        httpx.post(f"{desk.simulator}/_control", json={"latency_ms": 0}).raise_for_status()
    assert rows_of(cluster, note) == [("pending", "")]
    # Longer ago than any call takes.
    cluster.query(
        "UPDATE tools_call SET started_at = started_at - interval '10 minutes'"
        " WHERE arguments->>'note' = %s RETURNING 1",
        note,
    )
    settled = wait_for(lambda: rows_of(cluster, note)[0][0] == "unknown", 20, "the sweep")
    assert "It is not known whether the vendor did it" in rows_of(cluster, note)[0][1]
    calls = cluster.rest(desk.api_token, "GET", "/call", 1, params={"outcome": "failures"})["result"]
    assert note in [call["arguments"].get("note") for call in calls]
    wait_for(lambda: cluster.figure("patchbay_unknown_writes", 1) >= 1, 10, "the figure of a living replica")
    cluster.figures.append(f"killed in mid-write: told as unknown {settled:.2f} s after it was overdue")


def rows_of(cluster: Cluster, note: str) -> list[tuple[str, str]]:
    return cluster.query("SELECT outcome, error FROM tools_call WHERE arguments->>'note' = %s", note)


def send(url: str, body: dict[str, Any]) -> None:
    """Send a call whose answer never comes."""
    with suppress(httpx.HTTPError):
        httpx.post(url, json=body, timeout=30)
