"""SIGTERM on the web process: streams are told to go, calls in flight finish, the record is written, it ends with 0."""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from config.processes.watchdog import HUNG, MARGIN_SECONDS
from tests.database_faults import held_write_lock
from tests.e2e.streams import LISTEN, LISTEN_HEADERS, opened
from tests.stack import Stack, running_stack

pytestmark = pytest.mark.e2e

TOKEN = "metrics-of-the-test-of-ends"
CALL = {
    "jsonrpc": "2.0",
    "id": 5,
    "method": "tools/call",
    "params": {"name": "list_all_fuse_desk_reps", "arguments": {}},
}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stack]:
    """A copy of its own, to be stopped; it logs JSON."""
    with running_stack(
        tmp_path / "data", SHUTDOWN_SECONDS="5", LOG_FORMAT="json", ACCESS_LOG="1", METRICS_TOKEN=TOKEN
    ) as stack:
        yield stack


def test_on_sigterm_streams_end_calls_finish_and_the_process_ends_with_success(own: Stack) -> None:
    demo, web = own.demo(), own.processes[-1]
    vendor = f"http://127.0.0.1:{own.simulator_port}"
    httpx.post(f"{vendor}/_control", json={"latency_ms": 1500})
    answers: list[httpx.Response] = []
    calling = threading.Thread(
        target=lambda: answers.append(
            httpx.post(demo["mcp_url"], json=CALL, headers={"Accept": "application/json"}, timeout=20)
        )
    )
    with (
        opened("GET", demo["mcp_url"], headers={"Accept": "text/event-stream"}) as server_stream,
        opened("POST", demo["mcp_url"], json=LISTEN, headers=LISTEN_HEADERS) as subscription,
    ):
        assert subscription.next()["method"] == "notifications/subscriptions/acknowledged"
        calling.start()
        own.wait_until(lambda: in_flight(demo["dashboard_url"]))
        asked = time.monotonic()
        os.kill(web.pid, signal.SIGTERM)
        assert server_stream.at_end()
        farewell = subscription.next()
        assert (farewell["id"], farewell["result"]["resultType"]) == ("sub-1", "complete")
        assert subscription.at_end()
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", own.port)) != 0
        assert not answers
    calling.join(20)
    assert web.wait(20) == 0
    assert time.monotonic() - asked < 5
    assert (answers[0].status_code, answers[0].json()["result"]["isError"]) == (200, False)
    assert own.query("SELECT outcome FROM tools_call WHERE tool = 'list_all_fuse_desk_reps'") == [("ok",)]


def in_flight(address: str) -> bool:
    """Tell whether the call has arrived, besides the two streams."""
    text = httpx.get(f"{address}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return float(figures["patchbay_requests_in_progress"]) == 3


def test_every_line_is_one_json_object_with_the_request_id_and_without_a_token(own: Stack) -> None:
    demo = own.demo()
    token = demo["mcp_url"].rpartition("/")[2]
    worker = own.start(
        *("-m", "config.background", "worker", "--beat", "--pool", "threads", "--concurrency", "1"),
        *("--loglevel", "INFO", "--schedule", str(own.folder / "beat-schedule")),
        until="ready",
    )
    # The table that servers are looked up in is gone: a failure of the database during a request.
    own.execute("ALTER TABLE mcpservers_mcpserver RENAME TO elsewhere")
    httpx.get(f"{demo['dashboard_url']}/sign-in", headers={"X-Request-ID": "of-the-page"})
    failed = httpx.post(demo["mcp_url"], json=CALL, headers={"X-Request-ID": "of-the-call"})
    assert (failed.status_code, failed.headers["x-request-id"]) == (500, "of-the-call")
    forged = httpx.get(f"{demo['dashboard_url']}/nothing%0A%7B{token}", headers={"X-Request-ID": "of-the-forger"})
    assert forged.status_code == 400
    own.wait_until(lambda: any("of-the-forger" in line for line in own.output))
    own.end(worker)
    # Celery says its end in a line of its own, past every logger.
    printed = [line for line in own.output if line.strip() and not line.startswith("worker: ")]
    lines = [json.loads(line) for line in printed]
    assert all(isinstance(line, dict) and "event" in line for line in lines)
    of_the_call = [line for line in lines if line.get("request_id") == "of-the-call"]
    assert any("OperationalError" in line.get("traceback", "") for line in of_the_call)
    access = next(line for line in of_the_call if line["logger"] == "patchbay.access")
    assert access["event"] == "POST /mcp/…"
    assert (access["status"], access["client"], access["surface"]) == (500, "127.0.0.0/24", "mcp")
    assert access["duration_ms"] > 0
    assert token not in "".join(own.output)


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[Stack]:
    """A copy that waits for its database longer than it has to stop."""
    with running_stack(
        tmp_path / "data", SHUTDOWN_SECONDS="1", DATABASE_LOCK_SECONDS="60", PURGE_INTERVAL_SECONDS="1"
    ) as stack:
        yield stack


# Beside the setting and the margin: what drains, and what a busy machine adds.
ENDED_WITHIN = 1 + MARGIN_SECONDS + 6


def test_a_web_process_ends_though_a_thread_waits_for_the_database(hanging: Stack) -> None:
    demo, web = hanging.demo(), hanging.processes[-1]
    path = f"{demo['dashboard_url']}/integrated-account/{demo['integrated_account_id']}/mcp"
    headers = {"Authorization": f"Bearer {demo['api_token']}"}
    assert httpx.get(path, headers=headers).status_code == 200
    with (
        held_write_lock(hanging.folder / "patchbay.sqlite3"),
        socket.create_connection(("127.0.0.1", hanging.port)) as way,
    ):
        body = b'{"name": "never"}'
        way.sendall(
            f"POST {httpx.URL(path).path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {headers['Authorization']}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        # An answer to a later request tells that the first has arrived, in the order of one event loop.
        assert httpx.get(path, headers=headers).status_code == 200
        asked = time.monotonic()
        os.kill(web.pid, signal.SIGTERM)
        assert web.wait(30) == HUNG
    assert time.monotonic() - asked < ENDED_WITHIN
    hanging.end(web)
    told = "".join(hanging.output)
    assert "does not end within SHUTDOWN_SECONDS" in told
    assert "threads:" in told


def test_a_worker_ends_though_a_task_waits_for_the_database(hanging: Stack) -> None:
    demo = hanging.demo()
    number = demo["mcp_server_id"].replace("-", "")
    hanging.execute(f"UPDATE mcpservers_mcpserver SET expires_at = '2026-01-01 00:00:00' WHERE id = '{number}'")
    with held_write_lock(hanging.folder / "patchbay.sqlite3"):
        worker = hanging.start(
            *("-m", "config.background", "worker", "--beat", "--pool", "threads"),
            *("--concurrency", "1", "--loglevel", "INFO", "--schedule", str(hanging.folder / "beat-schedule")),
            until="purge_expired_servers",
        )
        hanging.wait_until(
            lambda: any("purge_expired_servers" in line and "received" in line for line in hanging.output)
        )
        asked = time.monotonic()
        os.kill(worker.pid, signal.SIGTERM)
        assert worker.wait(30) == HUNG
    assert time.monotonic() - asked < ENDED_WITHIN
    # The beat that it embeds has ended too: nobody writes into its output any more.
    reader = hanging.readers[worker.pid]
    reader.join(10)
    assert not reader.is_alive()
