"""The record of calls: no write is ever unaccounted for, no secret is kept, and nothing that is queued is lost."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
import time_machine
from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from accounts.models import IntegratedAccount
from accounts.tokens import MCP_PREFIX, mint
from accounts.vendors.concealment import MASK
from mcpservers.models import MCPServer
from tests.mcp_client import STATELESS, McpClient
from tests.vendors.application import Answer, Request
from tests.vendors.scripted import ScriptedVendor
from tools.models import Call
from tools.record.notes import Caller, CallNote, masked
from tools.record.recorder import BATCH, QUEUE_LIMIT, CallRecorder, recorder
from tools.tasks import prune_calls

CREATE = "create_a_desk_ticket"
GET = "get_single_desk_ticket_by_id"
CALLER = Caller(environment_id=UUID(int=1), account_id=UUID(int=2), via="mcp", client="tests")


def note(**values: Any) -> CallNote:
    made = CallNote(CALLER, "a_tool", "read", datetime.now(UTC))
    for name, value in values.items():
        setattr(made, name, value)
    return made


async def rows() -> list[Call]:
    await sync_to_async(recorder.flush)()
    return await sync_to_async(lambda: list(Call.objects.order_by("pk")))()


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, int]]:
    """Return the notices so far with their counts."""
    return [(line.notice, line.count) for line in caplog.records if hasattr(line, "notice")]  # type: ignore[attr-defined]


@contextmanager
def table_away() -> Iterator[None]:
    """Take the table of calls away for a while, as a database that cannot be written does."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tools_call RENAME TO tools_call_away")
    yield
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tools_call_away RENAME TO tools_call")


class TestCalls:
    """What a call leaves behind."""

    async def test_a_read_leaves_one_row_with_all_that_is_known(
        self, desk: McpClient, scripted: ScriptedVendor, desk_account: IntegratedAccount
    ) -> None:
        scripted.body = b'{"ticket": {"id": 1}}'
        await desk.at(STATELESS).value(GET, {"id": "1"})
        (row,) = await rows()
        server = await sync_to_async(MCPServer.objects.get)()
        assert (row.environment_id, row.account_id, row.server_id, row.token_id) == (
            desk_account.environment_id, desk_account.pk, server.pk, None,
        )  # fmt: skip
        assert (row.via, row.client, row.tool, row.access) == ("mcp", "tests 1", GET, "read")
        assert (row.transport, row.revision) == ("http", STATELESS)
        assert row.framework.startswith("python-httpx ")
        assert row.client_address == "127.0.0.0/24"
        assert (row.arguments, row.outcome, row.error) == ({"id": "1"}, "ok", "")
        assert (row.upstream_status, row.upstream_bytes, row.result_chars) == (200, len(scripted.body), len('{"id":1}'))
        assert row.duration_ms is not None
        assert row.upstream_ms is not None
        assert row.duration_ms >= row.upstream_ms > 0
        assert timedelta() <= datetime.now(UTC) - row.started_at < timedelta(minutes=1)

    async def test_arguments_that_do_not_fit_are_noted_too(self, desk: McpClient, scripted: ScriptedVendor) -> None:
        await desk.failure(GET, {"ident": "1"})
        (row,) = await rows()
        assert (row.outcome, row.upstream_status, row.arguments) == ("invalid", None, {"ident": "1"})
        assert "ident is not an argument" in row.error
        assert scripted.received == []

    async def test_a_write_is_committed_as_pending_before_the_vendor_hears_of_it(
        self, desk: McpClient, scripted: ScriptedVendor
    ) -> None:
        seen: list[tuple[str, str, dict[str, object]]] = []

        def look(request: Request) -> Answer:
            """Read the database in the vendor's own thread, and so on a connection of its own."""
            close_old_connections()
            seen.extend(Call.objects.values_list("tool", "outcome", "arguments"))
            connection.close()
            return Answer(201, b'{"id": 7}')

        scripted.answer = look
        await desk.value(CREATE, {"title": "x"})
        assert seen == [(CREATE, "pending", {"title": "x"})]
        (row,) = await rows()
        assert (row.outcome, row.upstream_status, row.upstream_bytes) == ("ok", 201, 9)

    @pytest.mark.parametrize(
        ("status", "outcome", "error"),
        [
            (400, "refused", "Desk refused the call with HTTP 400"),
            (429, "rate_limited", "rate limit"),
            (302, "unusable", "redirect"),
        ],
    )
    async def test_a_write_that_fails_ends_as_failed(
        self, desk: McpClient, scripted: ScriptedVendor, status: int, outcome: str, error: str
    ) -> None:
        scripted.status = status
        await desk.failure(CREATE, {"title": "x"})
        (row,) = await rows()
        assert (row.outcome, row.upstream_status) == (outcome, status)
        assert error in row.error

    async def test_a_write_whose_intent_cannot_be_written_is_not_sent(
        self, desk: McpClient, scripted: ScriptedVendor
    ) -> None:
        await desk.request("tools/list")
        away = table_away()
        await sync_to_async(away.__enter__)()
        try:
            words = await desk.failure(CREATE, {"title": "x"})
        finally:
            await sync_to_async(away.__exit__)(None, None, None)
        assert "could not be noted in the record of calls, so it was not sent" in words
        assert scripted.received == []
        (row,) = await rows()
        assert (row.outcome, row.upstream_status) == ("failed", None)

    async def test_a_read_goes_on_while_the_record_cannot_be_written(
        self, desk: McpClient, scripted: ScriptedVendor
    ) -> None:
        scripted.body = b'{"ticket": {"id": 1}}'
        await desk.request("tools/list")
        away = table_away()
        await sync_to_async(away.__enter__)()
        try:
            assert await desk.value(GET, {"id": "1"}) == {"id": 1}
        finally:
            await sync_to_async(away.__exit__)(None, None, None)
        assert [row.outcome for row in await rows()] == ["ok"]

    async def test_secrets_among_the_arguments_are_masked(self, desk: McpClient, scripted: ScriptedVendor) -> None:
        token = mint(MCP_PREFIX).value
        extra = {"password": "p", "nested": [{"API_Key": "k"}], "text": f"see /mcp/{token}"}
        await desk.value(CREATE, {"title": f"my token {token}", "extra": extra})
        assert token in scripted.last.body.decode()
        (row,) = await rows()
        assert row.arguments["extra"] == {"password": MASK, "nested": [{"API_Key": MASK}], "text": "see /mcp/…"}
        assert row.arguments["title"] == "my token pbmcp_…"

    async def test_nul_bytes_and_huge_arguments_are_kept_in_short(
        self, desk: McpClient, scripted: ScriptedVendor
    ) -> None:
        extra = {"long": "x" * 500_000, "list": list(range(5000)), "n\0ul": "a\0b", **{f"k{n}": n for n in range(500)}}
        await desk.value(CREATE, {"title": "x", "extra": extra})
        (row,) = await rows()
        kept = row.arguments["extra"]
        assert (len(kept["long"]), len(kept["list"]), kept["nul"], len(kept)) == (1001, 100, "ab", 100)


