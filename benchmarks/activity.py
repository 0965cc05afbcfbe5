"""How long each page takes with 1,000,000 calls, 500 accounts, 5,000 servers and 100,000 changes in PostgreSQL.

Run as `DATABASE_URL=postgresql://…/an_empty_database python -m benchmarks.activity`. The database is filled once, which
takes some minutes, and stays: the next run only measures. `--export` also sends all calls as files, through a web
process, and tells its memory. New pages are added to PAGES.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DATA_DIR", tempfile.gettempdir() + "/patchbay-benchmark")
if not os.environ.get("DATABASE_URL", "").startswith("postgresql://"):
    sys.exit("Set DATABASE_URL to an empty PostgreSQL database: it is filled with a million calls.")
django.setup()

from django.core.management import call_command  # noqa: E402  the apps must be loaded first
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from accounts.models import (  # noqa: E402
    ApiToken,
    AuditEntry,
    Environment,
    IntegratedAccount,
    Integration,
    Membership,
    Role,
    User,
)
from accounts.tokens import MCP_PREFIX, mint  # noqa: E402
from benchmarks.tool_calls import cpu_seconds, free_port, start  # noqa: E402
from mcpservers.models import MCPServer  # noqa: E402
from tools.catalogue import catalogue_of  # noqa: E402
from tools.models import Call, CallFigures  # noqa: E402
from tools.rollups import add_up_everything  # noqa: E402

ACCOUNTS, SERVERS, CALLS = 500, 5000, 1_000_000
ENTRIES = 100_000
DAYS = 30
ROUNDS = 7
PERSON = "benchmark"
CLIENTS = ("Claude 1.8", "ChatGPT 2026.10", "claude-code 2.1", "Cursor 3.0", "n8n 2", "")
OUTCOMES = {"ok": 94, "refused": 2, "invalid": 2, "rate_limited": 1, "unreachable": 1}
COLUMNS = (
    "environment_id, account_id, server_id, via, client, tool, access, arguments, outcome, error, upstream_status,"
    " started_at, duration_ms, before_ms, upstream_ms, upstream_bytes, result_chars"
)


@dataclass(frozen=True)
class Filled:
    """What pages are about: the account and the server with the most calls, and one call."""

    environment: Environment
    account: IntegratedAccount
    server: MCPServer
    call: int
    tool: str


def fill() -> Filled:
    """Fill the database unless that was done before."""
    call_command("migrate", verbosity=0)
    if not User.objects.filter(username=PERSON).exists():
        call_command("load_integration", verbosity=0)
        started = time.perf_counter()
        _make_accounts()
        _make_calls()
        print(f"filled in {time.perf_counter() - started:.0f} s")
    if AuditEntry.objects.count() < ENTRIES:
        _make_entries()
    if not CallFigures.objects.exists():
        started = time.perf_counter()
        add_up_everything()
        print(f"added up in {time.perf_counter() - started:.1f} s: {CallFigures.objects.count():,} rows of figures")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT server_id FROM tools_call GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
        server = MCPServer.objects.select_related("account__environment").get(pk=cursor.fetchone()[0])
    call = Call.objects.filter(server_id=server.pk).latest("started_at")
    return Filled(server.account.environment, server.account, server, call.pk, call.tool)


def _make_accounts() -> None:
    person = User.objects.create_superuser(PERSON, password=uuid.uuid4().hex)
    environment = Environment.objects.create(name="Benchmark")
    Membership.objects.create(environment=environment, user=person, role=Role.ADMIN)
    integration = Integration.objects.get(name="fuse_desk")
    accounts = IntegratedAccount.objects.bulk_create(
        IntegratedAccount(environment=environment, integration=integration, name=f"Help desk {number:03}")
        for number in range(ACCOUNTS)
    )
    servers = []
    for number in range(SERVERS):
        server = MCPServer(account=accounts[number % ACCOUNTS], name=f"Agent {number:04}", created_by=PERSON)
        server.take_token(mint(MCP_PREFIX))
        servers.append(server)
    MCPServer.objects.bulk_create(servers, batch_size=500)


def _make_entries() -> None:
    environment = Environment.objects.get(name="Benchmark")
    began = datetime.now(UTC) - timedelta(days=DAYS)
    AuditEntry.objects.bulk_create(
        (
            AuditEntry(
                actor=PERSON, action="mcp_server.changed", environment_id=environment.pk, target_id=str(number),
                target_name=f"Agent {number % SERVERS:04}", at=began + number * timedelta(seconds=25),
            )
            for number in range(ENTRIES)
        ),
        batch_size=2000,
    )  # fmt: skip


def _make_calls() -> None:
    """Write calls in their order. Some servers are used far more than others, and each uses a few tools mostly."""
    chance = random.Random(7)
    environment = Environment.objects.get(name="Benchmark")
    servers = list(MCPServer.objects.values_list("pk", "account_id"))
    chance.shuffle(servers)
    tools = [(tool.name, tool.method.access) for tool in catalogue_of(Integration.objects.get(name="fuse_desk"))]
    step = timedelta(days=DAYS) / CALLS
    began = datetime.now(UTC) - timedelta(days=DAYS)

    def rows() -> Iterator[tuple[object, ...]]:
        for number in range(CALLS):
            # Half of the calls spread over all servers, half on the busiest.
            place = chance.randrange(SERVERS) if number % 2 else min(int(chance.paretovariate(0.6)), SERVERS - 1)
            server_id, account_id = servers[place]
            tool, access = tools[min(int(chance.expovariate(0.15)), len(tools) - 1)]
            outcome = chance.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
            upstream = chance.lognormvariate(4.8, 0.7)
            yield (
                environment.pk, account_id, server_id, "mcp", CLIENTS[number % len(CLIENTS)], tool, access,
                '{"limit": 25, "status": "open", "search": "two card payments for one invoice"}', outcome,
                "" if outcome == "ok" else "FuseDesk refused the call: the key may not do that.",
                200 if outcome == "ok" else 403, began + number * step, upstream + 3, 1.2, upstream, 4200, 3900,
            )  # fmt: skip

    with connection.cursor() as cursor, cursor.copy(f"COPY tools_call ({COLUMNS}) FROM STDIN") as copy:
        for row in rows():
            copy.write_row(row)


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
    """Counts the questions to the database."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Callable[..., object], *asked: object) -> object:
        """Ask, and count."""
        self.count += 1
        return execute(*asked)


