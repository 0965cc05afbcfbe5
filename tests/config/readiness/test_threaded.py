"""Blocking work in threads of its own."""

import asyncio
import threading

import pytest

from config.readiness.rounds import Check, Readiness
from config.readiness.threaded import ThreadedWork


async def test_work_that_hangs_holds_one_thread_however_often_it_is_asked() -> None:
    begun, release = [], threading.Event()

    def hang() -> dict[str, str]:
        begun.append(threading.get_ident())
        release.wait(10)
        return {}

    work = ThreadedWork(hang)
    readiness = Readiness([Check(("database",), work)], seconds=0.01)
    try:
        for _ in range(3):
            assert await readiness.parts() == {"database": "no answer within 0.01 s"}
    finally:
        release.set()
    assert await work() == {}
    assert len(begun) == 1


async def test_after_a_thread_that_could_not_be_started_the_work_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    work = ThreadedWork(lambda: "done")
    with monkeypatch.context() as without_threads:
        without_threads.setattr(threading.Thread, "start", fail)
        with pytest.raises(RuntimeError, match="start new thread"):
            await work()
    assert await asyncio.wait_for(work(), 10) == "done"


async def test_its_exception_is_raised() -> None:
    def fail() -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        await ThreadedWork(fail)()
