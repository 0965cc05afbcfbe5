"""Turns of accounts: so many calls at once, the others in line, first come, first served, and none is ever lost."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator
from uuid import NAMESPACE_OID, uuid5

import pytest
import pytest_asyncio

from accounts.errors import UpstreamBusy
from accounts.notices import Party
from accounts.vendors.concurrency import QUIET_SECONDS, Turns


def party(account: object) -> Party:
    return Party(uuid5(NAMESPACE_OID, str(account)), f"Account {account}", "Desk")


@pytest_asyncio.fixture
async def turns() -> AsyncIterator[Turns]:
    """Two at once, three in line; afterwards nobody is left in a line."""
    made = Turns(concurrency=2, waiting=3, seconds=30)
    yield made
    assert len(made) == 0


async def settle() -> None:
    """Let every task that can go on do so."""
    for _ in range(10):
        await asyncio.sleep(0)


class Calls:
    """Calls that stay under way until they are told to end; `begun` is the order in which their turns came."""

    def __init__(self, turns: Turns) -> None:
        self.turns, self.begun = turns, []  # type: ignore[var-annotated]
        self._ends: dict[str, asyncio.Event] = {}

    def start(self, name: str, account: str = "a") -> "asyncio.Task[None]":
        """Begin a call."""
        self._ends[name] = asyncio.Event()
        return asyncio.create_task(self._call(name, account))

    async def _call(self, name: str, account: str) -> None:
        async with self.turns.of(party(account)):
            self.begun.append(name)
            await self._ends[name].wait()

    async def end(self, *names: str) -> None:
        """End calls, and let those go on that waited for them."""
        for name in names:
            self._ends[name].set()
            await settle()


async def test_calls_beyond_the_number_wait_and_come_in_their_order(turns: Turns) -> None:
    calls = Calls(turns)
    tasks = [calls.start(name) for name in "abcde"]
    await settle()
    assert calls.begun == ["a", "b"]
    await calls.end("b")
    assert calls.begun == ["a", "b", "c"]
    await calls.end("a", "c", "d", "e")
    assert calls.begun == ["a", "b", "c", "d", "e"]
    await asyncio.gather(*tasks)


async def test_a_full_line_takes_nobody(turns: Turns) -> None:
    calls = Calls(turns)
    tasks = [calls.start(name) for name in "abcde"]
    await settle()
    with pytest.raises(UpstreamBusy, match="this account has 2 calls under way already") as busy:
        await calls.start("f")
    assert not busy.value.may_have_arrived
    assert busy.value.retry_after >= 1
    await calls.end(*"abcde")
    await asyncio.gather(*tasks)


async def test_a_full_line_of_one_account_is_nothing_to_another(turns: Turns) -> None:
    calls = Calls(turns)
    tasks = [*(calls.start(name) for name in "abcde"), calls.start("other", "b")]
    await settle()
    assert calls.begun == ["a", "b", "other"]
    await calls.end("other", *"abcde")
    await asyncio.gather(*tasks)


async def test_waiting_ends_after_a_time_and_leaves_the_line() -> None:
    turns = Turns(concurrency=1, waiting=1, seconds=0.01)
    calls = Calls(turns)
    first = calls.start("a")
    await settle()
    for name in "bc":  # the second finds the place of the first
        with pytest.raises(UpstreamBusy):
            await calls.start(name)
    await calls.end("a")
    await first
    assert len(turns) == 0


async def test_a_call_that_fails_gives_its_turn_on(turns: Turns) -> None:
    with pytest.raises(ValueError, match="broken"):
        async with turns.of(party("a")):
            raise ValueError("broken")


async def test_a_turn_that_comes_in_the_moment_of_cancelling_goes_to_the_next(turns: Turns) -> None:
    calls = Calls(turns)
    tasks = [calls.start(name) for name in "abcd"]
    await settle()
    calls._ends["a"].set()
    await asyncio.sleep(0)  # a ends here, and c is given its turn
    tasks[2].cancel()
    await settle()
    assert calls.begun == ["a", "b", "d"]
    assert tasks[2].cancelled()
    await calls.end("b", "d")


async def test_thousands_that_are_cancelled_at_any_moment_leave_no_turn_behind() -> None:
    chance = random.Random(7)
    turns = Turns(concurrency=8, waiting=4000, seconds=30)
    under_way = most = 0

    async def call(account: int) -> None:
        nonlocal under_way, most
        async with turns.of(party(account)):
            under_way += 1
            most = max(most, under_way)
            try:
                for _ in range(chance.randrange(4)):
                    await asyncio.sleep(0)
            finally:
                under_way -= 1

    tasks = [asyncio.create_task(call(chance.randrange(3))) for _ in range(3000)]
    for _ in range(200):
        for task in chance.sample(tasks, 10):
            task.cancel()
        await asyncio.sleep(0)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {type(None), asyncio.CancelledError}
    assert 0 < most <= 24
    assert len(turns) == 0
    async with asyncio.timeout(1), turns.of(party(0)):
        pass


@pytest.mark.parametrize("seed", range(24))
async def test_no_turn_is_lost_where_calls_come_are_cancelled_and_lose_patience_at_once(seed: int) -> None:
    chance = random.Random(seed)
    concurrency = chance.choice([1, 2, 8])
    turns = Turns(concurrency=concurrency, waiting=chance.choice([3, 50]), seconds=chance.choice([0, 0.0005, 30]))
    under_way: Counter[int] = Counter()

    async def call(account: int) -> None:
        async with turns.of(party(account)):
            under_way[account] += 1
            assert under_way[account] <= concurrency
            try:
                for _ in range(chance.randrange(4)):
                    await asyncio.sleep(0)
            finally:
                under_way[account] -= 1

    tasks: list[asyncio.Task[None]] = []
    for _ in range(200):
        tasks += [asyncio.create_task(call(chance.randrange(3))) for _ in range(chance.randrange(8))]
        for task in chance.sample(tasks[-40:], min(len(tasks), chance.randrange(6))):
            task.cancel()
        await asyncio.sleep(0)
    async with asyncio.timeout(20):
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} <= {type(None), asyncio.CancelledError, UpstreamBusy}
    assert len(turns) == 0


async def test_accounts_without_calls_take_no_memory(turns: Turns) -> None:
    for account in range(10_000):
        async with turns.of(party(account)):
            assert len(turns) == 1


async def test_a_line_that_is_full_is_told_once_and_again_when_it_is_clear(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "patchbay.notices")
    now = 1000.0
    calls = Calls(Turns(concurrency=2, waiting=3, seconds=30, clock=lambda: now))
    tasks = [calls.start(name) for name in "abcde"]
    await settle()
    for _ in range(7):
        with pytest.raises(UpstreamBusy):
            await calls.start("too many")
    await calls.end(*"abcde")
    await asyncio.gather(*tasks)
    lines = [(line.notice, line.account, line.count) for line in caplog.records]  # type: ignore[attr-defined]
    assert lines == [("line_full", "Account a", 1)]  # a burst that has just ended may go on
    now += QUIET_SECONDS
    last = calls.start("last")
    await settle()
    await calls.end("last")
    await last
    assert [(line.notice, line.count) for line in caplog.records[1:]] == [("line_clear", 7)]  # type: ignore[attr-defined]
