"""Threads for database work that the event loop waits for, in lanes of their own.

What everything begins with (is this token live? which tools has it?) must not queue behind a page, an export or the
record of calls, of which one statement may be held up by a lock.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections

from accounts.database.circuit import circuit
from accounts.database.lanes import LOOKUP_THREADS, Lane, enter
from accounts.errors import DatabaseBusy

P = ParamSpec("P")
T = TypeVar("T")

MOST_LOOKUPS = 2000
RETRY_AFTER = 2


class LaneThreads:
    """A few threads of one lane, and a line of bounded length before them."""

    def __init__(self, lane: Lane, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, lane.name.lower(), initializer=partial(enter, lane))
        self._unfinished: set[Future[Any]] = set()
        self._working: set[Future[None]] = set()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._unfinished)

    def submit(self, most: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Run a function as soon as a thread is free; raise DatabaseBusy if `most` are unfinished, or DatabaseAway."""
        circuit.check()
        work: Callable[[], T] = partial(contextvars.copy_context().run, partial(_connected, function, *args, **kwargs))
        future: Future[T] = Future()
        with self._lock:
            if len(self._unfinished) >= most:
                raise DatabaseBusy(RETRY_AFTER)
            self._unfinished.add(future)
            working = self._threads.submit(_settle, future, work)
            self._working.add(working)
        future.add_done_callback(self._unfinished.discard)
        working.add_done_callback(self._working.discard)
        return future

    def finish(self, seconds: float) -> None:
        """Wait until all that was begun has ended, and those who wait for it were told, or until the time is over."""
        with self._lock:
            working = set(self._working)
        wait(working, seconds)


def _settle(future: "Future[T]", work: Callable[[], T]) -> None:
    """Do the work of a future unless it was cancelled; what waits for it is told before this returns."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as problem:  # raised where the result is awaited
        future.set_exception(problem)
    else:
        future.set_result(result)


def _connected(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function as Django runs a request: with a connection that works, and that others may have afterwards."""
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()


lookups = LaneThreads(Lane.LOOKUP, LOOKUP_THREADS)


async def look_up(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what a function finds in the database, in a thread; raise DatabaseBusy after LOOKUP_SECONDS."""
    future = lookups.submit(MOST_LOOKUPS, function, *args, **kwargs)
    try:
        async with asyncio.timeout(settings.LOOKUP_SECONDS):
            return await asyncio.wrap_future(future)
    except TimeoutError:
        raise DatabaseBusy(RETRY_AFTER) from None
