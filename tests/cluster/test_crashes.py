"""Processes that are killed or replaced while clients call."""

import signal
import time

import pytest

from accounts.texts.counting import counted
from tests.cluster.copies import REPLICAS, Cluster
from tests.cluster.load import under_load

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
