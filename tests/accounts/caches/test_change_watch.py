"""What a process finds out about changes that others made, with one look a second."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from channels.db import database_sync_to_async
from django.db import transaction

from accounts.caches.change_watch import LOOK_SECONDS, ChangeWatch
from accounts.caches.freshness import RELOAD_SECONDS, FreshCache
from accounts.caches.memory import CacheMemory
from accounts.changes import Change, ChangeKind, announce
from accounts.models.changes import (
    LOGGED,
    MOST_MISSED,
    PRUNED_EVERY,
    ChangeCount,
    LoggedChange,
    Place,
    log,
    news_since,
)
from tests.elsewhere import count_a_change

pytestmark = pytest.mark.django_db(transaction=True)

ROW = UUID(int=7)
CHANGE = Change(ChangeKind.SERVER, ROW)


@dataclass
class Clock:
    """Stands still until a test moves it."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Loads:
    """Counts loads; each returns the value before, as a loader does that finds nothing changed."""

    count: int = 0

    async def __call__(self, key: str, before: str | None) -> str:
        self.count += 1
        return before or key


@database_sync_to_async  # type: ignore[untyped-decorator]  # channels has no annotations
def announced(*rows: UUID) -> None:
    """Announce changes of rows."""
    for row in rows:
        announce(Change(ChangeKind.SERVER, row))


@database_sync_to_async  # type: ignore[untyped-decorator]  # as above
def counted_only() -> None:
    """Count a change as a release does that has no log."""
    count_a_change()


def many(changes: int) -> None:
    """Log many changes of a row, a few hundred in each transaction."""
    for start in range(0, changes, 500):
        log([CHANGE] * min(500, changes - start))


@database_sync_to_async  # type: ignore[untyped-decorator]  # as above
def restored(to: tuple[Any, ...], later: int = 0) -> None:
    """Put the log back to an earlier state, as a restored backup does, and announce other changes."""
    number, mark = to
    ChangeCount.objects.update(number=number, mark=mark)
    LoggedChange.objects.filter(number__gt=number).delete()
    for _ in range(later):
        announce(CHANGE)


@database_sync_to_async  # type: ignore[untyped-decorator]  # as above
def present() -> tuple[Any, ...]:
    """Return the state of the log."""
    return ChangeCount.objects.values_list("number", "mark").get()


async def watching(clock: Clock) -> tuple[ChangeWatch, list[Change | None]]:
    """Return a watch that has looked once, and what it has told since."""
    told: list[Change | None] = []
    watch = ChangeWatch(clock=clock)
    await announced(uuid4())
    await watch.look()
    watch.follow(told.append)
    clock.now += LOOK_SECONDS
    return watch, told


async def test_a_look_names_what_others_have_changed() -> None:
    watch, told = await watching(Clock())
    rows = [uuid4() for _ in range(3)]
    await announced(*rows)
    await watch.look()
    assert told == [Change(ChangeKind.SERVER, row) for row in rows]


async def test_looks_are_at_least_a_second_apart() -> None:
    clock = Clock()
    watch, told = await watching(clock)
    await watch.look()
    await announced(ROW)
    await watch.look()
    assert told == []
    clock.now += LOOK_SECONDS
    await asyncio.gather(*(watch.look() for _ in range(20)))
    assert told == [CHANGE]


async def test_a_change_that_was_counted_but_not_logged_is_told_as_unknown() -> None:
    watch, told = await watching(Clock())
    await announced(ROW)
    await counted_only()
    await watch.look()
    assert told == [None]


def test_more_changes_than_anybody_reads_are_told_as_unknown() -> None:
    announce(CHANGE)
    known = news_since(Place()).place
    many(MOST_MISSED + 1)
    assert news_since(known).changes is None
    assert not news_since(known).rewound


def test_the_log_holds_only_the_latest_changes() -> None:
    many(LOGGED + 2 * PRUNED_EVERY)
    assert LOGGED <= LoggedChange.objects.count() <= LOGGED + PRUNED_EVERY


def test_a_change_that_is_rolled_back_is_not_logged() -> None:
    announce(CHANGE)
    known = news_since(Place()).place
    with transaction.atomic():
        announce(CHANGE)
        transaction.set_rollback(True)
    assert news_since(known).changes == []


def test_a_change_of_a_kind_that_only_a_later_release_knows_is_unknown() -> None:
    announce(CHANGE)
    known = news_since(Place()).place
    announce(CHANGE)
    LoggedChange.objects.update(kind="policy")
    assert news_since(known).changes is None


async def test_what_nobody_has_changed_stays_fresh_without_being_loaded_again() -> None:
    clock, loads = Clock(), Loads()
    watch, _ = await watching(clock)
    cache = FreshCache(loads, watch=watch, clock=clock)
    for _ in range(5):
        await cache.get("a")
        clock.now += LOOK_SECONDS
    assert loads.count == 1
    clock.now += RELOAD_SECONDS
    await cache.get("a")
    assert loads.count == 2


async def test_a_change_elsewhere_has_only_what_it_affects_loaded_again() -> None:
    clock, loads = Clock(), Loads()
    watch, _ = await watching(clock)
    cache = FreshCache(loads, watch=watch, clock=clock)
    watch.follow(lambda change: cache.doubt(lambda value: change == CHANGE and value == "a"))
    for key in "abc":
        await cache.get(key)
    await announced(ROW)
    clock.now += LOOK_SECONDS
    assert [await cache.get(key) for key in "abc"] == ["a", "b", "c"]
    assert loads.count == 4


async def test_an_unknown_change_has_everything_compared_again() -> None:
    clock, loads = Clock(), Loads()
    watch, _ = await watching(clock)
    cache = FreshCache(loads, watch=watch, clock=clock)
    for key in "abc":
        await cache.get(key)
    await counted_only()
    clock.now += LOOK_SECONDS
    for key in "abc":
        await cache.get(key)
    assert loads.count == 6


@pytest.mark.parametrize("later", [0, 1, 3, 5])
async def test_another_history_empties_every_cache_whatever_its_count_is(later: int) -> None:
    clock, loads = Clock(), Loads()
    memory, restarts = CacheMemory(lambda: 1_000_000), []
    watch = ChangeWatch(clock=clock, memory=memory)
    watch.on_rewind(lambda: restarts.append(later))
    cache = FreshCache(loads, memory=memory, watch=watch, clock=clock)
    await announced(ROW)
    backup = await present()
    await announced(ROW, ROW, ROW)
    await cache.get("a")
    await restored(backup, later)
    clock.now += LOOK_SECONDS
    await watch.look()
    assert restarts == [later]
    assert len(cache) == 0


async def test_what_an_earlier_release_counts_does_not_empty_caches() -> None:
    clock, restarts = Clock(), []
    watch = ChangeWatch(clock=clock, memory=CacheMemory(lambda: 0))
    watch.on_rewind(lambda: restarts.append(1))
    await announced(ROW)
    await watch.look()
    for _ in range(3):
        await counted_only()
        await announced(ROW)
        clock.now += LOOK_SECONDS
        await watch.look()
    assert restarts == []
