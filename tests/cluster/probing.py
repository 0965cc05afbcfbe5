"""What clients of one web process are told, and what it prints meanwhile."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from tests.cluster.copies import CASE, Cluster, Desk
from tests.cluster.load import ADD_NOTE, DEPARTMENTS, call_body
from tests.cluster.services import wait_for
from tests.stack import Stack

# Only ends a test that would otherwise hang: what is waited for comes far sooner, or not at all.
HANGS_SECONDS = 60.0
NOT_SENT = "It could not be noted in the record of calls, so it was not sent. Reading still works. Wait 30 seconds"
NOISE = re.compile(r"\[(patchbay\.access|django\.request)]")
DEMO_KEY = "fd-demo-key"


@dataclass(frozen=True)
class ProbeAnswer:
    """What a caller got, and after how many seconds."""

    response: httpx.Response
    seconds: float

    @property
    def text(self) -> str:
        """The words of a tool's result, or of the refusal."""
        message = self.response.json()
        return str(message["result"]["content"][0]["text"] if "result" in message else message["error"]["message"])

    @property
    def succeeded(self) -> bool:
        """Whether a tool's result came, and is none of failure."""
        return self.response.status_code == 200 and self.response.json().get("result", {}).get("isError") is False


@dataclass(frozen=True)
class Probe:
    """A web process, and the account in whose name it is called."""

    stack: Stack
    desk: Desk
    acknowledged: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the process is."""
        return f"http://127.0.0.1:{self.stack.port}"

    def call(self, tool: str, **arguments: Any) -> ProbeAnswer:
        """Call a tool over MCP."""
        asked = time.monotonic()
        body = call_body(tool, arguments)
        answer = httpx.post(f"{self.url}/mcp/{self.desk.token}", json=body, timeout=HANGS_SECONDS)
        return ProbeAnswer(answer, time.monotonic() - asked)

    def read(self) -> ProbeAnswer:
        """Read departments."""
        return self.call(DEPARTMENTS, limit=50)

    def write(self, note: str) -> ProbeAnswer:
        """Add a note to a case, and remember it if that was acknowledged."""
        answer = self.call(ADD_NOTE, id=CASE, note=f"note {note}")
        if answer.succeeded:
            self.acknowledged.append(f"note {note}")
        return answer

    def rest(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask the REST API."""
        headers = {"Authorization": f"Bearer {self.desk.api_token}"}
        return httpx.request(method, self.url + path, headers=headers, timeout=HANGS_SECONDS, **options)

    def at(self, base_url: str, name: str) -> "Probe":
        """Connect a second account to the same vendor at another address, and return how it is called."""
        connection = {"app_name": "second", "api_key": self.desk.key}
        body = {"integration": "fuse_desk", "name": name, "connection": connection, "base_url": base_url}
        account = self.rest("POST", "/integrated-account", json=body).json()
        server = self.rest("POST", f"/integrated-account/{account['id']}/mcp", json={"name": name}).json()
        return replace(self, desk=replace(self.desk, account_id=account["id"], token=server["token"]))

    def rename(self) -> httpx.Response:
        """Change the account over REST, which writes a row."""
        return self.rest("PATCH", f"/integrated-account/{self.desk.account_id}", json={"name": f"{time.monotonic()}"})

    def sign_in(self) -> httpx.Response:
        """Sign in with a wrong password, of which a note is kept."""
        with httpx.Client(base_url=self.url, timeout=HANGS_SECONDS) as browser:
            form = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', browser.get("/sign-in").text)
            assert form is not None
            fields = {"csrfmiddlewaretoken": form[1], "username": "nobody", "password": "wrong"}
            return browser.post("/sign-in", data=fields, headers={"Referer": f"{self.url}/sign-in"})

    def readiness(self) -> tuple[int, dict[str, str]]:
        """Return the status of /readyz, and the state of each part that is not in order."""
        answer = httpx.get(f"{self.url}/readyz", timeout=HANGS_SECONDS)
        parts: dict[str, str] = answer.json()["parts"]
        # Neither worker nor beat runs in most tests.
        return answer.status_code, {part: words for part, words in parts.items() if words != "ok" != part}

    def until_ready(self, *failing: str) -> tuple[int, dict[str, str]]:
        """Wait until exactly these parts are not in order; return what /readyz answers then."""
        wait_for(lambda: set(self.readiness()[1]) == set(failing), HANGS_SECONDS, f"/readyz without {failing}")
        return self.readiness()

    def lines(self, since: int = 0) -> list[str]:
        """Return what the processes printed, the access log and Django's own lines about answers aside."""
        return [
            line for line in self.stack.output[since:] if not re.search(r"\[(patchbay\.access|django\.request)]", line)
        ]

    def lines_with(self, words: str, since: int = 0) -> list[str]:
        """Return the lines with these words."""
        return [line for line in self.lines(since) if words in line]


def desk_of(stack: Stack) -> Desk:
    """Return the demo's account, whose simulator runs."""
    seeded = stack.demo()
    return Desk(
        name="Demo",
        simulator=seeded["simulator_url"],
        key=DEMO_KEY,
        account_id=seeded["integrated_account_id"],
        server_id=seeded["mcp_server_id"],
        token=seeded["mcp_url"].rpartition("/")[2],
        api_token=seeded["api_token"],
    )


@contextmanager
def embedded(folder: Path, settings: dict[str, str], prefix: tuple[str, ...] = ()) -> Iterator[Probe]:
    """Run a web process with a vendor of its own, unless settings say otherwise on the embedded default."""
    stack = Stack(folder, settings={"SIMULATOR_HOURLY_LIMIT": "0", **settings}, prefix=prefix)
    try:
        if "DATABASE_URL" in settings:
            stack.folder.mkdir()
        else:
            stack.prepare()
        stack.start_simulator()
        desk = desk_of(stack)
        stack.start_web()
        yield Probe(stack, desk)
    finally:
        stack.stop()


@contextmanager
def on_postgresql(
    cluster: Cluster,
    data: Path,
    name: str,
    settings: dict[str, str],
    *,
    files: Path | None = None,
    prefix: tuple[str, ...] = (),
) -> Iterator[Probe]:
    """Run one web process on a database of its own, without Redis."""
    secrets = {each: cluster.replicas[0].settings[each] for each in ("SECRET_KEY", "TOKEN_KEY", "CREDENTIAL_KEYS")}
    url = cluster.postgres.new_copy(name, files)
    try:
        with embedded(data, {"DATABASE_URL": url, **secrets, **settings}, prefix) as probe:
            yield probe
    finally:
        cluster.postgres.drop_copy(name)


def check_reads_go_on(probe: Probe, refused_write: ProbeAnswer) -> None:
    """Check what models are told while writes cannot be noted, and that whoever reads is served."""
    assert refused_write.response.status_code == 200
    assert refused_write.text.startswith(NOT_SENT)
    assert probe.read().succeeded
    assert probe.rest("GET", "/integrated-account").status_code == 200


def check_changes_are_refused(probe: Probe) -> None:
    """Check what programs and people are told while the database takes no changes."""
    change = probe.rename()
    assert (change.status_code, change.headers["retry-after"]) == (503, "30")
    assert change.json()["type"] == "urn:patchbay:problem:database-read-only"
    assert "its disk is full, or it is read-only. Reading still works. Tell the operator." in change.json()["detail"]
    page = probe.sign_in()
    assert page.status_code == 503
    assert "takes no changes at the moment" in page.text
