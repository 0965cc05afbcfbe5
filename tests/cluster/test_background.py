"""Worker and beat that are killed, or doubled."""

import signal
import time

import psycopg
import pytest

from tests.cluster.copies import REPLICAS, Cluster
from tests.cluster.load import under_load
from tests.cluster.services import wait_for

pytestmark = pytest.mark.cluster

PURGE_SECONDS = 20.0
# The cluster has a mark each second.
DEAD_SECONDS = 10.0
TRACES = "SELECT target_id::text FROM accounts_auditentry WHERE action = 'mcp_server.expired'"


def expire(cluster: Cluster, count: int) -> set[str]:
    """Make servers whose time is over."""
    ids = {str(cluster.new_server(cluster.desks[0])["id"]) for _ in range(count)}
    cluster.query(
        "UPDATE mcpservers_mcpserver SET expires_at = now() - interval '1 second' WHERE id = ANY(%s::uuid[])"
        " RETURNING 1",
        list(ids),
    )
    return ids


def traces(cluster: Cluster, ids: set[str]) -> list[str]:
    return sorted(target for (target,) in cluster.query(TRACES) if target in ids)


def wait_purged(cluster: Cluster, ids: set[str]) -> float:
    return wait_for(lambda: set(traces(cluster, ids)) == ids, PURGE_SECONDS, "the purge")


def test_a_killed_worker_is_not_missed_and_purges_once_it_is_back(cluster: Cluster) -> None:
    with under_load(cluster) as load:
        cluster.background.end(cluster.worker, signal.SIGKILL)
        ids = expire(cluster, 3)
        load.more(100)
        assert traces(cluster, ids) == []
        cluster.worker = cluster.start_worker()
        took = wait_purged(cluster, ids)
        assert load.failures == []
    cluster.figures.append(f"worker killed: purged {took:.2f} s after a new one started")


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_one_that_is_dead_is_seen_by_every_replica_and_gone_once_it_is_back(cluster: Cluster, name: str) -> None:
    wait_for(lambda: silence(cluster) < DEAD_SECONDS, PURGE_SECONDS, "the mark of both")
    cluster.background.end(getattr(cluster, name), signal.SIGKILL)
    wait_for(lambda: silence(cluster) > DEAD_SECONDS, 2 * PURGE_SECONDS, f"the silence of the {name}")
    queued = cluster.figure("patchbay_celery_queue", 0)
    assert (queued > 0) == (name == "worker")
    cluster.mend()
    back = wait_for(lambda: silence(cluster) < DEAD_SECONDS, PURGE_SECONDS, "the mark of both again")
    cluster.figures.append(f"{name} killed: seen by every replica, and gone {back:.2f} s after a new one started")


def silence(cluster: Cluster) -> float:
    """Return the age of the mark that beat and worker leave, as the replica says that knows least."""
    return max(cluster.figure("patchbay_last_beat_seconds", replica) for replica in range(REPLICAS))


def test_two_beats_purge_each_server_once(cluster: Cluster) -> None:
    second = cluster.start_beat("second-beat")
    try:
        ids: set[str] = set()
        for _ in range(3):
            batch = expire(cluster, 10)
            wait_purged(cluster, batch)
            ids |= batch
    finally:
        cluster.background.end(second)
    assert traces(cluster, ids) == sorted(ids)


def test_the_worker_purges_again_after_redis_and_postgresql_were_restarted(cluster: Cluster) -> None:
    cluster.redis.stop()
    cluster.postgres.stop()
    stopped = time.monotonic()
    wait_for(lambda: time.monotonic() > stopped + 2, 3, "the time without both")
    cluster.postgres.start()
    cluster.redis.start()
    back = time.monotonic()
    cluster.mend()
    ids = expire(cluster, 2)
    wait_purged(cluster, ids)
    cluster.figures.append(f"Redis and PostgreSQL back: purged after {time.monotonic() - back:.2f} s")
    assert traces(cluster, ids) == sorted(ids)


def test_a_worker_that_starts_makes_the_coming_months_of_the_record_without_beat(cluster: Cluster) -> None:
    cluster.background.end(cluster.beat, signal.SIGKILL)
    cluster.background.end(cluster.worker, signal.SIGKILL)
    before = months(cluster)
    with psycopg.connect(cluster.postgres.url) as connection:
        for table in before[-2:]:
            connection.execute(f"DROP TABLE {table}")
    cluster.worker = cluster.start_worker()
    wait_for(lambda: months(cluster) == before, PURGE_SECONDS, "the coming months")
    cluster.mend()


def months(cluster: Cluster) -> list[str]:
    rows = cluster.query("SELECT relname FROM pg_class WHERE relname ~ '^tools_call_\\d{4}_\\d\\d$' ORDER BY 1")
    return [name for (name,) in rows]
