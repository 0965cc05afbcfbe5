"""A web process that is given a collector sends it traces, the last ones when it stops."""

import os
import signal
from pathlib import Path

import httpx
import pytest

from tests.collector import collecting
from tests.stack import running_stack

pytestmark = pytest.mark.e2e

CALL = {
    "jsonrpc": "2.0",
    "id": 5,
    "method": "tools/call",
    "params": {"name": "list_all_fuse_desk_reps", "arguments": {}},
}


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