class TestCancelling:
    """A client that goes away in the stateless era ends its call."""

    async def test_a_cancelled_write_is_noted_once_as_cancelled(
        self, desk: McpClient, scripted: ScriptedVendor
    ) -> None:
        reached, go_on = threading.Event(), threading.Event()

        def hold(_: Request) -> Answer:
            reached.set()
            go_on.wait(10)
            return Answer(200, b"{}")

        scripted.answer = hold
        call = asyncio.create_task(desk.call(CREATE, {"title": "x"}))
        assert await asyncio.to_thread(reached.wait, 10)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        go_on.set()
        assert [row.outcome for row in await rows()] == ["cancelled"]


@pytest.mark.django_db(transaction=True)
class TestQueue:
    """The queue of one process."""

    def test_calls_are_written_in_their_order_however_many_there_are(self) -> None:
        own = _quiet()
        for count in range(257):
            own.add(note(tool=f"tool_{count}"))
        own.flush()
        assert list(Call.objects.order_by("pk").values_list("tool", flat=True)) == [f"tool_{n}" for n in range(257)]

    def test_a_batch_is_one_transaction_of_two_statements(self, django_assert_num_queries: Any) -> None:
        own = _quiet()
        for _ in range(100):
            own.add(note())
        with django_assert_num_queries(4):  # begin, the rows, what they come to, commit
            own.flush()

    def test_a_row_reads_the_same_whichever_way_it_was_written(self) -> None:
        own = _quiet()
        one = note(
            arguments={"a": [1, None, "é"]}, outcome="ok", upstream_status=200, duration_ms=1.5, upstream_bytes=7
        )
        one.row().save(force_insert=True)
        own.add(one)
        own.flush()
        first, second = Call.objects.values().order_by("pk")
        assert {**first, "id": 0} == {**second, "id": 0}

    def test_what_cannot_be_written_now_stays_queued_in_its_order(self, caplog: pytest.LogCaptureFixture) -> None:
        own = _quiet()
        for count in range(3):
            own.add(note(tool=f"tool_{count}"))
        caplog.set_level(logging.INFO, "patchbay.notices")
        with table_away():
            own.flush()
            own.add(note(tool="tool_3"))
            own.flush()
        own.flush()
        assert told(caplog) == [("records_delayed", 3), ("records_written", 0)]
        assert list(Call.objects.order_by("pk").values_list("tool", flat=True)) == [f"tool_{n}" for n in range(4)]

    def test_a_call_that_no_database_takes_does_not_keep_the_others_out(self, caplog: pytest.LogCaptureFixture) -> None:
        own = _quiet()
        for each in (note(tool="before"), note(tool="huge", arguments={"n": 10**30}), note(tool="after")):
            own.add(each)
        own.flush()
        assert list(Call.objects.order_by("pk").values_list("tool", flat=True)) == ["before", "after"]
        assert told(caplog) == [("records_lost", 1)]
        assert str(10**30) not in caplog.text

    def test_no_text_of_a_row_holds_a_nul_or_is_too_long_for_its_column(self) -> None:
        own = _quiet()
        caller = Caller(UUID(int=1), UUID(int=2), "mcp", client="a\0b" + "x" * 500)
        one = CallNote(caller, "t" * 100, "read", datetime.now(UTC), {"a": 1}, "failed", "e\0r" + "x" * 900)
        own.add(one)
        own.flush()
        row = Call.objects.get()
        row.full_clean()
        assert (row.client[:3], row.error[:3], "\0" in row.client + row.error) == ("abx", "erx", False)

    def test_a_queue_that_nothing_empties_drops_reads_and_keeps_writes(self, caplog: pytest.LogCaptureFixture) -> None:
        own = _quiet()
        for _ in range(QUEUE_LIMIT):
            own.add(CALLED)
        before = REGISTRY.get_sample_value("patchbay_call_records_lost_total", {"reason": "queue full"})
        for _ in range(500):
            own.add(note(tool="read"))
        own.add(note(tool="write", row_id=1))
        assert told(caplog) == [("records_lost", 1)]
        lost = REGISTRY.get_sample_value("patchbay_call_records_lost_total", {"reason": "queue full"})
        assert (lost or 0) - (before or 0) == 500
        own.discard()
        own.flush()
        assert Call.objects.count() == 0

    def test_what_cannot_be_written_when_the_process_stops_is_counted_and_told(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        own = _quiet()
        for _ in range(BATCH + 5):
            own.add(CALLED)
        with table_away():
            own.close()
        assert told(caplog)[1:] == [("records_lost", BATCH + 5)]
        assert len(own) == 0

    def test_the_thread_writes_by_itself(self) -> None:
        own, one = CallRecorder(), Announced(CALLER, "by itself", "read", datetime.now(UTC))
        own.add(one)
        assert one.written.wait(10)
        own.discard()  # waits for the statement that is under way
        assert Call.objects.get().tool == "by itself"


CALLED = note()


class Announced(CallNote):
    """A note that tells when it is written."""

    written = threading.Event()

    def values(self, database: BaseDatabaseWrapper) -> tuple[Any, ...]:
        """Return the values, and tell."""
        self.written.set()
        return super().values(database)


def _quiet() -> CallRecorder:
    """Return a recorder whose thread does not run, so that a test flushes it."""
    own = CallRecorder()
    own._thread = threading.current_thread()
    return own


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_masked_arguments_can_be_kept_by_any_database(value: Any) -> None:
    kept = orjson.dumps(masked(value))
    assert b"\\u0000" not in kept


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "Password",
        "user_password",
        "secret",
        "api_key",
        "apiKey",
        "access_token",
        "Authorization",
        "credentials",
    ],
)
def test_an_argument_whose_name_tells_a_secret_is_masked(name: str) -> None:
    assert masked({name: "x", "next_cursor": "y"}) == {name: MASK, "next_cursor": "y"}


@pytest.mark.django_db
def test_calls_older_than_the_retention_are_pruned() -> None:
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False):
        for days in (1, 29, 31, 400):
            note(started_at=datetime.now(UTC) - timedelta(days=days), tool=f"{days} days").row().save()
        assert prune_calls() == 2
        assert prune_calls() == 0
    assert set(Call.objects.values_list("tool", flat=True)) == {"1 days", "29 days"}
