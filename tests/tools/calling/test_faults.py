"""A vendor that is down, an account with too many calls: nothing is sent, the words say so, and it is counted."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from prometheus_client import REGISTRY
from pytest_django.fixtures import Settings

from accounts.models import IntegratedAccount
from tests.mcp_client import McpClient
from tests.moving import move
from tests.rest import AsyncRest, problem
from tests.vendors.scripted import ScriptedVendor
from tests.vendors.sockets import Conversation, socket_vendor
from tools.models import Call
from tools.record.recorder import recorder

GET = "get_single_desk_ticket_by_id"
CREATE = "create_a_desk_ticket"
ID = {"id": "1"}


@pytest.fixture
def rest(admin_token: str, upstream: None) -> AsyncRest:
    return AsyncRest(admin_token)


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"patchbay_upstream_{name}_total", labels) or 0


class TestDown:
    """A vendor that failed five times in a row."""

    async def test_the_next_call_is_not_sent_and_the_model_reads_when_to_try(
        self, desk: McpClient, scripted: ScriptedVendor
    ) -> None:
        opened, refused = counted("circuits_opened"), counted("not_sent", reason="vendor down")
        scripted.status, scripted.body = 503, b"<html><h1>Service Unavailable</h1></html>"
        for _ in range(5):
            assert "you: 'Service Unavailable'. The fault is at Desk." in await desk.failure(GET, ID)
        assert await desk.failure(CREATE, {"title": "x"}) == (
            "Desk is down: the last 5 calls failed (the last one: HTTP 503). Nothing was sent. Wait 15 seconds before "
            "you call any tool of this account again; if it fails again, tell the person."
        )
        assert len(scripted.received) == 5
        assert counted("circuits_opened") == opened + 1
        assert counted("not_sent", reason="vendor down") == refused + 1

    async def test_it_is_tried_again_after_a_while_and_then_all_pass(
        self, desk: McpClient, scripted: ScriptedVendor, settings: Settings
    ) -> None:
        settings.UPSTREAM_CIRCUIT_OPEN_SECONDS = 0
        scripted.status = 502
        for _ in range(5):
            await desk.failure(GET, ID)
        scripted.status, scripted.body = 200, b'{"ticket": {"id": 1}}'
        assert await desk.value(GET, ID) == {"id": 1}
        assert await asyncio.gather(*(desk.value(GET, ID) for _ in range(5))) == [{"id": 1}] * 5

    async def test_a_503_that_says_when_to_come_back_is_passed_on_each_time(
        self, desk: McpClient, scripted: ScriptedVendor
    ) -> None:
        scripted.status, scripted.headers = 503, {"Retry-After": "40"}
        for _ in range(7):
            assert "Try once more after 40 seconds" in await desk.failure(GET, ID)
        assert len(scripted.received) == 7

    async def test_rest_answers_503_with_the_time_to_wait(
        self, rest: AsyncRest, desk: McpClient, desk_account: IntegratedAccount, scripted: ScriptedVendor
    ) -> None:
        path = f"/integrated-account/{desk_account.pk}/tools/{GET}"
        scripted.status, scripted.headers = 504, {}
        for _ in range(5):
            assert problem(await rest.post(path, ID), 502)["vendor_status"] == 504
        response = await rest.post(path, ID)
        document = problem(response, 503)
        assert document["type"].endswith(":vendor-down")
        assert response["Retry-After"] == "15"
        assert "vendor_status" not in document

    async def test_a_write_that_was_not_sent_is_recorded_as_not_reached(
        self, desk: McpClient, scripted: ScriptedVendor
    ) -> None:
        scripted.status = 503
        for _ in range(5):
            await desk.failure(GET, ID)
        await desk.failure(CREATE, {"title": "x"})
        await sync_to_async(recorder.flush)()
        call = await Call.objects.order_by("-started_at").afirst()
        assert call is not None
        assert (call.tool, call.outcome, call.upstream_status) == (CREATE, "unreachable", None)


class TestCharsets:
    """A charset that is none is passed over, whatever Python would make of it."""

    @pytest.mark.parametrize(
        "charset", ["utf-7", "punycode", "idna", "unicode-escape", "raw_unicode_escape", "undefined"]
    )
    async def test_an_answer_is_read_as_utf_8(self, desk: McpClient, scripted: ScriptedVendor, charset: str) -> None:
        scripted.headers = {"Content-Type": f"application/json; charset={charset}"}
        # As punycode it would take minutes.
        scripted.body = b'{"ticket": {"half": "+2AA-", "long": "' + b"a-zz9" * 100_000 + b'"}}'
        assert (await desk.value(GET, ID))["half"] == "+2AA-"


class TestBusy:
    """An account whose calls are all under way."""

    async def test_a_call_beyond_the_line_is_not_sent_and_says_so(
        self, desk: McpClient, desk_account: IntegratedAccount, settings: Settings
    ) -> None:
        settings.UPSTREAM_ACCOUNT_CONCURRENCY, settings.UPSTREAM_ACCOUNT_WAITING = 2, 1
        release, arrived = asyncio.Event(), asyncio.Semaphore(0)

        async def script(conversation: Conversation) -> None:
            while True:
                await conversation.request()
                arrived.release()
                await release.wait()
                await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n", b'{"ticket": {"id":1}}')

        async with socket_vendor(script) as vendor:
            await sync_to_async(move)(desk_account, vendor.address)
            refused = counted("not_sent", reason="line full")
            calls = [asyncio.create_task(desk.value(GET, ID)) for _ in range(3)]
            for _ in range(2):
                await arrived.acquire()
            async with asyncio.timeout(5):
                while not REGISTRY.get_sample_value("patchbay_upstream_waiting"):  # noqa: ASYNC110  it has no event
                    await asyncio.sleep(0)
            assert await desk.failure(GET, ID) == (
                "Too much at once: this account has 2 calls under way already. Nothing was sent. Wait 10 seconds "
                "before you call any tool of this account again; if it fails again, tell the person."
            )
            release.set()
            assert await asyncio.gather(*calls) == [{"id": 1}] * 3
        assert counted("not_sent", reason="line full") == refused + 1
        await database_sync_to_async(recorder.flush)()
        assert [call.outcome async for call in Call.objects.order_by("outcome")] == ["busy", "ok", "ok", "ok"]
