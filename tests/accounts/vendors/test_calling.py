"""Requests in accounts' names: one account's slow or failing vendor is nothing to the others, at the same host too."""

import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from pytest_django.fixtures import Settings

from accounts.errors import UpstreamBroken, UpstreamBusy, UpstreamDown, UpstreamUnreachable
from accounts.vendors.authentication import FixedCredentials
from accounts.vendors.calling import ask
from accounts.vendors.concealment import SecretMask
from accounts.vendors.connection import Connection
from accounts.vendors.upstream import Upstream
from tests.vendors.sockets import Conversation, SocketVendor, closing, socket_vendor

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
UNAVAILABLE = b"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n"


def connection(address: str, account: UUID | None = None) -> Connection:
    return Connection(account or uuid4(), uuid4(), "Acme", "Desk", address, FixedCredentials(SecretMask(())))


class Desk:
    """Answers `/held` once it is let go, `/failing` with 503, `/closing` not at all, and anything else at once."""

    def __init__(self) -> None:
        self.release, self.held, self.requests = asyncio.Event(), 0, 0

    async def script(self, conversation: Conversation) -> None:
        while True:
            path = (await conversation.request()).split()[1]
            self.requests += 1
            if path == b"/held":
                self.held += 1
                await self.release.wait()
            if path == b"/closing":
                return
            await conversation.write(UNAVAILABLE if path == b"/failing" else OK)


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[tuple[Desk, SocketVendor]]:
    made = Desk()
    async with socket_vendor(made.script) as vendor:
        yield made, vendor
        made.release.set()


@pytest_asyncio.fixture
async def upstream(settings: Settings) -> AsyncIterator[Upstream]:
    settings.UPSTREAM_ACCOUNT_CONCURRENCY, settings.UPSTREAM_ACCOUNT_WAITING = 4, 6
    async with Upstream() as opened:
        yield opened
    assert len(opened.turns) == 0


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  it counts, and has no event
            await asyncio.sleep(0)


async def test_an_account_with_a_slow_vendor_holds_up_nobody_else_at_the_same_host(
    upstream: Upstream, desk: tuple[Desk, SocketVendor]
) -> None:
    script, vendor = desk
    slow = [connection(vendor.address) for _ in range(20)]
    held = [asyncio.create_task(ask(each, "GET", "/held", upstream=upstream)) for each in slow for _ in range(4)]
    await until(lambda: script.held == 80)
    other = connection(vendor.address)
    async with asyncio.timeout(5):
        assert (await ask(other, "GET", "/x", upstream=upstream)).body == b"{}"
    script.release.set()
    assert {answer.status for answer in await asyncio.gather(*held)} == {200}


async def test_an_account_has_so_many_calls_under_way_and_in_line_and_no_more(
    upstream: Upstream, desk: tuple[Desk, SocketVendor]
) -> None:
    script, vendor = desk
    account = connection(vendor.address)
    calls = [asyncio.create_task(ask(account, "GET", "/held", upstream=upstream)) for _ in range(10)]
    await until(lambda: script.held == 4)
    with pytest.raises(UpstreamBusy, match="this account has 4 calls under way"):
        await ask(account, "GET", "/x", upstream=upstream)
    assert script.requests == 4
    script.release.set()
    assert {answer.status for answer in await asyncio.gather(*calls)} == {200}
    assert script.requests == 10


async def test_calls_that_are_cancelled_under_way_and_in_line_leave_their_turns(
    upstream: Upstream, desk: tuple[Desk, SocketVendor]
) -> None:
    script, vendor = desk
    account = connection(vendor.address)
    for _ in range(100):
        script.held = 0
        calls = [asyncio.create_task(ask(account, "GET", "/held", upstream=upstream)) for _ in range(10)]
        await until(lambda: script.held > 0)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
    assert len(upstream.turns) == 0
    assert (await ask(account, "GET", "/x", upstream=upstream)).body == b"{}"


async def test_an_account_whose_vendor_fails_is_refused_at_once_and_another_is_not(
    upstream: Upstream, desk: tuple[Desk, SocketVendor]
) -> None:
    script, vendor = desk
    account, other = connection(vendor.address), connection(vendor.address)
    for _ in range(5):
        assert (await ask(account, "GET", "/failing", upstream=upstream)).status == 503
    with pytest.raises(UpstreamDown, match="the last one: HTTP 503"):
        await ask(account, "GET", "/x", upstream=upstream)
    assert script.requests == 5
    assert (await ask(other, "GET", "/x", upstream=upstream)).status == 200


async def test_a_host_that_takes_no_connection_is_left_alone_by_every_account(upstream: Upstream) -> None:
    async with socket_vendor(closing(OK)) as vendor:
        address = vendor.address
    for _ in range(5):
        with pytest.raises(UpstreamUnreachable):
            await ask(connection(address), "POST", "/x", upstream=upstream)
    async with socket_vendor(closing(OK), port=int(address.rpartition(":")[2])) as vendor:
        with pytest.raises(UpstreamDown, match="no connection could be made"):
            await ask(connection(address), "POST", "/x", upstream=upstream)
        assert vendor.connections == 0


async def test_calls_in_line_are_not_sent_once_the_vendor_proved_to_be_down(
    upstream: Upstream, desk: tuple[Desk, SocketVendor], settings: Settings
) -> None:
    script, vendor = desk
    account = connection(vendor.address)
    calls = [asyncio.create_task(ask(account, "POST", "/closing", upstream=upstream)) for _ in range(10)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds.count(UpstreamBroken) == script.requests < 10
    assert kinds.count(UpstreamBroken) + kinds.count(UpstreamDown) == 10


async def test_a_connection_that_is_not_there_is_tried_again_only_where_twice_is_like_once(upstream: Upstream) -> None:
    async with socket_vendor(closing(OK)) as vendor:
        address = vendor.address
    for idempotent, outcome in ((False, UpstreamUnreachable), (True, None)):
        asking = asyncio.create_task(ask(connection(address), "PUT", "/x", upstream=upstream, idempotent=idempotent))
        for _ in range(30):  # in which the first attempt is refused
            await asyncio.sleep(0)
        async with socket_vendor(closing(OK), port=int(address.rpartition(":")[2])):
            if outcome:
                with pytest.raises(outcome):
                    await asking
            else:
                assert (await asking).status == 200
