"""How long a hostile request keeps others waiting: it goes to the real server while another process polls /livez.

Run as `python -m benchmarks.hostile_requests`. Server, simulator and probe are processes of their own. Each input is of
about 1 MiB, the largest that is taken, in the name of a token that opens the entrance. The figures are the longest and
the median wait of the probe meanwhile, beside those of the same time with nothing to do.
"""

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from typing import Any

import httpx

from accounts.texts.counting import counted
from benchmarks.tool_calls import ROOT, free_port, start
from tests.entrances.inputs import BODIES, FILES, VALUES, message, written

SIZE = 1024 * 1024 - 4000
EVERY_SECONDS = 0.002
QUIET_SECONDS = 0.5
SUPERUSER, PASSWORD = "root", secrets.token_urlsafe(16)
LIST = "list_all_fuse_desk_cases"
NOTE = "fuse_desk_cases_add_note"


@dataclass(frozen=True, slots=True)
class Hostile:
    """One request: the names of endpoint and input, and the function that sends it."""

    entrance: str
    kind: str
    send: Callable[[httpx.Client], httpx.Response]


def probe(address: str, ordered: Connection) -> None:
    """Poll without pause; on each command return the waits since the last one, in milliseconds."""
    waits: list[float] = []
    with httpx.Client(timeout=60) as client:
        while True:
            started = time.perf_counter()
            client.get(f"{address}/livez")
            waits.append((time.perf_counter() - started) * 1000)
            if ordered.poll(EVERY_SECONDS):
                ordered.recv()
                ordered.send(waits)
                waits = []


def hostile_requests(demo: dict[str, Any], address: str) -> Iterator[Hostile]:
    """Yield every request to send."""
    account = f"{address}/integrated-account/{demo['integrated_account_id']}"
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {demo['api_token']}"}

    def post(entrance: str, kind: str, url: str, body: bytes) -> Hostile:
        return Hostile(entrance, kind, lambda client: client.post(url, content=body, headers=headers))

    for kind, body_of in BODIES.items():
        yield post("MCP", kind, demo["mcp_url"], body_of(SIZE))
        yield post("REST, a server", kind, f"{account}/mcp", body_of(SIZE))
        yield post("REST, a call", kind, f"{account}/tools/{LIST}", body_of(SIZE))
    for kind, value_of in VALUES.items():
        value = value_of(SIZE)
        yield post(
            "MCP, fields", kind, demo["mcp_url"], message("tools/call", {"name": LIST, "arguments": {"fields": value}})
        )
        cursor = {"next_cursor": value}
        yield post("MCP, a cursor", kind, demo["mcp_url"], message("tools/call", {"name": LIST, "arguments": cursor}))
        arguments = {"id": value_of(500), "note": value}
        yield post("MCP, a body", kind, demo["mcp_url"], message("tools/call", {"name": NOTE, "arguments": arguments}))
        yield post("REST, methods", kind, f"{account}/mcp", written({"name": "x", "config": {"methods": value}}))
        yield post("REST, connection", kind, f"{address}/integrated-account", written({"connection": value}))
    unknown = {f"x{count}": 1 for count in range(15_000)}
    yield post(
        "MCP, arguments", "unknown names", demo["mcp_url"], message("tools/call", {"name": LIST, "arguments": unknown})
    )
    lists = json.dumps([{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}] * 20).encode()
    yield post("MCP, a batch", "20 lists", demo["mcp_url"], lists)
    yield post("MCP, a batch", "18,000 lists", demo["mcp_url"], lists[:-1] + (b"," + lists[1:-1]) * 899 + b"]")


