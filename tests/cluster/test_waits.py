"""PostgreSQL that goes silent, or holds a lock for long: what clients are told meanwhile, and what is never sent."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import psycopg
import pytest

from tests.cluster.copies import CASE, Cluster, Desk
from tests.cluster.load import ADD_NOTE, DEPARTMENTS, call_body, under_load
from tests.cluster.probing import HANGS_SECONDS
from tests.cluster.services import wait_for
from tests.database_faults import Fault, FaultyWay, faulty_way
from tests.stack import Stack

pytestmark = pytest.mark.cluster

FOUND_OUT_SECONDS = 6.0
AT_ONCE_SECONDS = 0.5
STOP_SECONDS = 5
NOT_SENT = "could not be noted in the record of calls, so it was not sent"


@dataclass
class Probed:
    """A fourth web process, whose way to PostgreSQL a test breaks."""

    stack: Stack
    way: FaultyWay
    desk: Desk

    def call(self, tool: str = DEPARTMENTS, **arguments: Any) -> tuple[httpx.Response, float]:
        """Call a tool; return the answer and the seconds that it took."""
        asked = time.monotonic()
        url = f"http://127.0.0.1:{self.stack.port}/mcp/{self.desk.token}"
        answer = httpx.post(url, json=call_body(tool, arguments), timeout=60)
        return answer, time.monotonic() - asked

    def works(self) -> bool:
        """Tell whether a call succeeds."""
        return self.call(limit=50)[0].status_code == 200


@pytest.fixture
def probed(cluster: Cluster) -> Iterator[Probed]:
    with faulty_way("127.0.0.1", cluster.postgres.port) as way:
        settings = {
            **cluster.replicas[0].settings,
            "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{way.port}/postgres",
            "SHUTDOWN_SECONDS": str(STOP_SECONDS),
        }
        stack = Stack(cluster.folder / f"probed-{way.port}", settings=settings)
        stack.start_web()
        try:
            yield Probed(stack, way, cluster.desks[0])
        finally:
            for process in list(stack.processes):
                stack.end(process, signal.SIGKILL)


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.REFUSING])
def test_a_database_that_is_away_is_told_at_once_with_few_lines_and_comes_back(
    cluster: Cluster, probed: Probed, fault: Fault
) -> None:
    assert probed.works()
    printed = len(probed.stack.output)
    probed.way.be(fault)
    gone = time.monotonic()
    wait_for(lambda: not probed.works(), FOUND_OUT_SECONDS, "a refusal")
    found = time.monotonic() - gone
    slowest = 0.0
    for _ in range(30):
        answer, took = probed.call(ADD_NOTE, id=CASE, note="note that nobody sends")
        slowest = max(slowest, took)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "Nothing was sent" in answer.json()["error"]["message"]
    base = f"http://127.0.0.1:{probed.stack.port}"
    rest = httpx.get(f"{base}/integrated-account", headers={"Authorization": f"Bearer {probed.desk.api_token}"})
    assert (rest.status_code, rest.headers["content-type"]) == (503, "application/problem+json")
    page = httpx.get(f"{base}/accounts", headers={"Cookie": "sessionid=abcdefghijklmnopqrstuvwxyz012345"})
    assert (page.status_code, page.headers["retry-after"]) == (503, "2")
    assert httpx.get(f"{base}/livez").status_code == 200
    away = time.monotonic() - gone
    lines = [line for line in probed.stack.output[printed:] if "patchbay.access" not in line]
    assert not any("Traceback" in line for line in lines)
    assert len(lines) < 2 * away + 6, "".join(lines)
    probed.way.be(Fault.NONE)
    back = wait_for(probed.works, FOUND_OUT_SECONDS, "a call that succeeds")
    assert slowest < AT_ONCE_SECONDS
    assert not any("nobody sends" in note for note in probed.desk.notes())
    cluster.figures.append(
        f"PostgreSQL {fault.name.lower()}: found out after {found:.2f} s, then refused within {slowest:.2f} s, "
        f"back after {back:.2f} s, {len(lines)} lines logged in {away:.1f} s"
    )


def test_sigterm_ends_a_process_whose_database_is_silent(cluster: Cluster, probed: Probed) -> None:
    assert probed.works()
    probed.way.be(Fault.SILENT)
    callers = [threading.Thread(target=call_in_vain, args=[probed], daemon=True) for _ in range(4)]
    for caller in callers:
        caller.start()
    asked = time.monotonic()
    os.kill(probed.stack.processes[-1].pid, signal.SIGTERM)
    probed.stack.processes[-1].wait(60)
    took = time.monotonic() - asked
    cluster.figures.append(f"SIGTERM at a silent PostgreSQL: ended after {took:.2f} s")
    assert took < STOP_SECONDS + 5


def call_in_vain(probed: Probed) -> None:
    """Call a process that is about to end, and may close the connection before it has read the request."""
    with suppress(httpx.HTTPError):
        probed.call(limit=50)


@dataclass
class Writers:
    """Clients that write while the record of calls is locked."""

    probed: Probed
    answers: list[str] = field(default_factory=list)

    def run(self, number: int) -> None:
        """Write once, and keep what was told."""
        answer, _ = self.probed.call(ADD_NOTE, id=CASE, note=f"note {number} during the lock")
        self.answers.append(answer.text)


def test_while_the_record_is_locked_reads_go_on_and_no_write_is_sent_later(cluster: Cluster, probed: Probed) -> None:
    assert probed.works()
    writers = Writers(probed)
    with under_load(cluster, readers=2, writers=0) as load:
        began, done = time.monotonic(), load.done
        load.more(200)
        before = (load.done - done) / (time.monotonic() - began)
        with psycopg.connect(cluster.postgres.url) as migration:
            migration.execute("LOCK TABLE tools_call IN ACCESS EXCLUSIVE MODE")
            threads = [threading.Thread(target=writers.run, args=[number]) for number in range(8)]
            for thread in threads:
                thread.start()
            began, done = time.monotonic(), load.done
            for thread in threads:
                thread.join(60)
            load.more(50)
            during = (load.done - done) / (time.monotonic() - began)
            locked = time.monotonic() - began
        load.more(50)
        assert load.failures == []
    assert len(writers.answers) == 8
    assert all(NOT_SENT in answer for answer in writers.answers), writers.answers
    wait_for(lambda: not pending(cluster), 10, "the end of every row")
    assert not any("during the lock" in note for note in probed.desk.notes())
    cluster.figures.append(
        f"record locked for {locked:.1f} s: {before:.0f} reads a second before, {during:.0f} during; no read failed, "
        "no write was sent"
    )
    assert during > before / 2


def test_while_what_every_call_begins_with_is_locked_a_process_is_not_ready(cluster: Cluster, probed: Probed) -> None:
    assert probed.works()
    with psycopg.connect(cluster.postgres.url) as migration:
        migration.execute("LOCK TABLE accounts_changecount IN ACCESS EXCLUSIVE MODE")
        wait_for(lambda: readiness(probed.stack) == (503, {"lookups"}), HANGS_SECONDS, "/readyz that names the part")
        answer, took = probed.call(ADD_NOTE, id=CASE, note="note that nobody sends")
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
    wait_for(partial(is_in_order, probed.stack), HANGS_SECONDS, "/readyz that finds all in order")
    assert not any("nobody sends" in note for note in probed.desk.notes())
    assert not any("Traceback" in line for line in probed.stack.output)
    cluster.figures.append(f"count of changes locked: a call is refused after {took:.2f} s")


def readiness(stack: Stack) -> tuple[int, set[str]]:
    """Return the status of /readyz, and the parts that are not in order, the mark of worker and beat aside."""
    answer = httpx.get(f"http://127.0.0.1:{stack.port}/readyz", timeout=HANGS_SECONDS)
    failing = {part for part, words in answer.json()["parts"].items() if words != "ok"}
    return answer.status_code, failing - {"background"}


def test_without_a_connection_left_processes_go_on_and_a_new_one_says_what_it_lacks(cluster: Cluster) -> None:
    stack = Stack(cluster.folder / "without-connections", settings=cluster.replicas[0].settings)
    for replica in cluster.replicas:
        wait_for(partial(is_in_order, replica), HANGS_SECONDS, "a replica in order")
    try:
        with under_load(cluster) as load:
            with every_connection(cluster):
                stack.start_web()
                assert readiness(stack)[0] == 503
                stack.wait_until(lambda: any("notice=connections_used_up" in line for line in stack.output))
                load.more(200)
            wait_for(partial(is_in_order, stack), HANGS_SECONDS, "a process that serves")
            assert load.failures == []
        assert not any("Traceback" in line for line in stack.output)
    finally:
        stack.end(stack.processes[-1])


def is_in_order(stack: Stack) -> bool:
    return readiness(stack) == (200, set())


@contextmanager
def every_connection(cluster: Cluster) -> Iterator[None]:
    """Hold every connection that the database still admits."""
    with ExitStack() as held:
        with suppress(psycopg.OperationalError):
            while True:
                held.enter_context(psycopg.connect(cluster.postgres.url))
        yield


def pending(cluster: Cluster) -> bool:
    """Tell whether a write of the test is not ended yet."""
    found = cluster.query(
        "SELECT outcome FROM tools_call WHERE tool = %s AND arguments->>'note' LIKE '%%during the lock'", ADD_NOTE
    )
    return len(found) < 8 or any(outcome != "failed" for (outcome,) in found)
