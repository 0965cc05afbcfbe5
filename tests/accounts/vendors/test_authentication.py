"""How credentials that stay as they are go on requests, and that they go nowhere else."""

import base64
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from channels.db import database_sync_to_async
from prometheus_client import REGISTRY, generate_latest

from accounts.errors import ConnectionRefused
from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import AuditEntry, Environment, IntegratedAccount, Integration
from accounts.vendors.connection import connect
from mcpservers.lifecycle import create_server
from tests.bundles import load_bundle
from tests.conftest import ThreadedServer
from tests.mcp_client import McpClient
from tests.mcpservers.conftest import upstream
from tests.vendors.desk import DESK
from tests.vendors.scripted import Received, ScriptedVendor
from tools.models import Call
from tools.record.recorder import recorder

KEY = "k3y/with+odd&signs="
QUOTED = "k3y%2Fwith%2Bodd%26signs%3D"
PAIR = base64.b64encode(f"{KEY}:x".encode()).decode()
LIST = "list_all_desk_tickets"
KINDS = {
    "query": {"kind": "api_key", "query": "api_key", "value": "{key}"},
    "header": {"kind": "api_key", "header": "X-Key", "value": "Key {key}"},
    "bearer": {"kind": "bearer", "token": "{key}"},
    "keys": {
        "kind": "api_keys",
        "keys": [{"header": "X-Key", "value": "Key {key}"}, {"query": "app", "value": "{key}"}],
    },
    "basic": {"kind": "basic", "username": "{key}", "password": "x"},
}


@pytest.fixture(scope="module")
def serving() -> Iterator[tuple[ScriptedVendor, str]]:
    """A vendor for these tests, and its address."""
    vendor = ScriptedVendor()
    server = ThreadedServer(vendor)
    yield vendor, server.begin()
    server.end()


@pytest.fixture
def vendor(serving: tuple[ScriptedVendor, str]) -> ScriptedVendor:
    """A vendor that does as the test says."""
    serving[0].reset()
    return serving[0]


def account_of(environment: Environment, address: str, kind: str) -> IntegratedAccount:
    """Connect an account whose definition declares this kind."""
    integration = Integration.objects.get(pk=load_bundle(DESK).integration.pk)
    integration.definition["authentication"] = KINDS[kind]
    integration.save()
    return connect_account(
        environment, integration, "tests", name="Desk", fields={"key": KEY}, base_url=address, verify=False
    )


@pytest.fixture
def account(
    transactional_db: None,
    environment: Environment,
    vendor: ScriptedVendor,
    serving: tuple[ScriptedVendor, str],
    request: pytest.FixtureRequest,
) -> IntegratedAccount:
    """An account of the kind that the test names; of the query unless it does."""
    return account_of(environment, serving[1], getattr(request, "param", "query"))


@pytest.fixture
def desk(account: IntegratedAccount, upstream: None) -> McpClient:
    """A client of a server with every tool of the account."""
    return McpClient(create_server(account, "tests", name="Desk", methods=[], tags=[])[1])


def carried(request: Received) -> dict[str, Any]:
    """Return where a request carries what."""
    return {
        "query": request.query,
        "X-Key": request.header("X-Key"),
        "Authorization": request.header("Authorization"),
    }


@pytest.mark.parametrize(
    ("account", "where", "value"),
    [
        ("query", "query", f"size=10&start=0&api_key={QUOTED}"),
        ("header", "X-Key", [f"Key {KEY}"]),
        ("bearer", "Authorization", [f"Bearer {KEY}"]),
        ("basic", "Authorization", [f"Basic {PAIR}"]),
    ],
    indirect=["account"],
)
async def test_each_kind_goes_where_the_definition_says_and_nowhere_else(
    desk: McpClient, vendor: ScriptedVendor, where: str, value: object
) -> None:
    vendor.body = b'{"data": []}'
    await desk.value(LIST)
    sent = carried(vendor.last)
    assert sent.pop(where) == value
    assert KEY not in str(sent)
    assert QUOTED not in str(sent)


@pytest.mark.parametrize("account", ["keys"], indirect=True)
async def test_several_keys_go_on_a_request_together(
    desk: McpClient, vendor: ScriptedVendor, account: IntegratedAccount
) -> None:
    vendor.body = b'{"data": []}'
    await desk.value(LIST)
    assert carried(vendor.last) == {
        "query": f"size=10&start=0&app={QUOTED}",
        "X-Key": [f"Key {KEY}"],
        "Authorization": [],
    }
    authentication = connect(account, account.integration.parsed()).authentication
    assert authentication.stripped(authentication.target("/a?app=mine&b=1")) == "/a?b=1"


