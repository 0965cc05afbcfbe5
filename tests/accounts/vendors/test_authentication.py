"""How credentials that stay as they are go on requests, and that they go nowhere else."""

import base64
import logging
from typing import Any

import pytest
from channels.db import database_sync_to_async
from prometheus_client import REGISTRY, generate_latest

from accounts.errors import ConnectionRefused
from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import AuditEntry, Environment, IntegratedAccount, Integration
from accounts.vendors.connection import connect
from tests.accounts.vendors.keyed import KEY, KINDS, LIST, PAIR, QUOTED, account_of
from tests.mcp_client import McpClient
from tests.vendors.application import Request
from tests.vendors.scripted import ScriptedVendor
from tools.models import Call
from tools.record.recorder import recorder


def carried(request: Request) -> dict[str, Any]:
    """Return where a request carries what."""
    return {
        "query": request.query,
        "X-Key": request.header("X-Key"),
        "Authorization": request.header("Authorization"),
    }


@pytest.mark.parametrize(
    ("keyed_account", "where", "value"),
    [
        ("query", "query", f"size=11&start=0&api_key={QUOTED}"),
        ("header", "X-Key", [f"Key {KEY}"]),
        ("bearer", "Authorization", [f"Bearer {KEY}"]),
        ("basic", "Authorization", [f"Basic {PAIR}"]),
    ],
    indirect=["keyed_account"],
)
async def test_each_kind_goes_where_the_definition_says_and_nowhere_else(
    keyed_desk: McpClient, scripted: ScriptedVendor, where: str, value: object
) -> None:
    scripted.body = b'{"data": []}'
    await keyed_desk.value(LIST)
    sent = carried(scripted.last)
    assert sent.pop(where) == value
    assert KEY not in str(sent)
    assert QUOTED not in str(sent)


@pytest.mark.parametrize("keyed_account", ["keys"], indirect=True)
async def test_several_keys_go_on_a_request_together(
    keyed_desk: McpClient, scripted: ScriptedVendor, keyed_account: IntegratedAccount
) -> None:
    scripted.body = b'{"data": []}'
    await keyed_desk.value(LIST)
    assert carried(scripted.last) == {
        "query": f"size=11&start=0&app={QUOTED}",
        "X-Key": [f"Key {KEY}"],
        "Authorization": [],
    }
    authentication = connect(keyed_account, keyed_account.integration.parsed()).authentication
    assert authentication.stripped(authentication.target("/a?app=mine&b=1")) == "/a?b=1"


async def test_a_key_in_the_query_takes_the_place_of_one_that_stands_there(keyed_account: IntegratedAccount) -> None:
    authentication = connect(keyed_account, keyed_account.integration.parsed()).authentication
    for target in ("/a?api_key=mine&b=1", "/a?b=1&api%5Fkey=mine", "/a?b=1"):
        assert authentication.target(target) == f"/a?b=1&api_key={QUOTED}"
    assert authentication.target("/a") == f"/a?api_key={QUOTED}"
    assert authentication.stripped(f"/a?api_key={QUOTED}") == "/a"


async def test_a_key_that_a_vendor_repeats_in_its_error_is_taken_out(
    keyed_desk: McpClient, scripted: ScriptedVendor
) -> None:
    scripted.status, scripted.body = 400, f'{{"error": {{"text": "Bad: /tickets?api_key={QUOTED} ({KEY})"}}}}'.encode()
    words = await keyed_desk.failure(LIST)
    assert "/tickets?api_key=•••" in words
    assert KEY not in words
    assert QUOTED not in words


async def test_a_key_that_a_vendor_repeats_in_the_next_page_s_link_is_in_no_cursor_and_sent_once(
    keyed_desk: McpClient, scripted: ScriptedVendor, keyed_account: IntegratedAccount
) -> None:
    def with_links() -> None:
        integration = Integration.objects.get()
        integration.definition["pagination"] = {"kind": "link", "limit_parameter": "size"}
        integration.save()
        integration.touch()

    await database_sync_to_async(with_links)()
    scripted.body = b'{"data": [1]}'
    scripted.headers = {"Link": f'<{keyed_account.base_url}/tickets?api_key={QUOTED}&after=7>; rel="next"'}
    cursor = (await keyed_desk.value(LIST, {"limit": 1}))["next_cursor"]
    opened = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert b"after=7" in opened
    assert b"k3y" not in opened
    await keyed_desk.value(LIST, {"limit": 1, "next_cursor": cursor})
    assert scripted.last.query.count("api_key") == 1
    assert "after=7" in scripted.last.query


@pytest.mark.parametrize("keyed_account", ["basic"], indirect=True)
async def test_a_key_that_is_a_user_name_is_taken_out_too(keyed_desk: McpClient, scripted: ScriptedVendor) -> None:
    scripted.status, scripted.body = 400, f'{{"error": {{"text": "Nobody is called {KEY}: {PAIR}"}}}}'.encode()
    words = await keyed_desk.failure(LIST)
    assert KEY not in words
    assert PAIR not in words


@pytest.mark.parametrize("keyed_account", list(KINDS), indirect=True)
async def test_no_key_reaches_the_record_a_log_a_metric_or_a_cursor(
    keyed_desk: McpClient, scripted: ScriptedVendor, keyed_account: IntegratedAccount, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    scripted.body = b'{"data": [%s]}' % b",".join([b"1"] * 10)
    page = await keyed_desk.value(LIST, {"limit": 10})
    assert page["next_cursor"]
    scripted.status = 500
    failed = await keyed_desk.failure(LIST)
    await database_sync_to_async(recorder.flush)()
    rows = [str(row) async for row in Call.objects.values()]
    assert len(rows) == 2
    audit = [str(entry) async for entry in AuditEntry.objects.values()]
    seen = "\n".join([*rows, *audit, failed, str(page), caplog.text, generate_latest(REGISTRY).decode()])
    for secret in (KEY, QUOTED, PAIR):
        assert secret not in seen
    assert KEY not in repr(connect(await IntegratedAccount.objects.aget(), keyed_account.integration.parsed()))


@pytest.mark.parametrize("keyed_account", list(KINDS), indirect=True)
async def test_a_401_is_not_asked_again_but_the_connection_test_is_and_marks_the_account(
    keyed_desk: McpClient, scripted: ScriptedVendor, keyed_account: IntegratedAccount
) -> None:
    scripted.status = 401
    assert "must be connected again" in await keyed_desk.failure(LIST)
    assert [request.path for request in scripted.received] == ["/tickets", "/me"]
    assert (await IntegratedAccount.objects.aget()).status == "needs_reauth"


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_connection_test_that_fails_does_not_tell_the_key(
    environment: Environment, scripted: ScriptedVendor, kind: str
) -> None:
    account = account_of(environment, scripted.address, kind)
    scripted.status, scripted.body = 401, f'{{"error": {{"text": "{KEY} {QUOTED} {PAIR}"}}}}'.encode()
    with pytest.raises(ConnectionRefused) as refused:
        connect_account(
            environment, account.integration, "tests", name="B", fields={"key": KEY}, base_url=account.base_url
        )
    assert "•••" in str(refused.value)
    for secret in (KEY, QUOTED, PAIR) if kind == "basic" else (KEY, QUOTED):
        assert secret not in str(refused.value)
