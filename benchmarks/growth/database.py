"""A database that has grown: integrations like FuseDesk, accounts at the simulator, servers, calls in the record."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.management import call_command
from django.db import connection

from accounts.models import Environment, IntegratedAccount, Integration, Membership, Role, User
from accounts.tokens import MCP_PREFIX, mint
from accounts.vendors.routes import approve
from accounts.vendors.secret_routes import routes_of_account
from mcpservers.models import MCPServer
from tools.models import Documentation
from tools.record.rollups import add_up_everything

PERSON = "benchmark"
SERVERS_AN_ACCOUNT = 5
CALLED = "list_all_fuse_desk_cases"
SIMULATOR_KEY = "fd-demo-key"
DAYS = 30
# Calls spread over all servers and the last month, with the columns that a call of the simulator has.
CALLS = """
INSERT INTO tools_call (environment_id, account_id, server_id, via, client, tool, access, arguments, outcome, error,
    upstream_status, started_at, duration_ms, before_ms, upstream_ms, upstream_bytes, result_chars)
SELECT a.environment_id, s.account_id, s.id, 'mcp', 'Claude 1.8', 'list_all_fuse_desk_cases', 'read',
    '{"limit": 25, "status": "open"}', 'ok', '', 200, now() - (n * interval '1 second' * %s / %s), 120, 1.2, 118,
    4200, 3900
FROM generate_series(1, %s) n
JOIN (SELECT id, account_id, row_number() OVER () - 1 AS place FROM mcpservers_mcpserver) s
    ON s.place = n %% (SELECT count(*) FROM mcpservers_mcpserver)
JOIN accounts_integratedaccount a ON a.id = s.account_id
"""


@dataclass(frozen=True)
class FilledDatabase:
    """A database to which accounts at one vendor, and their servers, can be added."""

    environment: Environment
    integrations: list[Integration]
    base_url: str

    def add(self, servers: int) -> list[str]:
        """Add servers; return the token of each, those of one integration far apart."""
        first = IntegratedAccount.objects.count()
        numbers = range(first, first - (-servers // SERVERS_AN_ACCOUNT))
        accounts = [self._account(number) for number in numbers]
        IntegratedAccount.objects.bulk_create(accounts, batch_size=500)
        tokens = dict(_servers(accounts, servers))
        MCPServer.objects.bulk_create(tokens.values(), batch_size=500)
        return [*tokens]

    def _account(self, number: int) -> IntegratedAccount:
        integration = self.integrations[number % len(self.integrations)]
        return _account(self.environment, integration, number, self.base_url)


def fill(integrations: int, base_url: str) -> FilledDatabase:
    """Fill an empty database with integrations."""
    call_command("migrate", verbosity=0)
    call_command("load_integration", verbosity=0)
    person = User.objects.create_superuser(PERSON, password=uuid.uuid4().hex)
    environment = Environment.objects.create(name="Benchmark")
    Membership.objects.create(environment=environment, user=person, role=Role.ADMIN)
    return FilledDatabase(environment, [_integration(number) for number in range(integrations)], base_url)


def fill_record(calls: int) -> None:
    """Add calls to the record, and their figures."""
    with connection.cursor() as cursor:
        cursor.execute(CALLS, [DAYS * 86_400, calls, calls])
    add_up_everything()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        # What PostgreSQL still has to write would slow down what is measured next.
        cursor.execute("CHECKPOINT")


def _integration(number: int) -> Integration:
    """Return FuseDesk, or a copy of it under another name."""
    original = Integration.objects.get(name="fuse_desk")
    if not number:
        return original
    name, label = f"fuse_desk_{number}", f"FuseDesk {number}"
    copy = Integration.objects.create(
        name=name, label=label, definition={**original.definition, "name": name, "label": label}
    )
    records = list(Documentation.objects.filter(integration=original))
    for record in records:
        record.pk, record.integration = None, copy
        if (record.resource, record.method) == ("cases", "list"):
            record.tool_name = CALLED
    Documentation.objects.bulk_create(records)
    return copy


def _account(environment: Environment, integration: Integration, number: int, base_url: str) -> IntegratedAccount:
    account = IntegratedAccount(
        environment=environment, integration=integration, name=f"Help desk {number:05}", base_url=base_url,
        connection={"app_name": f"desk{number}"},
    )  # fmt: skip
    account.set_credentials({"api_key": SIMULATOR_KEY})
    approve(account, routes_of_account(account, integration.parsed()))
    return account


def _servers(accounts: list[IntegratedAccount], count: int) -> Iterable[tuple[str, MCPServer]]:
    for number in range(count):
        token = mint(MCP_PREFIX)
        server = MCPServer(account=accounts[number % len(accounts)], name=f"Agent {number:05}", created_by=PERSON)
        server.take_token(token)
        yield token.value, server
