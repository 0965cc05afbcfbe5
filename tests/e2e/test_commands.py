"""The commands that people and programs start with."""

import json
import os
import re
import signal
import socket
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.stack import Stack

pytestmark = pytest.mark.e2e

CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "list_all_fuse_desk_cases", "arguments": {"limit": 1}},
}
KEYS = {
    "dashboard_url",
    "username",
    "password",
    "api_token",
    "integrated_account_id",
    "mcp_server_id",
    "mcp_url",
    "simulator_url",
}


@pytest.fixture
def fresh(tmp_path: Path) -> Stack:
    """A copy that nothing has started yet."""
    return Stack(tmp_path / "data")


def test_demo_json_prints_one_object_and_issues_afresh_each_time(stack: Stack, seeded: dict[str, Any]) -> None:
    first, second = seeded, stack.demo()
    assert first.keys() == KEYS
    assert first["mcp_url"] != second["mcp_url"]
    assert first["api_token"] != second["api_token"]
    assert first["integrated_account_id"] == second["integrated_account_id"]
    assert first["password"] == second["password"]


def test_demo_runs_every_process_prints_how_to_use_it_and_ends_with_ctrl_c(fresh: Stack) -> None:
    fresh.prepare()
    process = fresh.start("manage.py", "demo", "--up", until="Ctrl-C ends every process.")
    try:
        printed = "".join(fresh.output)
        url = next(line.split()[-1] for line in fresh.output if "MCP URL" in line)
        answer = httpx.post(url, json=CALL).json()
        assert json.loads(answer["result"]["content"][0]["text"])["result_count"] == 1
        assert "API token   pbapi_" in printed
        assert "curl -s" in printed
        checked = "SELECT 1 FROM accounts_integratedaccount WHERE status = 'active' AND checked_at IS NOT NULL"
        fresh.wait_until(lambda: fresh.query(checked) != [])
    finally:
        fresh.end(process, signal.SIGINT)
    for port in (fresh.port, fresh.simulator_port):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_with_json_logs_every_line_of_up_is_an_object_that_names_its_process(fresh: Stack) -> None:
    fresh.settings = {"LOG_FORMAT": "json"}
    fresh.prepare()
    process = fresh.start("manage.py", "up", until="Uvicorn running")
    fresh.wait_until(lambda: any("celery@" in line and "ready" in line for line in fresh.output))
    fresh.end(process, signal.SIGINT)
    lines = [json.loads(line) for line in fresh.output]
    assert {"web", "worker", "simulator", "system"} <= {line["process"] for line in lines}
    assert all(line["event"] and line["level"] for line in lines)
    web = next(line for line in lines if "Uvicorn running" in line["event"])
    assert (web["process"], web["logger"]) == ("web", "uvicorn.error")


def test_a_port_in_use_is_one_sentence(fresh: Stack) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", fresh.port))
        taken.listen()
        done = fresh.try_to_manage("up")
    assert done.returncode != 0
    assert f"Port {fresh.port} is in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_generated_secrets_are_readable_by_their_owner_alone(stack: Stack) -> None:
    kept = list(stack.folder.glob("*.secret"))
    assert {path.name for path in kept} >= {"secret-key.secret", "token-key.secret", "credential-keys.secret"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in kept)


@pytest.mark.parametrize("given", [(), ("SECRET_KEY",), ("SECRET_KEY", "TOKEN_KEY")])
def test_with_debug_off_it_refuses_to_start_without_secrets_and_names_each(
    fresh: Stack, given: tuple[str, ...]
) -> None:
    fresh.settings = {"DEBUG": "0", **dict.fromkeys(given, "x" * 50)}
    done = fresh.try_to_manage("check")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    for name in ("SECRET_KEY", "TOKEN_KEY", "CREDENTIAL_KEYS"):
        assert (name in done.stderr) == (name not in given)
    assert not fresh.folder.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "abc"), ("PORT", "70000"), ("DEBUG", "maybe"), ("DATABASE_URL", "nonsense"), ("PUBLIC_URL", "ftp://x")],
)
def test_a_bad_setting_is_refused_by_name(fresh: Stack, name: str, value: str) -> None:
    fresh.settings = {name: value}
    done = fresh.try_to_manage("check")
    assert done.returncode != 0
    assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_no_token_reaches_any_log(stack: Stack) -> None:
    demo = stack.demo()
    httpx.post(demo["mcp_url"], json=CALL)
    httpx.get(f"{demo['dashboard_url']}/integrated-account", headers={"Authorization": f"Bearer {demo['api_token']}"})
    httpx.get(f"{demo['dashboard_url']}/nothing/{demo['api_token']}?t={demo['api_token']}")
    stack.wait_until(lambda: any("GET /nothing/" in line for line in stack.output))  # the last of the three
    logged = "".join(stack.output)
    assert "POST /mcp/…" in logged
    for secret in (demo["mcp_url"].rpartition("/")[2], demo["api_token"], demo["password"]):
        assert secret not in logged


def test_a_worker_that_is_killed_is_started_again_and_web_goes_on(fresh: Stack) -> None:
    fresh.prepare()
    process = fresh.start("manage.py", "up", until="Uvicorn running")
    try:
        (killed,) = pids_of(fresh, "worker")
        os.kill(killed, signal.SIGKILL)
        fresh.wait_until(lambda: len(pids_of(fresh, "worker")) == 2)
        assert len(pids_of(fresh, "web")) == len(pids_of(fresh, "beat")) == 1
        assert httpx.get(f"http://127.0.0.1:{fresh.port}/livez").text == "ok"
    finally:
        assert fresh.end(process, signal.SIGINT) == 130


def pids_of(stack: Stack, name: str) -> list[int]:
    """Return the ids of the processes that were started under a name."""
    return [int(pid) for pid in re.findall(rf"{name} started \(pid=(\d+)\)", "".join(stack.output))]
