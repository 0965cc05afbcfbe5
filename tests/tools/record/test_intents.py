"""A write is sent only once its row is committed and while somebody waits for it; whatever blocks it blocks no read."""

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from prometheus_client import REGISTRY
from pytest_django.fixtures import Settings

from config.asgi import application
from mcpservers.batches import finish_writes
from tests.database_faults import database_away, locked
from tests.mcp_client import CAPABILITIES, STATELESS, VERSION, McpClient
from tests.vendors.scripted import ScriptedVendor
from tools.models import Call
from tools.record.intents import finish_intents
from tools.record.recorder import recorder

CREATE = "create_a_desk_ticket"
GET = "get_single_desk_ticket_by_id"
NOT_SENT = "could not be noted in the record of calls, so it was not sent"


async def rows() -> list[tuple[str, str, str]]:
    await asyncio.to_thread(finish_intents)
    await sync_to_async(recorder.flush)()
    found = Call.objects.order_by("pk").values_list("access", "outcome", "error")
    return await sync_to_async(lambda: list(found))()


def not_sent(reason: str) -> float:
    return REGISTRY.get_sample_value("patchbay_writes_not_sent_total", {"reason": reason}) or 0


@pytest.fixture
async def warm(desk: McpClient, scripted: ScriptedVendor, settings: Settings) -> McpClient:
    """A client whose server is known; every thread of the intents has a connection with the usual limits."""
    scripted.body = b'{"ticket": {"id": 1}}'
    await asyncio.gather(*(desk.value(CREATE, {"title": "before"}) for _ in range(6)))
    scripted.received.clear()
    await rows()
    await sync_to_async(Call.objects.all().delete)()
    settings.INTENT_SECONDS = 0.2
    return desk


async def test_while_the_record_is_locked_reads_go_on_and_writes_are_told_that_they_were_not_sent(
    warm: McpClient, scripted: ScriptedVendor
) -> None:
    before = not_sent("late")
    lock = locked("tools_call")
    await sync_to_async(lock.__enter__)()
    try:
        written = asyncio.create_task(warm.failure(CREATE, {"title": "late"}))
        for _ in range(20):
            assert await warm.value(GET, {"id": "1"}) == {"id": 1}
        words = await written
    finally:
        await sync_to_async(lock.__exit__)(None, None, None)
    assert NOT_SENT in words
    assert "Reading still works. Wait" in words
    recorded = await rows()
    assert {request.method for request in scripted.received} == {"GET"}
    assert [outcome for access, outcome, _ in recorded if access == "read"] == ["ok"] * 20
    # One row, whether or not a thread committed it after the wait was over; and none stays pending.
    assert [(outcome, NOT_SENT in error) for access, outcome, error in recorded if access == "write"] == [
        ("failed", True)
    ]
    assert not_sent("late") == before + 1
    assert await warm.value(CREATE, {"title": "after"})


async def test_a_write_beyond_the_line_is_refused_at_once(warm: McpClient, settings: Settings) -> None:
    settings.INTENT_SECONDS, settings.INTENT_WAITING = 30, 1
    lock = locked("tools_call")
    await sync_to_async(lock.__enter__)()
    calls = [asyncio.create_task(warm.call(CREATE, {"title": "x"})) for _ in range(2)]
    try:
        (refused,), _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await sync_to_async(lock.__exit__)(None, None, None)
    assert NOT_SENT in str(refused.result())
    assert sum(NOT_SENT in str(result) for result in await asyncio.gather(*calls)) == 1


@pytest.mark.parametrize("version", [STATELESS, "2025-11-25", "2025-03-26", "batch"])
async def test_a_write_whose_client_has_gone_before_it_was_noted_is_not_sent(
    warm: McpClient, scripted: ScriptedVendor, settings: Settings, version: str
) -> None:
    settings.INTENT_SECONDS = 10
    await _posted_and_left(warm.token, version)
    await finish_writes()
    ((access, outcome, error),) = await rows()
    assert (access, outcome) == ("write", "cancelled")
    assert "not sent" in error or "Nothing was sent" in error
    assert scripted.received == []


async def test_a_write_whose_client_is_there_is_sent_whatever_the_transport(
    warm: McpClient, settings: Settings
) -> None:
    settings.INTENT_SECONDS = 10
    for version in (STATELESS, "2025-11-25", "2025-03-26"):
        assert await warm.at(version).value(CREATE, {"title": "x"})


async def test_while_the_database_is_away_a_write_of_a_known_server_is_not_sent(
    warm: McpClient, scripted: ScriptedVendor
) -> None:
    await warm.request("tools/list")
    with database_away():
        answer = await warm.post({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": _call()})
    told = answer.text
    assert NOT_SENT in told or answer.status_code == 503
    assert scripted.received == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="is about SQLite")
async def test_a_row_that_a_late_thread_commits_is_ended_once(warm: McpClient, scripted: ScriptedVendor) -> None:
    lock = locked("tools_call")
    await sync_to_async(lock.__enter__)()
    try:
        assert NOT_SENT in await warm.failure(CREATE, {"title": "late"})
    finally:
        await sync_to_async(lock.__exit__)(None, None, None)
    ((access, outcome, error),) = await rows()
    assert (access, outcome) == ("write", "failed")
    assert NOT_SENT in error
    assert scripted.received == []


def _call() -> dict[str, Any]:
    return {"name": CREATE, "arguments": {"title": "x"}}


async def _posted_and_left(token: str, version: str) -> None:
    """Post a write, and close the connection as soon as the body is read."""
    params = _call()
    if version == STATELESS:
        params["_meta"] = {VERSION: STATELESS, CAPABILITIES: {}}
    message: Any = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    named = "2025-03-26" if version == "batch" else version
    headers = {
        "host": "localhost", "content-type": "application/json", "accept": "application/json, text/event-stream",
        "mcp-protocol-version": named, "mcp-method": "tools/call", "mcp-name": CREATE,
    }  # fmt: skip
    body = json.dumps([message] if version == "batch" else message).encode()
    events = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return events.pop() if events else {"type": "http.disconnect"}

    async def send(_: object) -> None: ...

    scope = {
        "type": "http", "method": "POST", "path": f"/mcp/{token}", "query_string": b"", "scheme": "http",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()], "client": ("127.0.0.1", 1),
    }  # fmt: skip
    await application(scope, receive, send)
