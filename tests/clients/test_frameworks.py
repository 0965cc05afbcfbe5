"""Frameworks for agents, each installed by itself: what their models read, and what Activity shows of their calls."""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients.notes import is_noted
from tests.clients.outcomes import READ_BY_MODEL, ClientOutcome, framework_outcome_of
from tests.clients.requirement import required
from tests.npm import installed, node_of
from tests.pypi import python_with
from tests.stack import ROOT, Stack

pytestmark = pytest.mark.clients

HERE = Path(__file__).parent / "frameworks"
SECONDS = 120
# Nothing of a framework calls home.
QUIET = {
    "CREWAI_DISABLE_TELEMETRY": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "OTEL_SDK_DISABLED": "true",
    "OPENAI_AGENTS_DISABLE_TRACING": "1",
    "LANGSMITH_TRACING": "false",
}


@dataclass(frozen=True)
class Framework:
    """A framework: its program, its package, what it is told to be made with, its revision over each transport.

    Packages of npm begin with an @, and those of Python have an environment each. One that `posts_everywhere` uses
    Streamable HTTP at the address of the old transport too.
    """

    name: str
    package: str
    made_with: str
    revisions: dict[str, str]
    posts_everywhere: bool = False

    @property
    def in_node(self) -> bool:
        return self.package.startswith("@")


STATELESS, HANDSHAKE = "2026-07-28", "2025-11-25"
FRAMEWORKS = (
    Framework("openai_agents", "openai-agents", "python-httpx2", {"http": STATELESS, "sse": HANDSHAKE}),
    Framework("langchain", "langchain-mcp-adapters", "python-httpx", {"http": HANDSHAKE, "sse": HANDSHAKE}),
    Framework("crewai", "crewai-tools", "python-httpx", {"http": HANDSHAKE, "sse": HANDSHAKE}),
    Framework("autogen", "autogen-ext", "python-httpx", {"http": HANDSHAKE, "sse": HANDSHAKE}),
    Framework("google_adk", "google-adk", "google-adk", {"http": HANDSHAKE, "sse": HANDSHAKE}),
    Framework("ai_sdk", "@ai-sdk/mcp", "ai-sdk", {"http": STATELESS, "sse": HANDSHAKE}),
    Framework("mastra", "@mastra/mcp", "node", {"http": STATELESS, "sse": STATELESS}, posts_everywhere=True),
    Framework("pydantic_ai", "pydantic-ai-slim", "python-httpx2", {"http": STATELESS, "sse": HANDSHAKE}),
)
RUNS = [
    pytest.param(framework, transport, id=f"{framework.package}-{transport}")
    for framework in FRAMEWORKS
    for transport in framework.revisions
]


@pytest.mark.parametrize(("framework", "transport"), RUNS)
def test_framework(
    stack: Stack, seeded: dict[str, Any], outcomes: list[ClientOutcome], framework: Framework, transport: str
) -> None:
    server = stack.fresh_server(seeded)
    url, note = server["mcp_url"], f"Seen by {framework.package}, {transport}."
    came = run(framework, transport, f"{url}/sse" if transport == "sse" else url, note)
    noted = calls_of(stack, server)
    label = f"{framework.package} {version_of(framework)}, {transport}"
    outcome = framework_outcome_of(label, noted[0]["revision"], came)
    if not is_noted(url, note):
        outcome.problems.setdefault("write", "the note is not in the case's history")
    outcomes.append(outcome)
    assert outcome.problems == {}
    assert {call["transport"] for call in noted} == {"http" if framework.posts_everywhere else transport}
    assert "invalid" in {call["outcome"] for call in noted}
    assert {call["revision"] for call in noted} == {framework.revisions[transport]}
    assert {call["framework"].partition(" ")[0] for call in noted} == {framework.made_with}


def test_results_as_text_cost_a_framework_that_reads_both_forms_half(stack: Stack, seeded: dict[str, Any]) -> None:
    adk = next(framework for framework in FRAMEWORKS if framework.name == "google_adk")
    lengths = []
    for results in ("both", "text"):
        url = stack.fresh_server(seeded, results=results)["mcp_url"]
        came = run(adk, "http", url, f"Seen by {adk.package}, {results}.")
        assert framework_outcome_of(adk.package, "", came).problems == {}
        lengths.append(len(came["read"]["text"]))
    both, text = lengths
    assert text < 0.6 * both


def run(framework: Framework, transport: str, url: str, note: str) -> dict[str, Any]:
    """Run a framework's program; return what it printed, or how it failed."""
    if framework.in_node:
        folder = npm_folder()
        program = [str(node_of(folder)), f"{framework.name}.mjs"]
    else:
        folder, program = ROOT, [str(python_of(framework)), "-m", f"tests.clients.frameworks.{framework.name}"]
    done = subprocess.run(
        [*program, transport, url, note],
        cwd=folder,
        env={**os.environ, **QUIET},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    printed = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return json.loads(printed[-1]) if printed else {"error": done.stderr[-2000:] or f"exit status {done.returncode}"}


def python_of(framework: Framework) -> Path:
    """Return the Python with a framework. Skips where it cannot be installed, or fails with REQUIRE_CLIENTS=1."""
    with required():
        return python_with(framework.name, HERE / f"{framework.name}.txt")


def npm_folder() -> Path:
    """Return the folder with the frameworks from npm, under the same conditions."""
    with required():
        return installed("frameworks", HERE, scripts=sorted(HERE.glob("*.mjs")))


def version_of(framework: Framework) -> str:
    """Return the pinned version of a framework."""
    if framework.in_node:
        return str(json.loads((HERE / "package.json").read_text())["dependencies"][framework.package])
    pinned = re.search(rf"^{framework.package}==(\S+)", (HERE / f"{framework.name}.txt").read_text(), re.MULTILINE)
    assert pinned is not None
    return pinned[1]


def calls_of(stack: Stack, server: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the calls of a server as the record of calls tells them over REST, once all are in it."""
    found: list[dict[str, Any]] = []

    def are_in() -> bool:
        answer = httpx.get(
            f"{server['dashboard_url']}/call",
            params={"server": server["mcp_server_id"]},
            headers={"Authorization": f"Bearer {server['api_token']}"},
        )
        found[:] = answer.json()["result"]
        return len(found) >= len(READ_BY_MODEL) - 1

    stack.wait_until(are_in)
    return found


def test_listings_of_the_rest_api_have_the_types_of_the_vendors_sdks(seeded: dict[str, Any]) -> None:
    base = f"{seeded['dashboard_url']}/integrated-account/{seeded['integrated_account_id']}/tools"
    sdks = FRAMEWORKS[0]
    done = subprocess.run(
        [str(python_of(sdks)), "-m", "tests.clients.frameworks.sdk_types", base, seeded["api_token"]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    forms = ["openai", "openai, strict", "openai-responses", "openai-responses, strict", "anthropic"]
    listed = httpx.get(base, headers={"Authorization": f"Bearer {seeded['api_token']}"}).json()["result"]
    assert json.loads(done.stdout) == dict.fromkeys(forms, len(listed))
