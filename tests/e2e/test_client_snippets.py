"""What the portal gives to paste works as it stands: it is run here against the running product."""

import json
import os
import subprocess
import sys
from typing import Any

import httpx
import pytest

from portal.servers.clients import commands_for

pytestmark = pytest.mark.e2e

TOOL = "list_all_fuse_desk_cases"


def guarded_server(demo: dict[str, Any]) -> str:
    """Make a server that asks for an API token besides; return its URL."""
    made = httpx.post(
        f"{demo['dashboard_url']}/integrated-account/{demo['integrated_account_id']}/mcp",
        json={"name": "Guarded", "config": {"methods": ["read"], "require_api_token_auth": True}},
        headers={"Authorization": f"Bearer {demo['api_token']}"},
    )
    return str(made.json()["url"])


def run(command: list[str], **environment: str) -> str:
    """Run a program to its end; return what it printed."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("guarded", [False, True], ids=["url alone", "with an API token"])
def test_the_program_in_python_lists_the_tools(demo: dict[str, Any], guarded: bool) -> None:
    url = guarded_server(demo) if guarded else demo["mcp_url"]
    program = commands_for(url, "Triage", with_api_token=guarded)["python"]
    assert TOOL in run([sys.executable, "-c", program], PATCHBAY_API_TOKEN=demo["api_token"]).split()


@pytest.mark.parametrize("guarded", [False, True], ids=["url alone", "with an API token"])
def test_the_curl_command_lists_the_tools(demo: dict[str, Any], guarded: bool) -> None:
    url = guarded_server(demo) if guarded else demo["mcp_url"]
    command = commands_for(url, "Triage", with_api_token=guarded)["curl"]
    listed = json.loads(run(["bash", "-c", command], PATCHBAY_API_TOKEN=demo["api_token"]))
    assert TOOL in {tool["name"] for tool in listed["result"]["tools"]}


@pytest.mark.parametrize("client", ["cursor", "vs_code"])
def test_settings_files_are_json_and_hold_the_url(client: str) -> None:
    for guarded in (False, True):
        text = commands_for("https://p.example/mcp/t", 'A "quoted" name', with_api_token=guarded)[client]
        assert "https://p.example/mcp/t" in json.dumps(json.loads(text))
        assert ("Authorization" in text) is guarded
