"""Cancelling a call: in the process that runs it, by the client that made it, and by nobody else."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from pytest_django.fixtures import Settings

from accounts import broadcast
from accounts.models import IntegratedAccount
from mcpservers import cancellations
from mcpservers.cancellations import GROUP, CallCancelled, Key, RunningCalls
from mcpservers.lifecycle import create_server
from tests.mcp_client import CAPABILITIES, STATELESS, VERSION, McpClient
from tests.vendors.application import Answer, Request
from tests.vendors.scripted import ScriptedVendor
from tools.models import Call
from tools.record.recorder import recorder

CREATE = "create_a_desk_ticket"
META = {VERSION: STATELESS, CAPABILITIES: {}}


@pytest.fixture(autouse=True)
def alone(settings: Settings) -> None:
    """Let this process ask no others, of which there are none here; tests/cluster has several."""
    settings.REDIS_URL = ""


@dataclass
class Held:
    """A vendor that answers no call before it is let go."""

    reached: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    go_on: threading.Event = field(default_factory=threading.Event)

    def __call__(self, request: Request) -> Answer:
        self.reached.release()
        self.go_on.wait(10)
        return Answer(200, b"{}")


@pytest.fixture
def held(scripted: ScriptedVendor) -> Iterator[Held]:
    held = Held()
    scripted.answer = held
    yield held
    held.go_on.set()


async def begun(mcp: McpClient, held: Held, request_id: object = 5, **headers: str) -> asyncio.Task[httpx.Response]:
    """Begin a write, and return once the vendor has it."""
    params: dict[str, Any] = {"name": CREATE, "arguments": {"title": "x"}}
    if mcp.version == STATELESS:
        params["_meta"] = META
        headers |= {"Mcp-Method": "tools/call", "Mcp-Name": CREATE}
    body = {"jsonrpc": "2.0", "id": request_id, "method": "tools/call", "params": params}
    task = asyncio.create_task(mcp.post(body, dict(headers)))
    assert await asyncio.to_thread(held.reached.acquire, timeout=10)
    return task


async def cancel(mcp: McpClient, request_id: object = 5, **headers: str) -> None:
    params = {"requestId": request_id, "reason": "stop"}
    body = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}
    response = await mcp.post(body, dict(headers))
    assert (response.status_code, response.content) == (202, b"")


async def outcomes() -> list[tuple[str, str]]:
    await sync_to_async(recorder.flush)()
    return [(row.outcome, row.error) async for row in Call.objects.order_by("pk")]


@pytest.mark.parametrize("version", [None, "2025-03-26", "2025-11-25", STATELESS])
@pytest.mark.parametrize("request_id", [5, "5"])
async def test_a_cancelled_write_gets_no_answer_and_is_recorded_as_cancelled(
    desk: McpClient, held: Held, version: str | None, request_id: object
) -> None:
    call = await begun(desk.at(version), held, request_id)
    await cancel(desk.at(version), request_id)
    response = await call
    assert (response.status_code, response.content) == (202, b"")
    assert await outcomes() == [("cancelled", "The client cancelled the call before the answer came.")]


async def test_a_call_that_streams_already_ends_without_an_answer(
    desk: McpClient, held: Held, settings: Settings
) -> None:
    settings.LONG_CALL_SECONDS = 0
    call = await begun(desk, held)
    await cancel(desk)
    response = await call
    assert (response.status_code, "data:" in response.text) == (200, False)


async def test_a_cancelled_call_of_a_batch_leaves_the_others(desk: McpClient, held: Held) -> None:
    batched = desk.at("2025-03-26")
    params = {"name": CREATE, "arguments": {"title": "x"}}
    batch = [
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params},
        {"jsonrpc": "2.0", "id": 2, "method": "ping"},
    ]
    call = asyncio.create_task(batched.post(batch))
    assert await asyncio.to_thread(held.reached.acquire, timeout=10)
    cancelling = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    assert (await batched.post([cancelling])).status_code == 202
    assert (await call).json() == [{"jsonrpc": "2.0", "id": 2, "result": {}}]
    assert [outcome for outcome, _ in await outcomes()] == ["cancelled"]


async def test_nothing_else_cancels_it(desk: McpClient, desk_account: IntegratedAccount, held: Held) -> None:
    _, other = await sync_to_async(create_server)(desk_account, "tests", name="Other", methods=[], tags=[])
    call = await begun(desk, held, 5, **{"User-Agent": "one/1"})
    for request_id in ("5", 6, True, None, [5], {"id": 5}, "x" * 5000):
        await cancel(desk, request_id, **{"User-Agent": "one/1"})
    await cancel(McpClient(other), **{"User-Agent": "one/1"})
    await cancel(desk, **{"User-Agent": "another/1"})
    for name, value in {
        "Mcp-Session-Id": "another", "Accept-Language": "de", "MCP-Protocol-Version": "2025-06-18",
        "Origin": "http://localhost",
    }.items():  # fmt: skip
        await cancel(desk, **{"User-Agent": "one/1", name: value})
    nothing: list[object] = [None, [], {}]
    for params in nothing:
        await desk.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})
    held.go_on.set()
    assert (await call).json()["result"]["isError"] is False
    assert [outcome for outcome, _ in await outcomes()] == ["ok"]


async def test_two_calls_that_may_both_be_meant_go_on(desk: McpClient, held: Held) -> None:
    calls = [await begun(desk, held), await begun(desk, held)]
    await cancel(desk)
    held.go_on.set()
    assert [response.status_code for response in await asyncio.gather(*calls)] == [200, 200]
    assert [outcome for outcome, _ in await outcomes()] == ["ok", "ok"]


async def test_a_cancellation_that_crossed_its_answer_spares_another_clients_call(desk: McpClient, held: Held) -> None:
    held.go_on.set()
    assert (await (await begun(desk, held))).status_code == 200
    held.go_on.clear()
    other = await begun(desk, held)
    await cancel(desk)
    held.go_on.set()
    assert (await other).status_code == 200


@pytest.mark.parametrize("method", ["tools/list", "ping", "initialize", "resources/list", "nonsense"])
@pytest.mark.parametrize("comes_first", [False, True])
async def test_a_cancelled_request_of_another_method_spares_another_clients_call(
    desk: McpClient, held: Held, method: str, *, comes_first: bool
) -> None:
    other = {"jsonrpc": "2.0", "id": 5, "method": method, "params": {}}
    if comes_first:
        await desk.post(other)
    call = await begun(desk, held)
    if not comes_first:
        await desk.post(other)
    await cancel(desk)
    held.go_on.set()
    assert (await call).status_code == 200
    assert [outcome for outcome, _ in await outcomes()] == ["ok"]


async def test_no_other_request_than_a_call_is_cancelled() -> None:
    calls, key = RunningCalls(), TestSeveralProcesses.KEY
    with calls.counted(key):
        await calls.cancel(key)
        await asyncio.sleep(0)


class TestSeveralProcesses:
    """Processes that share a channel layer; here they share a loop too."""

    KEY: Key = ("server", "", "127.0.0.1", "client", 5)
    OTHER: Key = ("server", "", "127.0.0.1", "client", 6)

    @pytest.fixture
    async def processes(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> AsyncIterator[tuple[RunningCalls, ...]]:
        settings.REDIS_URL = "redis://shared"
        # The layer in memory tells who listens, whichever layer the suite runs on.
        settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
        monkeypatch.setattr(cancellations, "HEARING_SECONDS", 0.05)
        calls = (RunningCalls(), RunningCalls(), RunningCalls())
        listening = [asyncio.create_task(broadcast.listen_to(GROUP, each.hear)) for each in calls]
        while len(get_channel_layer().groups.get(GROUP, ())) < len(calls):  # noqa: ASYNC110  the layer tells nobody
            await asyncio.sleep(0)
        yield calls
        for task in listening:
            task.cancel()
        await asyncio.wait(listening)
        await get_channel_layer().flush()

    def begin(self, calls: RunningCalls, key: Key, go_on: asyncio.Event) -> asyncio.Task[str]:
        """Run a call of this key until it is cancelled, or may go on; its result says which."""

        async def run() -> str:
            try:
                with calls.cancellable(key):
                    await go_on.wait()
            except CallCancelled:
                return "cancelled"
            return "answered"

        return asyncio.create_task(run())

    async def test_a_call_is_cancelled_from_a_process_that_does_not_run_it(
        self, processes: tuple[RunningCalls, ...]
    ) -> None:
        go_on = asyncio.Event()
        meant, other = self.begin(processes[0], self.KEY, go_on), self.begin(processes[1], self.OTHER, go_on)
        await asyncio.sleep(0)
        await processes[2].cancel(self.KEY)
        assert await asyncio.wait_for(meant, 5) == "cancelled"
        go_on.set()
        assert await other == "answered"

    @pytest.mark.parametrize("has_ended", [False, True])
    async def test_calls_of_one_key_in_two_processes_go_on(
        self, processes: tuple[RunningCalls, ...], has_ended: bool
    ) -> None:
        first, go_on = asyncio.Event(), asyncio.Event()
        one, another = self.begin(processes[0], self.KEY, first), self.begin(processes[1], self.KEY, go_on)
        last = self.begin(processes[1], self.OTHER, go_on)
        await asyncio.sleep(0)
        if has_ended:
            first.set()
            await one
        # What is decided last tells that everything is.
        await processes[2].cancel(self.KEY)
        await processes[2].cancel(self.OTHER)
        assert await asyncio.wait_for(last, 5) == "cancelled"
        first.set()
        go_on.set()
        assert [await one, await another] == ["answered", "answered"]
