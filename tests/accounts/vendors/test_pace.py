"""A vendor is told to be slow once, by the calls of one account, and in time again once none of the latest was slow."""

import logging
from uuid import uuid4

import pytest
from pytest_django.fixtures import Settings

from accounts.notices import Party
from accounts.vendors.pace import LATEST, LEAST, MOST_ACCOUNTS, Paces
from tests.mcp_client import McpClient
from tests.vendors.scripted import ScriptedVendor

ACME, OTHER = Party(uuid4(), "Acme", "Desk"), Party(uuid4(), "Other", "Desk")


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(line.notice, line.account) for line in caplog.records if hasattr(line, "notice")]  # type: ignore[attr-defined]


def call(paces: Paces, *seconds: float, party: Party = ACME) -> None:
    for each in seconds:
        paces.took(party, each)


def test_more_than_one_slow_call_in_twenty_is_told_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "patchbay.notices")
    paces = Paces(slow_seconds=10)
    call(paces, *[1.0] * (LATEST - 2), 11.0, 11.0)
    assert lines(caplog) == []  # exactly one in twenty
    call(paces, 11.0, *[30.0] * 20, *[1.0] * (LATEST - 1))
    call(paces, *[1.0] * LATEST, party=OTHER)
    assert lines(caplog) == [("vendor_slow", "Acme")]
    call(paces, 1.0, 1.0, 1.0)
    assert lines(caplog)[1:] == [("vendor_in_time", "Acme")]


def test_a_few_calls_say_nothing_and_nothing_is_judged_without_a_threshold(caplog: pytest.LogCaptureFixture) -> None:
    call(Paces(slow_seconds=10), *[30.0] * (LEAST - 1))
    call(Paces(slow_seconds=0), *[30.0] * LATEST)
    assert lines(caplog) == []


def test_any_number_of_accounts_takes_bounded_memory() -> None:
    paces = Paces(slow_seconds=10)
    for _ in range(2 * MOST_ACCOUNTS):
        call(paces, 1.0, party=Party(uuid4(), "A", "B"))
    assert len(paces._paces) == MOST_ACCOUNTS


async def test_the_time_that_a_vendor_took_is_judged(
    desk: McpClient, scripted: ScriptedVendor, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.UPSTREAM_SLOW_SECONDS = 1e-9
    scripted.body = b'{"data": []}'
    for _ in range(LEAST):
        await desk.value("list_all_desk_tickets")
    assert lines(caplog) == [("vendor_slow", "Desk")]
