"""What a request costs the thread that handles it: calls of functions, which are the same each time, and its time.

Time is the thread's own, so that a machine that is busy with other things does not count, and is told against that of a
yardstick: reading a document of the largest size and looking at each of its values.
"""

import sys
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

import orjson

from tools.calling.invocation import LARGE_REQUEST

LARGEST = 1024 * 1024
# The loop may be held for 50 ms; the yardstick takes 50 to 60 on the machine that this was written on. What Django
# answers runs in threads, where others get their turn each 5 ms.
LOOP = 1.5
THREAD = 10.0
# A file is parsed in a thread too, by somebody who may import: seconds a megabyte, never minutes.
FILE = 60.0
# Beyond the pages' own work, which has nothing to do with what is sent. Arguments that do not fit are read along their
# schema, which takes about eight calls for each value.
STEPS = 140_000
ATTEMPTS = 3


@cache
def yardstick() -> float:
    """Return the least seconds of three attempts."""
    raw = orjson.dumps([[count] for count in range(120_000)])[:LARGEST]
    return min(_seconds_of_reading(raw) for _ in range(ATTEMPTS))


def _seconds_of_reading(raw: bytes) -> float:
    started = time.thread_time()
    waiting: list[Any] = [orjson.loads(raw)]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(item)
    return time.thread_time() - started


async def steps_of(handle: Callable[[], Awaitable[object]]) -> int:
    """Return how many functions are called while something is handled."""
    steps = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal steps
        steps += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        await handle()
    finally:
        sys.setprofile(None)
    return steps


async def yardsticks_of(handle: Callable[[], Awaitable[object]], *, most: float) -> float:
    """Return the time of handling something; attempts are repeated only where one took too long."""
    least = float("inf")
    for _ in range(ATTEMPTS):
        started = time.thread_time()
        await handle()
        least = min(least, (time.thread_time() - started) / yardstick())
        if least < most:
            break
    return least


async def growth_problems(
    name: str, handle_of: Callable[[int], Callable[[], Awaitable[object]]], *, most: float
) -> list[str]:
    """Return what is wrong with the cost of an input: its time at the largest size, its steps where they are walked.

    Larger requests are refused, or handled in a thread, so that steps on the loop are those of smaller ones.
    """
    problems = []
    time_taken = await yardsticks_of(handle_of(LARGEST - 4000), most=most)
    if time_taken > most:
        problems.append(f"{name}: takes {time_taken:.1f} yardsticks")
    whole, half = await steps_of(handle_of(LARGE_REQUEST - 2000)), await steps_of(handle_of(LARGE_REQUEST // 2 - 1000))
    if whole > STEPS:
        problems.append(f"{name}: takes {whole} steps")
    if whole > 2.2 * half + 5000:
        problems.append(f"{name}: grows from {half} to {whole} steps at twice the size")
    return problems
