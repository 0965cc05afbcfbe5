"""`manage.py demo`: a demo environment whose account is connected to the bundled simulator."""

import json
import secrets
from argparse import ArgumentParser
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction

from accounts.api_tokens.issue import issue_token
from accounts.errors import ConnectionRefused
from accounts.integrated_accounts.check import check_account
from accounts.integrated_accounts.lifecycle import connect_account, reconnect_account
from accounts.management.keyed import KeyedCommand
from accounts.models import Environment, IntegratedAccount, Integration, Membership, Role, User
from config.environment import kept_secret
from config.management.commands.up import run_processes
from mcpservers.lifecycle import create_server

USERNAME = "demo"
ENVIRONMENT = "Demo"
INTEGRATION = "fuse_desk"
ACCOUNT = "Acme FuseDesk"
SIMULATOR_KEY = "fd-demo-key"


@dataclass(frozen=True)
class Demo:
    """The addresses and credentials of the demo; `--json` prints them."""

    dashboard_url: str
    username: str
    password: str
    api_token: str
    integrated_account_id: str
    mcp_server_id: str
    mcp_url: str
    simulator_url: str


class Command(KeyedCommand):
    """Seed the demo, and print how to use it."""

    help = "Seed the demo environment; each call issues a fresh API token and a fresh MCP server."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare --json for programs, and --up to run every process too."""
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")
        parser.add_argument("--up", action="store_true", help="Then run every process in the foreground.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed the demo, print how to use it, and with --up run the processes."""
        if not settings.LOCAL:
            raise CommandError("The demo creates a superuser called demo, which has no place in production (DEBUG=0).")
        demo = seed()
        if options["json"]:
            self.stdout.write(json.dumps(asdict(demo)))
        elif not options["up"]:
            self.stdout.write(banner(demo))
        if options["up"]:
            raise SystemExit(run_processes(when_ready=lambda: self._greet(demo)))

    def _greet(self, demo: Demo) -> None:
        """Print how to use the demo, and test its account, now that the simulator is running."""
        as_json = settings.LOG_FORMAT == "json"  # then every line is an object
        self.stdout.write(json.dumps(asdict(demo)) if as_json else banner(demo))
        self.stdout.flush()
        account = IntegratedAccount.objects.select_related("integration").get(pk=demo.integrated_account_id)
        # With SIMULATOR=0 the test fails, and the account's page says so.
        with suppress(ConnectionRefused):
            check_account(account, "the demo")


def seed() -> Demo:
    """Create missing parts of the demo, and issue a new token and a new server."""
    if not Integration.objects.filter(name=INTEGRATION).exists():  # `make setup` has loaded them all
        call_command("load_integration", verbosity=0)
    password = kept_secret(settings.DATA_DIR / "demo-password.secret", secrets.token_urlsafe(12))
    simulator_url = f"http://127.0.0.1:{settings.SIMULATOR_PORT}"
    with transaction.atomic():
        user, environment = seed_person(password)
        account = seed_account(environment, user, f"{simulator_url}/api")
        _, token = issue_token(environment, "the command demo", name="Demo", role=Role.ADMIN)
        server, mcp_token = create_server(
            account, user, name="Demo agent", methods=["read", "write", "custom"], tags=[]
        )
    return Demo(
        dashboard_url=settings.PUBLIC_URL,
        username=USERNAME,
        password=password,
        api_token=token,
        integrated_account_id=str(account.pk),
        mcp_server_id=str(server.pk),
        mcp_url=f"{settings.PUBLIC_URL}/mcp/{mcp_token}",
        simulator_url=simulator_url,
    )


def seed_person(password: str) -> tuple[User, Environment]:
    """Return the demo's user, with this password, as admin of its environment."""
    user, _ = User.objects.get_or_create(
        username=USERNAME, defaults={"is_staff": True, "is_superuser": True, "email": "demo@example.com"}
    )
    if not user.check_password(password):
        user.set_password(password)
        user.save()
    environment, _ = Environment.objects.get_or_create(name=ENVIRONMENT)
    Membership.objects.get_or_create(environment=environment, user=user, defaults={"role": Role.ADMIN})
    return user, environment


def seed_account(environment: Environment, user: User, base_url: str) -> IntegratedAccount:
    """Return the demo's account, connected to the simulator, which need not be running yet."""
    account = IntegratedAccount.objects.filter(environment=environment, name=ACCOUNT).first()
    if account is None:
        return connect_account(
            environment,
            Integration.objects.get(name=INTEGRATION),
            user,
            name=ACCOUNT,
            fields={"app_name": "acme", "api_key": SIMULATOR_KEY},
            base_url=base_url,
            verify=False,
        )
    if account.base_url != base_url:
        reconnect_account(account, user, fields={"api_key": SIMULATOR_KEY}, base_url=base_url, verify=False)
    return account


def banner(demo: Demo) -> str:
    """Return instructions for using the demo."""
    call = {"name": "list_all_fuse_desk_cases", "arguments": {"status": "open", "limit": 3}}
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call})
    return f"""
Patchbay is ready.

  Dashboard   {demo.dashboard_url}
  Sign in     {demo.username} / {demo.password}
  MCP URL     {demo.mcp_url}
  API token   {demo.api_token}
  Simulator   {demo.simulator_url}

Paste the MCP URL into an MCP client, or try it here:

  curl -s '{demo.mcp_url}' -H 'Content-Type: application/json' \\
    -d '{request}'

Ctrl-C ends every process.
"""