def hostile_forms(address: str) -> Iterator[Hostile]:
    """Yield every form of the portal and every file upload of the admin, sent by a superuser."""
    client, headers = signed_in(address), {"Origin": address, "Referer": address}

    def post(entrance: str, kind: str, path: str, fields: dict[str, str], files: Any = None) -> Hostile:
        def send(_: httpx.Client) -> httpx.Response:
            token = {"csrfmiddlewaretoken": client.cookies["csrftoken"]}
            return client.post(f"{address}{path}", data=fields | token, files=files, headers=headers)

        return Hostile(entrance, kind, send)

    for kind in VALUES:
        value = VALUES[kind](SIZE // 4)
        if isinstance(value, str):
            yield post("portal, a form", kind, "/profile/details", {"first_name": value, "email": value})
    for kind, content_of in {**FILES, **BODIES}.items():
        names, files = {"name": "vendor", "label": "Vendor"}, {"file": ("vendor.yaml", content_of(SIZE))}
        for entrance, page in (("admin, OpenAPI", "import-openapi"), ("admin, a bundle", "import-bundle")):
            yield post(entrance, kind, f"/admin/accounts/integration/{page}/", names, files)


def signed_in(address: str) -> httpx.Client:
    """Return a client with the superuser's session."""
    client = httpx.Client(timeout=120)
    client.get(f"{address}/sign-in")
    token = client.cookies["csrftoken"]
    given = {"username": SUPERUSER, "password": PASSWORD, "csrfmiddlewaretoken": token}
    answer = client.post(f"{address}/sign-in", data=given, headers={"Origin": address, "Referer": address})
    assert answer.status_code == 302, answer.status_code
    return client


def measure(requests: Iterator[Hostile], ordered: Connection) -> None:
    """Send each request, and print a line for it."""

    def waits() -> list[float]:
        ordered.send(None)
        found: list[float] = ordered.recv()
        return found

    print(f"{'entrance':18} {'input':28} {'status':>6} {'own ms':>8} {'longest':>8} {'quiet':>8}")
    over = []
    with httpx.Client(timeout=120) as client:
        for request in requests:
            waits()
            time.sleep(QUIET_SECONDS)
            quiet = max(waits())
            started = time.perf_counter()
            status = request.send(client).status_code
            own = (time.perf_counter() - started) * 1000
            longest = max(waits())
            over.append(longest - quiet)
            print(
                f"{request.entrance:18} {request.kind:28} {status:6} {own:8.1f} {longest:8.1f} {quiet:8.1f}", flush=True
            )
    over.sort()
    median = over[len(over) // 2]
    sent = counted(len(over), "request")
    print(f"{sent}: the longest wait over the quiet one is {over[-1]:.1f} ms, the median {median:.1f} ms")


def main() -> None:
    """Start the processes, measure, and stop them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="entrances whose name holds this")
    options = parser.parse_args()
    web, vendor = free_port(), free_port()
    address = f"http://127.0.0.1:{web}"
    with tempfile.TemporaryDirectory() as folder:
        told = {
            "DATA_DIR": folder,
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
            "PORT": str(web),
            "SIMULATOR_PORT": str(vendor),
            "LOG_LEVEL": "ERROR",
        }
        environment = {**os.environ, **told, "SIMULATOR_HOURLY_LIMIT": "0"}
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
        made = ["manage.py", "createsuperuser", "--noinput", "--username", SUPERUSER, "--email", "root@example.com"]
        subprocess.run([sys.executable, *made], cwd=ROOT, env=environment, check=True, capture_output=True)
        seeded = subprocess.run(
            [sys.executable, "manage.py", "demo", "--json"], cwd=ROOT, env=environment, check=True, capture_output=True
        )
        demo = json.loads(seeded.stdout)
        processes = [start(["-m", "demo"], environment, vendor), start(["-m", "config.serve"], environment, web)]
        ordered, other = Pipe()
        probing = Process(target=probe, args=(address, other), daemon=True)
        probing.start()
        try:
            requests = chain(hostile_requests(demo, address), hostile_forms(address))
            measure((each for each in requests if options.only in each.entrance), ordered)
        finally:
            probing.kill()
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                process.wait(20)


if __name__ == "__main__":
    main()
