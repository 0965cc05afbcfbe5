"""What is held of the database for a moment: loaded once for all who wait, dropped at once when it changed."""

import asyncio
from dataclasses import dataclass, field

import pytest
from pytest_django.fixtures import Settings

from accounts.caches.freshness import ENTRY_BYTES, FRESH_SECONDS, FreshCache
from accounts.caches.memory import CacheMemory
from accounts.errors import DatabaseBusy


@dataclass
class Loader:
    """Counts loads; each waits for `gate` where one is set, and returns or raises what `results` says."""

    results: dict[str, str | Exception | None] = field(default_factory=dict)
    calls: list[tuple[str, str | None]] = field(default_factory=list)
    gate: asyncio.Event | None = None
    started: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, key: str, before: str | None) -> str | None:
        self.calls.append((key, before))
        self.started.set()
        result = self.results.get(key, f"{key}-{len(self.calls)}")
        if self.gate is not None:
            await self.gate.wait()
        if isinstance(result, Exception):
            raise result
        return result


@dataclass
class Clock:
    """Stands still until a test moves it."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_fresh_value_is_served_without_loading() -> None:
    loader = Loader()
    cache = FreshCache(loader)
    assert [await cache.get("a"), await cache.get("a"), cache.peek("a")] == ["a-1"] * 3
    assert loader.calls == [("a", None)]


async def test_a_value_that_is_no_longer_fresh_is_loaded_again_with_the_one_before() -> None:
    loader, clock = Loader(), Clock()
    cache = FreshCache(loader, clock=clock)
    await cache.get("a")
    clock.now += FRESH_SECONDS - 0.01
    assert cache.peek("a") == "a-1"
    clock.now += 0.01
    assert cache.peek("a") is None
    assert await cache.get("a") == "a-2"
    assert loader.calls == [("a", None), ("a", "a-1")]


async def test_all_who_wait_share_one_load() -> None:
    loader = Loader(gate=asyncio.Event())
    cache = FreshCache(loader)
    waiting = [asyncio.create_task(cache.get("a")) for _ in range(50)]
    await loader.started.wait()
    assert loader.gate is not None
    loader.gate.set()
    assert set(await asyncio.gather(*waiting)) == {"a-1"}
    assert len(loader.calls) == 1


async def test_a_load_that_fails_fails_for_all_who_wait_and_is_not_kept() -> None:
    loader = Loader({"a": LookupError("the database is away")}, gate=asyncio.Event())
    cache = FreshCache(loader)
    waiting = [asyncio.create_task(cache.get("a")) for _ in range(3)]
    await loader.started.wait()
    assert loader.gate is not None
    loader.gate.set()
    assert [str(each) for each in await asyncio.gather(*waiting, return_exceptions=True)] == [
        "the database is away"
    ] * 3
    loader.results = {}
    assert await cache.get("a") == "a-2"


async def test_nothing_is_not_kept() -> None:
    loader = Loader({"a": None})
    cache = FreshCache(loader)
    assert [await cache.get("a"), await cache.get("a")] == [None, None]
    assert len(loader.calls) == 2


async def test_what_is_gone_is_no_longer_served() -> None:
    loader, clock = Loader(), Clock()
    cache = FreshCache(loader, clock=clock)
    await cache.get("a")
    loader.results = {"a": None}
    clock.now += FRESH_SECONDS
    assert await cache.get("a") is None
    clock.now -= FRESH_SECONDS
    assert cache.peek("a") is None


async def test_a_forgotten_value_is_dropped_at_once_and_others_stay() -> None:
    cache = FreshCache(Loader())
    await cache.get("a")
    await cache.get("b")
    cache.forget(lambda value: value.startswith("a"))
    assert (cache.peek("a"), cache.peek("b")) == (None, "b-2")
    cache.clear()
    assert cache.peek("b") is None


async def test_forgetting_during_a_load_has_it_begin_again() -> None:
    loader = Loader({"a": "old"}, gate=asyncio.Event())
    cache = FreshCache(loader)
    waiting = asyncio.create_task(cache.get("a"))
    await loader.started.wait()
    loader.results = {"a": "new"}
    cache.forget(lambda value: False)
    assert loader.gate is not None
    loader.gate.set()
    assert await waiting == "new"
    assert cache.peek("a") == "new"
    assert len(loader.calls) == 2


async def test_a_load_that_changes_always_overtake_ends_as_one_of_a_busy_database(settings: Settings) -> None:
    clock = Clock()
    calls: list[str] = []

    async def load(key: str, before: str | None) -> str:
        assert len(calls) < 100
        calls.append(key)
        clock.now += 1
        cache.forget(lambda _: False)
        return key

    cache: FreshCache[str, str] = FreshCache(load, clock=clock)
    with pytest.raises(DatabaseBusy):
        await cache.get("a")
    assert len(calls) == settings.LOOKUP_SECONDS
    assert cache.peek("a") is None


async def test_forgetting_from_another_thread_counts_too() -> None:
    loader = Loader({"a": "old"}, gate=asyncio.Event())
    cache = FreshCache(loader)
    waiting = asyncio.create_task(cache.get("a"))
    await loader.started.wait()
    loader.results = {"a": "new"}
    await asyncio.to_thread(cache.clear)
    assert loader.gate is not None
    loader.gate.set()
    assert await waiting == "new"


async def test_a_caller_that_leaves_does_not_take_the_load_away_from_the_others() -> None:
    loader = Loader(gate=asyncio.Event())
    cache = FreshCache(loader)
    leaving, staying = (asyncio.create_task(cache.get("a")) for _ in range(2))
    await loader.started.wait()
    leaving.cancel()
    assert loader.gate is not None
    loader.gate.set()
    assert await staying == "a-1"
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_entries_go_by_their_last_load_once_all_caches_together_are_full() -> None:
    memory = CacheMemory(lambda: 3 * ENTRY_BYTES)
    cache, other = (FreshCache(Loader(), memory=memory) for _ in range(2))
    await other.get("x")
    for key in "abcde":
        await cache.get(key)
    assert [cache.peek(key) is not None for key in "abcde"] == [False, False, True, True, True]
    assert other.peek("x") is None
    assert memory.bytes == 3 * ENTRY_BYTES


async def test_what_is_dropped_no_longer_counts() -> None:
    memory = CacheMemory(lambda: 10**6)
    cache = FreshCache(loader := Loader(), weigh=len, memory=memory, clock=(clock := Clock()))
    for key in "abc":
        await cache.get(key)
    assert memory.bytes == 3 * (ENTRY_BYTES + len("a-1"))
    cache.forget(lambda value: value == "a-1")
    assert memory.bytes == 2 * (ENTRY_BYTES + len("a-1"))
    loader.results, clock.now = {"b": None, "c": "a longer one"}, clock.now + FRESH_SECONDS
    await cache.get("b")
    await cache.get("c")
    assert memory.bytes == ENTRY_BYTES + len("a longer one")


async def test_loads_of_different_keys_do_not_wait_for_each_other() -> None:
    loader = Loader(gate=asyncio.Event())
    cache = FreshCache(loader)
    first = asyncio.create_task(cache.get("a"))
    await loader.started.wait()
    loader.gate = None
    assert await cache.get("b") == "b-2"
    assert not first.done()
    cache.clear()
    first.cancel()


async def test_who_comes_late_to_a_slow_load_gets_what_is_read_from_then_on() -> None:
    loader, clock = Loader(gate=asyncio.Event()), Clock()
    cache = FreshCache(loader, clock=clock)
    first = asyncio.create_task(cache.get("a"))
    await loader.started.wait()
    clock.now += FRESH_SECONDS
    loader.started.clear()
    late = asyncio.create_task(cache.get("a"))
    await loader.started.wait()
    assert loader.gate is not None
    loader.gate.set()
    assert [await first, await late] == ["a-1", "a-2"]
    assert cache.peek("a") == "a-2"
