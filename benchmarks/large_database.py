"""A database of 1,000,000 calls, 500 accounts, 5,000 servers and 100,000 changes for the benchmarks."""

import random
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core.management import call_command
from django.db import connection

from accounts.models import AuditEntry, Environment, IntegratedAccount, Integration, Membership, Role, User
from accounts.texts.counting import counted
from accounts.tokens import MCP_PREFIX, mint
from mcpservers.models import MCPServer
from tools.catalogue.compilation import catalogue_of
from tools.models import Call, CallFigures
from tools.record.rollups import add_up_everything

ACCOUNTS, SERVERS, CALLS = 500, 5000, 1_000_000
ENTRIES = 100_000
DAYS = 30
PERSON = "benchmark"
CLIENTS = ("Claude 1.8", "ChatGPT 2026.10", "claude-code 2.1", "Cursor 3.0", "n8n 2", "")
OUTCOMES = {"ok": 94, "refused": 2, "invalid": 2, "rate_limited": 1, "unreachable": 1}
COLUMNS = (
    "environment_id, account_id, server_id, via, client, tool, access, arguments, outcome, error, upstream_status,"
    " started_at, duration_ms, before_ms, upstream_ms, upstream_bytes, result_chars"
)


@dataclass(frozen=True)
class Filled:
    """The rows that the measured pages show: the account and the server with the most calls, and one call."""

    environment: Environment
    account: IntegratedAccount
    server: MCPServer
    call: int
    tool: str


def fill() -> Filled:
    """Fill the database unless it is filled already."""
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
        rows = counted(CallFigures.objects.count(), "row")
        print(f"added up in {time.perf_counter() - started:.1f} s: {rows} of figures")
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
    """Write calls in order. Some servers are used far more than others, and each mostly uses a few tools."""
    chance = random.Random(7)
    environment = Environment.objects.get(name="Benchmark")
    servers = list(MCPServer.objects.values_list("pk", "account_id"))
    chance.shuffle(servers)
    tools = [(tool.name, tool.method.access) for tool in catalogue_of(Integration.objects.get(name="fuse_desk"))]
    step = timedelta(days=DAYS) / CALLS
    began = datetime.now(UTC) - timedelta(days=DAYS)

    def rows() -> Iterator[tuple[object, ...]]:
        for number in range(CALLS):
            # Half of the calls spread over all servers, half to the busiest ones.
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
