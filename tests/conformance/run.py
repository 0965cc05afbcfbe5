"""Run the official conformance suite against a live Patchbay: `python -m tests.conformance.run [REVISION …]`.

Patchbay and the vendor behind fixtures.yaml run as processes of their own, in a folder of their own. expected.yaml
names what is expected to fail, and why. Anything else that fails, and anything named there that passes, is a failure.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.npm import NpmMissing, installed, node_of
from tests.stack import ROOT, Stack, free_port

HERE = Path(__file__).parent
SUITE = Path("node_modules/@modelcontextprotocol/conformance")
BESIDE = frozenset({"wire-schema-valid", "wire-schema-harness-error"})
STAMP = re.compile(r"-\d{4}-\d\d-\d\dT[\dZ-]+$")


@dataclass
class Verdict:
    """What came of one scenario: how many of its checks passed, which failed, and why it counts as it does."""

    scenario: str
    required: bool
    passed: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def take(self, check: dict[str, Any]) -> None:
        """Count one check. Those of the wire's schema stand beside every scenario, and alone they show nothing."""
        match check["status"]:
            case "SUCCESS" if check["id"] not in BESIDE:
                self.passed += 1
            case "FAILURE":
                self.failed[check["id"]] = check.get("errorMessage", "failed")
            case "WARNING":
                self.warnings.append(f"{check['id']}: {check.get('errorMessage') or check.get('details')}")

    def judge(self, expected: dict[str, str]) -> None:
        """Hold the scenario against what is expected of it, by `scenario` or `scenario:check`."""
        whole = expected.get(self.scenario)
        by_check = {
            key.partition(":")[2]: reason for key, reason in expected.items() if key.startswith(f"{self.scenario}:")
        }
        self.reasons = list(dict.fromkeys([*by_check.values(), *([whole] if whole else [])]))
        if whole is None:
            self.problems += [f"{check}: {said}" for check, said in self.failed.items() if check not in by_check]
        elif not self.failed:
            self.problems.append("was expected to fail, but passes: take it out of expected.yaml")
        for check in by_check.keys() - self.failed.keys():
            self.problems.append(f"{check} was expected to fail, but passes: take it out of expected.yaml")

    @property
    def label(self) -> str:
        """How it is printed: `pass`, `FAIL`, `expected` for a failure that is, `void` where nothing was tried."""
        if self.problems:
            return "FAIL"
        if self.failed:
            return "expected"
        return "pass" if self.passed else "void"


@contextmanager
def server_under_test() -> Iterator[str]:
    """Start Patchbay and the vendor, connect an account, make a server; yield its URL."""
    port = free_port()
    stack = Stack(Path(tempfile.mkdtemp(prefix="conformance-")))
    stack.settings = {"UPSTREAM_PRIVATE_HOSTS": f"127.0.0.1:{port}", "LONG_CALL_SECONDS": "1"}
    try:
        stack.manage("migrate", "-v0")
        stack.manage("load_integration", "-v0", str(HERE / "fixtures.yaml"))
        token = stack.manage("issue_api_token", "Conformance").strip()
        stack.start("-m", "tests.vendors.conformance", str(port), until="Uvicorn running")
        stack.start_web()
        yield make_server(f"http://127.0.0.1:{stack.port}", token, f"http://127.0.0.1:{port}")
    finally:
        stack.stop()


def make_server(patchbay: str, token: str, vendor: str) -> str:
    """Connect an account of the vendor, make a server with all its tools, and return the server's URL."""
    account = {
        "integration": "conformance",
        "name": "Suite",
        "connection": {"api_key": "suite"},
        "base_url": f"{vendor}/api",
    }
    with httpx.Client(base_url=patchbay, headers={"Authorization": f"Bearer {token}"}) as api:
        connected = api.post("/integrated-account", json=account).raise_for_status().json()
        servers = f"/integrated-account/{connected['id']}/mcp"
        server = api.post(servers, json={"name": "Suite"}).raise_for_status().json()
    told = {"url": f"{patchbay}{servers}/{server['id']}", "token": token}
    httpx.put(f"{vendor}/server-under-test", json=told).raise_for_status()
    return str(server["url"])


