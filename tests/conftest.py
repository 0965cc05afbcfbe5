"""What tests share: an environment with three kinds of people, the FuseDesk integration, a connected account."""

from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from typing import Any

import httpx
import hypothesis
import pytest
import pytest_asyncio
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker

from accounts.caches.change_watch import change_watch
from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import ApiToken, Environment, IntegratedAccount, Integration, Membership, Role, User
from accounts.vendors.upstream import close_shared_upstream
from config.start import has_started
from demo.simulator import create_app
from mcpservers.last_seen import finish_writing
from mcpservers.lifecycle import create_server
from mcpservers.models import MCPServer
from tests import economy
from tests.bundles import load_bundle
from tests.fuse_desk import BUNDLE, SIMULATOR_KEY
from tests.mcp_client import McpClient
from tests.people import People
from tests.serving import served
from tools.record.recorder import recorder

pytest_plugins = ["tests.scratch", "tests.vendors.fixtures", "tests.vendors.imported"]


# The suite tries the same examples each time, so that what failed fails again; `make test-properties` tries others.
hypothesis.settings.register_profile("same", derandomize=True, database=None)
hypothesis.settings.register_profile("others", max_examples=1000, deadline=None, print_blob=True)
hypothesis.settings.load_profile("same")


def pytest_configure() -> None:
    """Log as a process that has started; hash passwords fast: tests make many people, and none of them is attacked."""
    has_started()
    # Tests are made for each model of the admin, which is only filled with the pages.
    import_module(settings.ROOT_URLCONF)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    economy.leave_out_grammars()
    economy.empty_tables_in_one_statement()
    economy.list_static_files_once()
    economy.share_one_tls_context()
    economy.read_definitions_once()
    economy.compile_bundles_once()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """End the sessions of other threads before the test database is dropped: PostgreSQL keeps one that is in use."""
    with django_db_blocker.unblock():
        if connection.introspection.table_names():  # a run of tests that need no database makes none
            economy.keep_permissions()
    with economy.database_kept_open():
        yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock():
            # First, or a pool would replace what is ended below.
            _close_all()
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            _close_all()


def _close_all() -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # the wrapper of PostgreSQL alone has it


@pytest.fixture(scope="session")
def simulator() -> Iterator[str]:
    """The address of a FuseDesk simulator; private to the session, whose knobs tests must reset."""
    with served(create_app(hourly_limit=0)) as address:
        yield address


@pytest.fixture(autouse=True)
def _start_of_history() -> None:
    """Let the process look at the log for the first time: emptied tables look like another history."""
    change_watch.start()


@pytest.fixture(autouse=True)
def _reach_simulator(request: pytest.FixtureRequest, settings: object) -> None:
    """Let upstream calls reach this machine, as the demo's setting does."""
    settings.UPSTREAM_PRIVATE_HOSTS = frozenset({"127.0.0.1"})  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _without_names(settings: object) -> None:
    """Ask the vendor for nothing but what a test calls; those of names switch them on."""
    settings.NAMES_SECONDS = 0  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _nothing_left_queued(_django_db_helper: None) -> Iterator[None]:
    """Keep one test's calls out of the next one's record.

    It stands on the database's fixture, so as to end before that one empties the tables.
    """
    yield
    recorder.discard()


@pytest.fixture
def environment(db: None) -> Environment:
    """The environment that most tests work in."""
    return Environment.objects.create(name="Production")


@pytest.fixture
def people(environment: Environment) -> People:
    """An admin, an operator, a viewer, and somebody from another environment."""
    elsewhere = Environment.objects.create(name="Elsewhere")
    made = {name: User.objects.create_user(name, password=f"{name}-pass-1") for name in ("ana", "olga", "tim", "max")}
    Membership.objects.create(environment=environment, user=made["ana"], role=Role.ADMIN)
    Membership.objects.create(environment=environment, user=made["olga"], role=Role.OPERATOR)
    Membership.objects.create(environment=environment, user=made["tim"], role=Role.VIEWER)
    Membership.objects.create(environment=elsewhere, user=made["max"], role=Role.ADMIN)
    return People(made["ana"], made["olga"], made["tim"], made["max"], elsewhere)


@pytest.fixture
def integration(db: None) -> Integration:
    """The FuseDesk integration, as the bundle brings it."""
    return load_bundle(BUNDLE.read_text()).integration


@pytest.fixture
def account(environment: Environment, integration: Integration, simulator: str) -> IntegratedAccount:
    """A FuseDesk account that is connected to the simulator."""
    return connect_account(
        environment,
        integration,
        "tests",
        name="Acme FuseDesk",
        fields={"app_name": "acme", "api_key": SIMULATOR_KEY},
        base_url=f"{simulator}/api",
        verify=False,
    )


@pytest.fixture
def server(account: IntegratedAccount) -> tuple[MCPServer, str]:
    """An MCP server with every tool, and its token."""
    return create_server(account, "tests", name="Triage Agent", methods=[], tags=[])


@pytest.fixture
def admin_token(environment: Environment) -> str:
    """An API token of the environment that may do everything."""
    return ApiToken.objects.issue(environment=environment, name="automation", role=Role.ADMIN, owner=None)[1]


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[None]:
    """Close the connections to the vendor that a test's event loop opened, and finish what it was writing."""
    yield
    await finish_writing()
    await close_shared_upstream()


@pytest.fixture
def mcp(transactional_db: None, server: tuple[MCPServer, str], upstream: None) -> McpClient:
    """A client of a server with every tool."""
    return McpClient(server[1])


@pytest.fixture(scope="session")
def untouched(simulator: str) -> Any:
    """What the simulator tells of its knobs and counts once it has been reset."""
    return httpx.post(f"{simulator}/_control/reset").json()


@pytest.fixture
def vendor(simulator: str, untouched: Any) -> Iterator[httpx.Client]:
    """The simulator's control, put back before and afterwards."""
    with httpx.Client(base_url=simulator) as control:
        _put_back(control, untouched)
        yield control
        _put_back(control, untouched)


def _put_back(control: httpx.Client, untouched: Any) -> None:
    """Reset a simulator that anything has changed: it takes 10 ms to make its data anew."""
    if control.get("/_control").json() != untouched:
        control.post("/_control/reset")
