"""What an operator is told: each trouble once, with how often it happened, and what collectors find it by."""

import logging

import orjson
import pytest
from prometheus_client import REGISTRY

from accounts.notices import EVERY_SECONDS, MANY, Notice, Troubles, tell
from config.monitoring.logs import logging_settings

ONE, TWO = {"account": "one"}, {"account": "two"}


class Clock:
    """A clock that stands until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, int]]:
    return [(line.notice, line.account, line.count) for line in caplog.records]  # type: ignore[attr-defined]


def test_a_burst_is_one_line_and_the_next_one_counts_what_came_since(
    caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    troubles = Troubles(Notice.LINE_FULL, Notice.LINE_CLEAR, clock=clock)
    for _ in range(100):
        troubles.happened(1, "Full.", ONE)
    troubles.happened(2, "Full.", TWO)
    assert lines(caplog) == [("line_full", "one", 1), ("line_full", "two", 1)]
    clock.now += EVERY_SECONDS
    troubles.happened(1, "Full.", ONE)
    assert lines(caplog)[2:] == [("line_full", "one", 100)]


def test_the_end_is_told_once_with_the_total_and_only_of_what_was_told(
    caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    caplog.set_level(logging.INFO, "patchbay.notices")
    troubles = Troubles(Notice.LINE_FULL, Notice.LINE_CLEAR, least=3, clock=clock)
    troubles.happened(1, "Full.", ONE)
    troubles.passed(1, "Clear.", ONE)
    assert lines(caplog) == []
    troubles.happened(1, "Full.", ONE, times=7)
    troubles.passed(1, "Clear.", ONE, quiet_seconds=30)
    clock.now += 30
    for _ in range(3):
        troubles.passed(1, "Clear.", ONE, quiet_seconds=30)
    assert lines(caplog) == [("line_full", "one", 7), ("line_clear", "one", 7)]
    assert [line.levelname for line in caplog.records] == ["WARNING", "INFO"]


def test_what_is_rare_is_not_told_however_often_it_comes(caplog: pytest.LogCaptureFixture, clock: Clock) -> None:
    troubles = Troubles(Notice.UNKNOWN_TOKENS, least=3, clock=clock)
    for _ in range(20):
        troubles.happened(1, "Unknown.", ONE)
        clock.now += EVERY_SECONDS
    assert lines(caplog) == []


def test_troubles_of_any_number_of_addresses_take_bounded_memory(clock: Clock) -> None:
    troubles = Troubles(Notice.UNKNOWN_TOKENS, least=3, clock=clock)
    for address in range(3 * MANY):
        troubles.happened(address, "Unknown.", ONE)
    assert len(troubles) == MANY


@pytest.mark.parametrize("notice", Notice)
def test_every_notice_is_counted_from_the_start(notice: Notice) -> None:
    labels = {"notice": notice.value}
    before = REGISTRY.get_sample_value("patchbay_notices_total", labels)
    assert before is not None
    tell(notice, "Something.", count=1)
    assert REGISTRY.get_sample_value("patchbay_notices_total", labels) == before + 1


@pytest.mark.parametrize("style", ["json", "text"])
def test_a_line_has_all_fields_and_stays_one_line_whatever_an_account_is_called(
    style: str, caplog: pytest.LogCaptureFixture
) -> None:
    formatter = logging_settings(level="INFO", style=style)["formatters"]["line"]
    make = formatter.pop("()")
    fields = {"vendor": "Desk", "account": "Acme\nnotice=none", "account_id": "1", "reason": "HTTP 503", "count": 3}
    tell(Notice.VENDOR_DOWN, "A vendor is down.", **fields)
    line = make(**formatter).format(caplog.records[0])
    assert "\n" not in line
    if style == "json":
        assert orjson.loads(line).items() >= {**fields, "notice": "vendor_down", "event": "A vendor is down."}.items()
    else:
        assert "vendor=Desk" in line