async def test_a_key_in_the_query_takes_the_place_of_one_that_stands_there(account: IntegratedAccount) -> None:
    authentication = connect(account, account.integration.parsed()).authentication
    for target in ("/a?api_key=mine&b=1", "/a?b=1&api%5Fkey=mine", "/a?b=1"):
        assert authentication.target(target) == f"/a?b=1&api_key={QUOTED}"
    assert authentication.target("/a") == f"/a?api_key={QUOTED}"
    assert authentication.stripped(f"/a?api_key={QUOTED}") == "/a"


async def test_a_key_that_a_vendor_repeats_in_its_error_is_taken_out(desk: McpClient, vendor: ScriptedVendor) -> None:
    vendor.status, vendor.body = 400, f'{{"error": {{"text": "Bad: /tickets?api_key={QUOTED} ({KEY})"}}}}'.encode()
    words = await desk.failure(LIST)
    assert "/tickets?api_key=•••" in words
    assert KEY not in words
    assert QUOTED not in words


async def test_a_key_that_a_vendor_repeats_in_the_next_page_s_link_is_in_no_cursor_and_sent_once(
    desk: McpClient, vendor: ScriptedVendor, account: IntegratedAccount
) -> None:
    def with_links() -> None:
        integration = Integration.objects.get()
        integration.definition["pagination"] = {"kind": "link", "limit_parameter": "size"}
        integration.save()
        integration.touch()

    await database_sync_to_async(with_links)()
    vendor.body = b'{"data": [1]}'
    vendor.headers = {"Link": f'<{account.base_url}/tickets?api_key={QUOTED}&after=7>; rel="next"'}
    cursor = (await desk.value(LIST, {"limit": 1}))["next_cursor"]
    opened = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert b"after=7" in opened
    assert b"k3y" not in opened
    await desk.value(LIST, {"limit": 1, "next_cursor": cursor})
    assert vendor.last.query.count("api_key") == 1
    assert "after=7" in vendor.last.query


@pytest.mark.parametrize("account", ["basic"], indirect=True)
async def test_a_key_that_is_a_user_name_is_taken_out_too(desk: McpClient, vendor: ScriptedVendor) -> None:
    vendor.status, vendor.body = 400, f'{{"error": {{"text": "Nobody is called {KEY}: {PAIR}"}}}}'.encode()
    words = await desk.failure(LIST)
    assert KEY not in words
    assert PAIR not in words


@pytest.mark.parametrize("account", list(KINDS), indirect=True)
async def test_no_key_reaches_the_record_a_log_a_metric_or_a_cursor(
    desk: McpClient, vendor: ScriptedVendor, account: IntegratedAccount, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    vendor.body = b'{"data": [%s]}' % b",".join([b"1"] * 10)
    page = await desk.value(LIST, {"limit": 10})
    assert page["next_cursor"]
    vendor.status = 500
    failed = await desk.failure(LIST)
    await database_sync_to_async(recorder.flush)()
    rows = [str(row) async for row in Call.objects.values()]
    assert len(rows) == 2
    audit = [str(entry) async for entry in AuditEntry.objects.values()]
    seen = "\n".join([*rows, *audit, failed, str(page), caplog.text, generate_latest(REGISTRY).decode()])
    for secret in (KEY, QUOTED, PAIR):
        assert secret not in seen
    assert KEY not in repr(connect(await IntegratedAccount.objects.aget(), account.integration.parsed()))


async def test_a_401_is_not_asked_again_and_does_not_mark_the_account(
    desk: McpClient, vendor: ScriptedVendor, account: IntegratedAccount
) -> None:
    vendor.status = 401
    assert "credentials no longer work" in await desk.failure(LIST)
    assert len(vendor.received) == 1
    assert (await IntegratedAccount.objects.aget()).status == "active"


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_connection_test_that_fails_does_not_tell_the_key(
    environment: Environment, vendor: ScriptedVendor, serving: tuple[ScriptedVendor, str], kind: str
) -> None:
    account = account_of(environment, serving[1], kind)
    vendor.status, vendor.body = 401, f'{{"error": {{"text": "{KEY} {QUOTED} {PAIR}"}}}}'.encode()
    with pytest.raises(ConnectionRefused) as refused:
        connect_account(
            environment, account.integration, "tests", name="B", fields={"key": KEY}, base_url=account.base_url
        )
    assert "•••" in str(refused.value)
    for secret in (KEY, QUOTED, PAIR) if kind == "basic" else (KEY, QUOTED):
        assert secret not in str(refused.value)


__all__ = ["upstream"]
