"""Rounds of checks: shared by probes, bounded in time, and logged when a part's state changes."""

import asyncio
import logging
from collections.abc import Mapping

import pytest

from config.readiness.rounds import Check, Readiness


class Part:
    """A part whose state a test sets; it counts how often it was asked."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}
        self.asked = 0

    async def __call__(self) -> Mapping[str, str]:
        self.asked += 1
        return self.words


async def silent() -> Mapping[str, str]:
    await asyncio.Event().wait()
    return {}


async def test_probes_that_come_together_share_one_round_of_checks() -> None:
    part = Part()
    readiness = Readiness([Check(("part",), part)])
    await asyncio.gather(*(readiness.parts() for _ in range(5)))
    assert part.asked == 1
    await readiness.parts()
    assert part.asked == 2


async def test_a_result_is_good_for_a_while() -> None:
    part = Part()
    readiness = Readiness([Check(("part",), part)], keep=3600)
    for _ in range(5):
        assert await readiness.parts() == {"part": "ok"}
    assert part.asked == 1


async def test_what_a_silent_part_keeps_from_being_checked_is_not_called_ok() -> None:
    readiness = Readiness([Check(("database", "keys"), silent), Check(("disk",), Part())], seconds=0.01)
    assert await readiness.parts() == {
        "database": "no answer within 0.01 s",
        "keys": "not checked, because of the database",
        "disk": "ok",
    }


async def test_what_needs_another_part_names_it_where_it_cannot_be_checked() -> None:
    migrations = Part()
    checks = [Check(("migrations",), migrations), Check(("keys",), silent, after=("migrations",))]
    readiness = Readiness(checks, seconds=0.01)
    assert (await readiness.parts())["keys"] == "no answer within 0.01 s"
    migrations.words = {"migrations": "it lacks some"}
    assert (await readiness.parts())["keys"] == "not checked, because of the migrations"


async def test_an_answer_that_stands_holds_until_there_is_another() -> None:
    part, answering = Part(), asyncio.Event()

    async def locked() -> Mapping[str, str]:
        await answering.wait()
        return await part()

    readiness = Readiness([Check(("keys",), locked, stands=True), Check(("database",), locked)], seconds=0.01)
    await readiness.parts()
    assert readiness.good == set()
    answering.set()
    await readiness.parts()
    assert readiness.good == {"keys", "database"}
    answering.clear()
    assert (await readiness.parts())["keys"] == "no answer within 0.01 s"
    assert readiness.good == {"keys"}
    answering.set()
    part.words = {"keys": "wrong"}
    await readiness.parts()
    assert readiness.good == {"database"}


async def test_a_change_is_logged_once_each_way(caplog: pytest.LogCaptureFixture) -> None:
    part = Part()
    readiness = Readiness([Check(("disk",), part)])
    for words in ({}, {"disk": "9 MB are free"}, {"disk": "8 MB are free"}, {}, {}):
        part.words = words
        await readiness.parts()
    said = [(record.levelno, record.getMessage()) for record in caplog.records if record.name.endswith("rounds")]
    assert said == [(logging.ERROR, "/readyz: disk: 9 MB are free"), (logging.WARNING, "/readyz: disk: ok again")]
