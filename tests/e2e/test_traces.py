"""A process that is given a collector sends it traces, the last ones when it stops."""

import os
import signal
from pathlib import Path

import httpx
import pytest

from tests.collector import collecting
from tests.stack import Stack, running_stack

pytestmark = pytest.mark.e2e

CALL = {
    "jsonrpc": "2.0",
    "id": 5,
    "method": "tools/call",
    "params": {"name": "list_all_fuse_desk_reps", "arguments": {}},
}
BACKGROUND = ("-m", "config.background")
WORKER = ("worker", "--pool", "threads", "--concurrency", "1", "--loglevel", "INFO")
SCHEDULE = ("--loglevel", "INFO", "--schedule")
TASK, FAILING = "accounts.tasks.leave_mark", "mcpservers.tasks.purge_expired_servers"


def test_traces_arrive_and_lines_of_the_log_have_their_ids(tmp_path: Path) -> None:
    with collecting() as collector:
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"{collector.site.address}/", "OTEL_SERVICE_NAME": "support"}
        with running_stack(tmp_path / "data", ACCESS_LOG="1", LOG_FORMAT="json", **settings) as stack:
            httpx.post(stack.demo()["mcp_url"], json=CALL, headers={"Accept": "application/json"}).raise_for_status()
            web = stack.processes[-1]
            os.kill(web.pid, signal.SIGTERM)
            assert web.wait(20) == 0
            request = collector.one("POST /mcp/{token}")
            assert any(f'"trace_id": "{request.trace_id}"' in line for line in stack.output)
        assert collector.one("tools/call list_all_fuse_desk_reps").parent_id == request.span_id
        assert collector.one("GET").attributes["server.address"] == "127.0.0.1"
        assert collector.resource()["service.name"] == "support"


def test_tasks_are_spans_that_continue_the_trace_of_what_sent_them(tmp_path: Path) -> None:
    with collecting() as collector:
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.site.address, "PURGE_INTERVAL_SECONDS": "1"}
        stack = Stack(tmp_path / "data", settings=settings)
        try:
            stack.prepare()
            stack.execute("ALTER TABLE mcpservers_mcpserver RENAME TO elsewhere")
            started = [
                stack.start(*BACKGROUND, *WORKER, until="ready"),
                stack.start(*BACKGROUND, "beat", *SCHEDULE, str(tmp_path / "beat-schedule"), until="Starting"),
            ]
            stack.wait_until(lambda: any(f"{TASK}[" in line and "succeeded" in line for line in stack.output))
            stack.wait_until(lambda: any(f"{FAILING}[" in line and "raised" in line for line in stack.output))
            # Beat last: the worker may not have run everything that was sent.
            assert [stack.end(process) for process in started] == [0, 0]
        finally:
            stack.stop()
    spans = collector.spans()
    run = next(each for each in spans if each.name == f"run {TASK}")
    (send,) = [each for each in spans if each.span_id == run.parent_id]
    assert (run.kind, run.failed, run.trace_id) == ("consumer", False, send.trace_id)
    assert (send.kind, send.name, send.failed) == ("producer", f"send {TASK}", False)
    assert run.attributes.keys() == {
        "messaging.system", "messaging.operation.name", "messaging.message.id", "patchbay.task"
    }  # fmt: skip
    failed = next(each for each in spans if each.name == f"run {FAILING}")
    assert (failed.failed, failed.attributes["error.type"]) == (True, "OperationalError")
    assert b"no such table" not in collector.raw
