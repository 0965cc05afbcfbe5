"""How long each page takes with 1,000,000 calls, 500 accounts, 5,000 servers and 100,000 changes in PostgreSQL.

Run as `DATABASE_URL=postgresql://…/an_empty_database python -m benchmarks.activity`. The database is filled once, which
takes some minutes, and stays: the next run only measures. `--export` also sends all calls as files, through a web
process, and tells its memory. New pages are added to PAGES.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.installation import set_up_on_postgresql

# The keys stay with the database.
FOLDER = os.environ.get("DATA_DIR", tempfile.gettempdir() + "/patchbay-benchmark")
set_up_on_postgresql("a million calls", DATA_DIR=FOLDER)

from django.db import connection  # noqa: E402  the apps must be loaded first
from django.test import Client  # noqa: E402

from accounts.models import ApiToken, Role, User  # noqa: E402
from accounts.texts.counting import counted  # noqa: E402
from benchmarks.large_database import DAYS, PERSON, Filled, fill  # noqa: E402
from benchmarks.tool_calls import cpu_seconds, free_port, start  # noqa: E402

ROUNDS = 7

# Every page that a person opens, the lists in admin, and what programs ask for over REST.
PAGES: list[tuple[str, Callable[[Filled], str]]] = [
    ("Accounts", lambda of: "/accounts"),
    ("Accounts, page 20", lambda of: "/accounts?page=20"),
    ("Accounts, searched", lambda of: "/accounts?q=desk+49"),
    ("Account", lambda of: f"/accounts/{of.account.pk}"),
    ("MCP servers", lambda of: f"/accounts/{of.account.pk}/mcp-servers"),
    ("MCP servers, searched", lambda of: f"/accounts/{of.account.pk}/mcp-servers?q=agent+49&status=live"),
    ("MCP server", lambda of: f"/accounts/{of.account.pk}/mcp-servers/{of.server.pk}"),
    ("Delete a server", lambda of: f"/accounts/{of.account.pk}/mcp-servers/{of.server.pk}/delete"),
    ("Create a server", lambda of: f"/accounts/{of.account.pk}/mcp-servers/create"),
    ("Edit a server", lambda of: f"/accounts/{of.account.pk}/mcp-servers/{of.server.pk}/edit"),
    ("Tools", lambda of: f"/accounts/{of.account.pk}/tools"),
    ("A tool", lambda of: f"/accounts/{of.account.pk}/tools/cases/list"),
    ("Playground", lambda of: f"/accounts/{of.account.pk}/playground?tool={of.tool}&server={of.server.pk}"),
    ("Settings", lambda of: f"/accounts/{of.account.pk}/settings"),
    ("Disconnect", lambda of: f"/accounts/{of.account.pk}/disconnect"),
    *(
        (f"{title}, {period}", lambda of, base=base, query=f"?period={period}": base(of) + query)
        for title, base in (
            ("Activity", lambda of: "/activity"),
            ("Activity of an account", lambda of: f"/accounts/{of.account.pk}/activity"),
        )
        for period in ("1h", "24h", "7d", "30d")
    ),
    ("Activity, tools, 24h", lambda of: "/activity?view=breakdown"),
    ("Activity, tools, 7d", lambda of: "/activity?view=breakdown&period=7d"),
    ("Activity, tools, 30d", lambda of: "/activity?view=breakdown&period=30d"),
    ("Activity of an account, tools, 30d", lambda of: f"/accounts/{of.account.pk}/activity?view=breakdown&period=30d"),
    ("Activity of a server, 30d", lambda of: f"/activity?server={of.server.pk}&period=30d"),
    ("Activity of a tool, 30d", lambda of: f"/activity?tool={of.tool}&period=30d"),
    ("Activity of a tool, tools, 30d", lambda of: f"/activity?tool={of.tool}&period=30d&view=breakdown"),
    ("Activity of no tool, 30d", lambda of: "/activity?tool=there_is_none&period=30d"),
    ("Activity, failures, 30d", lambda of: "/activity?outcome=failures&period=30d"),
    ("Activity, one outcome, 30d", lambda of: "/activity?outcome=unreachable&period=30d"),
    ("Activity, a client, 30d", lambda of: "/activity?client=cursor&period=30d"),
    ("Activity, no such client, 30d", lambda of: "/activity?client=nobody&period=30d"),
    ("Activity, REST, 30d", lambda of: "/activity?via=rest&period=30d"),
    ("Activity, far back", lambda of: f"/activity?period=30d&after={_micros(DAYS // 2)}-1"),
    ("A call", lambda of: f"/activity/calls/{of.call}"),
    ("API tokens", lambda of: "/api-tokens"),
    ("People", lambda of: "/people"),
    ("Audit", lambda of: "/audit"),
    ("Audit, page 1,000", lambda of: "/audit?page=1000"),
    ("Audit, of one person", lambda of: "/audit?who=benchmark"),
    ("Profile", lambda of: "/profile"),
    ("Search", lambda of: "/search?q=agent"),
    ("Search, nothing found", lambda of: "/search?q=there+is+none"),
    ("Admin", lambda of: "/admin/"),
    ("Admin: calls", lambda of: "/admin/tools/call/"),
    ("Admin: calls that failed", lambda of: "/admin/tools/call/?outcome__exact=refused"),
    ("Admin: calls, an outcome of none", lambda of: "/admin/tools/call/?outcome__exact=cancelled"),
    ("Activity, an outcome of none, 30d", lambda of: "/activity?outcome=cancelled&period=30d"),
    ("Admin: calls, searched", lambda of: "/admin/tools/call/?q=payment"),
    ("Admin: calls, page 100", lambda of: "/admin/tools/call/?p=100"),
    ("Admin: a call", lambda of: f"/admin/tools/call/{of.call}/change/"),
    ("Admin: documentation", lambda of: "/admin/tools/documentation/"),
    ("Admin: integrations", lambda of: "/admin/accounts/integration/"),
    ("Admin: audit", lambda of: "/admin/accounts/auditentry/"),
    ("Admin: accounts", lambda of: "/admin/accounts/integratedaccount/"),
    ("Admin: servers", lambda of: "/admin/mcpservers/mcpserver/"),
    ("Admin: servers, paused", lambda of: "/admin/mcpservers/mcpserver/?status=paused"),
    ("Admin: people", lambda of: "/admin/accounts/user/"),
    ("Admin: environments", lambda of: "/admin/accounts/environment/"),
    ("Admin: API tokens", lambda of: "/admin/accounts/apitoken/"),
    ("REST: accounts", lambda of: "/integrated-account"),
    ("REST: MCP servers", lambda of: f"/integrated-account/{of.account.pk}/mcp?status=live"),
    ("REST: tools", lambda of: f"/integrated-account/{of.account.pk}/tools"),
    ("REST: documentation", lambda of: "/documentation"),
    ("REST: calls", lambda of: "/call"),
    ("REST: calls that failed", lambda of: "/call?outcome=failures"),
    ("REST: calls of a tool", lambda of: f"/call?tool={of.tool}"),
    ("REST: a call", lambda of: f"/call/{of.call}"),
    ("REST: figures", lambda of: "/call/figures"),
    ("REST: figures, 30d", lambda of: f"/call/figures?since={_days_ago(DAYS)}"),
]  # fmt: skip


def _days_ago(days: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def _micros(days_ago: int) -> int:
    return int((datetime.now(UTC) - timedelta(days=days_ago)).timestamp() * 1e6)


class Asked:
    """Counts the queries to the database."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Callable[..., object], *asked: object) -> object:
        """Count the query and run it."""
        self.count += 1
        return execute(*asked)


