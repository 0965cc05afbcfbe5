"""What a process finds out about changes that others made, with one look a second."""

import asyncio
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from channels.db import database_sync_to_async
from django.db import transaction
from django.db.models import F

from accounts.change_watch import LOOK_SECONDS, ChangeWatch
from accounts.changes import LOGGED, Change, ChangeKind, announce, changes_since
from accounts.freshness import RELOAD_SECONDS, FreshCache
from accounts.models.changes import ChangeCount, LoggedChange

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
        announce(ChangeKind.SERVER, row)


@database_sync_to_async  # type: ignore[untyped-decorator]  # as above
def counted_only() -> None:
    """Count a change as a release does that has no log."""
    ChangeCount.objects.filter(pk=1).update(number=F("number") + 1)


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


async def test_more_changes_than_the_log_holds_are_told_as_unknown() -> None:
    number, _ = await database_sync_to_async(changes_since)(-1)
    await announced(*(ROW for _ in range(LOGGED + 100)))
    assert (await database_sync_to_async(changes_since)(number))[1] is None
    assert await LoggedChange.objects.acount() <= LOGGED + 100


def test_a_change_that_is_rolled_back_is_not_logged() -> None:
    announce(ChangeKind.SERVER, ROW)
    number, _ = changes_since(-1)
    with transaction.atomic():
        announce(ChangeKind.SERVER, ROW)
        transaction.set_rollback(True)
    assert changes_since(number) == (number, [])


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