def run_suite(folder: Path, revision: str, url: str) -> dict[str, list[dict[str, Any]]]:
    """Run what a revision requires; return the checks of each scenario."""
    results = folder / "results" / revision
    shutil.rmtree(results, ignore_errors=True)
    suite: list[str | Path] = [node_of(folder), SUITE / "dist/index.js", "server", "--url", url]
    done = subprocess.run(
        [*suite, "--requirements", revision, "--output-dir", results],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    (results.parent / f"{revision}.log").write_text(done.stdout + done.stderr)
    found = {}
    for path in sorted(results.glob("server-*/checks.json")):
        scenario = STAMP.sub("", path.parent.name.removeprefix("server-"))
        found[scenario] = json.loads(path.read_text())
    return found


def expected_failures(revision: str) -> dict[str, str]:
    """Return what is expected to fail, each with its reason."""
    groups = yaml.safe_load((HERE / "expected.yaml").read_text())[revision]
    return {entry: group["because"] for group in groups for entry in group["scenarios"]}


def judge(folder: Path, revision: str, url: str) -> list[Verdict]:
    """Run a revision's scenarios and hold them against what is expected."""
    expected = expected_failures(revision)
    required = yaml.safe_load((folder / SUITE / "requirements" / f"{revision}.yaml").read_text())["server"]
    found = run_suite(folder, revision, url)
    verdicts = []
    for scenario in sorted({*required, *found}, key=lambda name: (name not in required, name)):
        verdict = Verdict(scenario, required=scenario in required)
        for check in found.get(scenario, [{"id": "run", "status": "FAILURE", "errorMessage": "did not run"}]):
            verdict.take(check)
        verdict.judge(expected)
        verdicts.append(verdict)
    known = {verdict.scenario for verdict in verdicts}
    for name in dict.fromkeys(key.partition(":")[0] for key in expected):
        if name not in known:
            problem = "stands in expected.yaml, but the suite has no such scenario"
            verdicts.append(Verdict(name, required=False, problems=[problem]))
    return verdicts


def report(revision: str, verdicts: list[Verdict]) -> None:
    """Print what came of each scenario, then the counts of those that the revision requires and of the others."""
    say(f"\n{revision}")
    for verdict in verdicts:
        say(f"  {verdict.label:8} {verdict.scenario}{'' if verdict.required else ' (not required)'}")
        for line in verdict.problems:
            say(f"           {line}")
        for line in verdict.warnings:
            say(f"           warning: {line}")
        if verdict.label == "expected":
            for line in verdict.reasons:
                say(f"           {line}")
    for required, words in ((True, "required"), (False, "not required")):
        labels = [verdict.label for verdict in verdicts if verdict.required is required]
        say(
            f"  {revision}, {words}: {labels.count('pass')} of {len(labels)} pass, "
            f"{labels.count('expected')} fail as expected, {labels.count('void')} try nothing, "
            f"{labels.count('FAIL')} fail otherwise"
        )


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(revisions: list[str]) -> int:
    """Run, print, and return the exit status."""
    try:
        folder = installed("conformance", HERE)
        with server_under_test() as url:
            judged = {revision: judge(folder, revision, url) for revision in revisions or ["2025-11-25", "2026-07-28"]}
    except NpmMissing as missing:
        say(str(missing))
        return 1
    for revision, verdicts in judged.items():
        report(revision, verdicts)
    labels = [verdict.label for verdicts in judged.values() for verdict in verdicts]
    say(f"\nWhole logs: {(folder / 'results').relative_to(ROOT)}/")
    say(f"{labels.count('pass')} passed, {labels.count('FAIL')} failed")
    return 1 if "FAIL" in labels else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