def measure(filled: Filled, only: str) -> bool:
    """Print the milliseconds of each page, those of this processor beside; return whether all stay below 300."""
    person = User.objects.get(username=PERSON)
    token, value = ApiToken.objects.issue(
        environment=filled.environment, name=PERSON, role=Role.ADMIN, created_by=person
    )
    client = Client(HTTP_HOST="localhost", HTTP_AUTHORIZATION=f"Bearer {value}")
    client.force_login(person)
    try:
        return measure_pages(client, filled, only)
    finally:
        token.delete()


def measure_pages(client: Client, filled: Filled, only: str) -> bool:
    """Do so as a client that is signed in and sends an API token."""
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
    """Send all calls through a web process of its own; print rows, seconds and the most memory it took."""
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
                f"{shape:5} {lines:,} lines, {size / 2**20:.0f} MiB in {time.perf_counter() - started:.1f} s "
                f"({cpu_seconds(web) - used:.1f} s of processor), first byte after {(first or 0) * 1000:.0f} ms; "
                f"memory {before / 1024:.0f} MiB before, at most {_memory(web.pid, 'VmHWM') / 1024:.0f} MiB"
            )
    finally:
        web.terminate()
        web.wait(20)


def _memory(process: int, name: str) -> int:
    """Return a figure of a process's memory in KiB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split(f"{name}:")[1].split()[0])


def main() -> None:
    """Fill, measure, print."""
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