def measure(filled: Filled, only: str) -> bool:
    """Print the milliseconds of each page, beside its processor time; return whether all stay below 300."""
    person = User.objects.get(username=PERSON)
    token, value = ApiToken.objects.issue(environment=filled.environment, name=PERSON, role=Role.ADMIN, owner=person)
    client = Client(HTTP_HOST="localhost", HTTP_AUTHORIZATION=f"Bearer {value}")
    client.force_login(person)
    try:
        return measure_pages(client, filled, only)
    finally:
        token.delete()


def measure_pages(client: Client, filled: Filled, only: str) -> bool:
    """Time the pages for a client that is signed in and sends an API token."""
    good = True
    print(f"{'page':40} {'median':>8} {'worst':>8} {'processor':>9} {'queries':>8} {'KiB':>6}")
    for name, address in PAGES:
        if only.lower() not in name.lower():
            continue
        path = address(filled)
        asked = Asked()
        with connection.execute_wrapper(asked):
            response = client.get(path)
        if response.status_code != 200:
            print(f"{name:40} answers {response.status_code}: {path}")
            good = False
            continue
        times, used = [], []
        for _ in range(ROUNDS):
            started, busy = time.perf_counter(), time.process_time()
            client.get(path)
            times.append((time.perf_counter() - started) * 1000)
            used.append((time.process_time() - busy) * 1000)
        good = good and statistics.median(times) < 300
        size = len(response.content) / 1024
        print(
            f"{name:40} {statistics.median(times):8.0f} {max(times):8.0f} {statistics.median(used):9.0f} "
            f"{asked.count:8} {size:6.0f}"
        )
    return good


def measure_export() -> None:
    """Export all calls through a separate web process; print rows, seconds and its peak memory."""
    client = Client(HTTP_HOST="localhost")
    client.force_login(User.objects.get(username=PERSON))
    port = free_port()
    web = start(["-m", "config.serve"], {"PORT": str(port), "LOG_LEVEL": "WARNING"}, port)
    try:
        for shape in ("csv", "jsonl"):
            before, used = _memory(web.pid, "VmRSS"), cpu_seconds(web)
            request = urllib.request.Request(
                f"http://localhost:{port}/activity/export?format={shape}&period=custom&since=2020-01-01T00:00",
                headers={"Cookie": f"sessionid={client.cookies['sessionid'].value}"},
            )
            started, lines, size = time.perf_counter(), 0, 0
            with urllib.request.urlopen(request) as response:
                first = None
                while piece := response.read1(65536):
                    first = first or time.perf_counter() - started
                    lines += piece.count(b"\n")
                    size += len(piece)
            print(
                f"{shape:5} {counted(lines, 'line')}, {size / 2**20:.0f} MiB in {time.perf_counter() - started:.1f} s "
                f"({cpu_seconds(web) - used:.1f} s of processor), first byte after {(first or 0) * 1000:.0f} ms; "
                f"memory {before / 1024:.0f} MiB before, at most {_memory(web.pid, 'VmHWM') / 1024:.0f} MiB"
            )
    finally:
        web.terminate()
        web.wait(20)


def _memory(process: int, name: str) -> int:
    """Return one figure of a process's memory, in KiB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split(f"{name}:")[1].split()[0])


def main() -> None:
    """Fill the database, measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--export", action="store_true", help="also send all calls as files")
    parser.add_argument("--only", default="", help="only pages whose name holds this")
    options = parser.parse_args()
    good = measure(fill(), options.only)
    if options.export:
        measure_export()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
