"""Values that are made once for all who use them, dropped when nobody does, and bounded by their bytes."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.caches.memory import CacheMemory
from accounts.caches.shared_values import SharedValues


class Value:
    """Something that can be shared; `size` is what it weighs."""

    def __init__(self, size: int = 10) -> None:
        self.size = size


def shared(limit: int = 1000, *, kept: bool = False) -> tuple[SharedValues[Value], CacheMemory]:
    """Return values of a memory of their own."""
    memory = CacheMemory(lambda: limit)
    return SharedValues("tests", lambda value: value.size, kept=kept, memory=memory), memory


def test_equal_subjects_and_versions_share_one_value() -> None:
    values, memory = shared()
    first = values.get("a", 1, Value)
    assert values.get("a", 1, Value) is first
    assert values.get("a", 2, Value) is not first
    assert memory.bytes == 10


def test_a_value_that_nobody_uses_is_dropped_and_no_longer_counts() -> None:
    values, memory = shared()
    held = values.get("a", 1, Value)
    assert (len(values), memory.bytes) == (1, held.size)
    del held
    assert (len(values), memory.bytes) == (0, 0)


def test_only_the_latest_version_of_a_kept_value_stays() -> None:
    values, memory = shared(kept=True)
    values.get("a", 1, Value)
    values.get("a", 2, Value)
    assert (len(values), memory.bytes) == (1, 10)


def test_threads_that_need_the_same_value_wait_for_one_of_them_to_make_it() -> None:
    values, _ = shared()
    made: list[Value] = []
    everyone = threading.Barrier(4)

    def make() -> Value:
        made.append(Value())
        return made[-1]

    def ask(_: int) -> Value:
        everyone.wait()
        return values.get("a", 1, make)

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(ask, range(4)))
    assert {*map(id, found)} == {id(made[0])}
    assert len(made) == 1


def test_a_value_that_cannot_be_made_is_tried_again() -> None:
    values, _ = shared()

    def fail() -> Value:
        raise LookupError

    with pytest.raises(LookupError):
        values.get("a", 1, fail)
    assert values.get("a", 1, Value).size == 10


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3), st.integers(1, 400)), max_size=60))
def test_kept_values_never_take_more_than_the_limit_together(asked: list[tuple[int, int, int]]) -> None:
    values, memory = shared(500, kept=True)
    for subject, version, size in asked:
        values.get(subject, version, partial(Value, size))
        assert memory.bytes <= 500


def test_what_is_in_use_is_not_made_again_although_the_memory_is_full() -> None:
    values, _ = shared(15, kept=True)
    first = values.get("a", 1, Value)
    values.get("b", 1, Value)
    assert values.get("a", 1, Value) is first
