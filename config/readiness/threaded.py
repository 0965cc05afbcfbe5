"""Blocking work in threads of its own, so that whatever hangs blocks nothing else."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")


class ThreadedWork(Generic[T]):
    """Run blocking work in a thread of its own, one at a time however long it hangs.

    Django's thread will not do: work that blocks it would look like a dead database. Nor will a pool: the interpreter
    waits for its threads at exit.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._running: asyncio.Future[T] | None = None

    async def __call__(self) -> T:
        """Wait for the work, and return its result or raise its exception."""
        loop = asyncio.get_running_loop()
        running = self._running
        if running is None or running.done() or running.get_loop() is not loop:
            running = loop.create_future()
            threading.Thread(target=self._run, args=(running,), daemon=True).start()
            # Only now: nobody would end the future of a thread that could not be started.
            self._running = running
        return await asyncio.shield(running)

    def _run(self, future: asyncio.Future[T]) -> None:
        try:
            settle = partial(future.set_result, self._work())
        except Exception as problem:  # raised where the result is awaited
            settle = partial(_fail, future, problem)
        loop = future.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle)


def _fail(future: asyncio.Future[T], problem: Exception) -> None:
    future.set_exception(problem)
    future.exception()  # marks it as retrieved: every waiter may be gone
