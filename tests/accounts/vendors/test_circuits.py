"""Circuits: a vendor that is down is left alone, one call tries, and one customer's trouble shuts out nobody else."""

import logging
from typing import Any
from uuid import uuid4

import pytest

from accounts.errors import (
    UpstreamBroken,
    UpstreamDown,
    UpstreamFailure,
    UpstreamForbidden,
    UpstreamTimeout,
    UpstreamTooLarge,
    UpstreamUnreachable,
    UpstreamUnreadable,
    UpstreamUnsendable,
)
from accounts.notices import Party
from accounts.vendors.addresses import origin
from accounts.vendors.circuits import GATEWAY_STATUSES, MANY, CircuitKeys, Circuits, keys_of

PARTY = Party(uuid4(), "Acme", "Desk")
HERE, NEIGHBOUR = CircuitKeys("h", "h a", PARTY), CircuitKeys("h", "h b", PARTY)
ELSEWHERE = CircuitKeys("i", "i a", PARTY)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuits(clock: Clock) -> Circuits:
    return Circuits(failures=3, window_seconds=60, open_seconds=15, clock=clock)


def fail(circuits: Circuits, failure: UpstreamFailure, keys: CircuitKeys = HERE, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(type(failure)), circuits.attempt(keys):
            raise failure


def answer(circuits: Circuits, status: int, keys: CircuitKeys = HERE, times: int = 1, **headers: str) -> None:
    for _ in range(times):
        with circuits.attempt(keys) as attempt:
            attempt.answered(status, {name.replace("_", "-"): value for name, value in headers.items()})


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[Any, ...]]:
    """Return the notices so far: name, account, reason."""
    return [(line.notice, line.account, getattr(line, "reason", "")) for line in caplog.records]  # type: ignore[attr-defined]


def is_open(circuits: Circuits, keys: CircuitKeys = HERE) -> bool:
    try:
        circuits.refuse_open(keys)
    except UpstreamDown:
        return True
    return False


def test_no_connection_several_times_shuts_the_host_for_all(circuits: Circuits) -> None:
    fail(circuits, UpstreamUnreachable("no connection could be made"), times=2)
    assert not is_open(circuits)
    fail(circuits, UpstreamUnreachable("no connection could be made"), NEIGHBOUR)
    with pytest.raises(
        UpstreamDown, match=r"last 3 calls failed \(the last one: no connection could be made\)"
    ) as down:
        circuits.attempt(HERE)
    assert down.value.retry_after == 15
    assert not down.value.may_have_arrived
    assert is_open(circuits, NEIGHBOUR)
    assert not is_open(circuits, ELSEWHERE)


@pytest.mark.parametrize("status", sorted(GATEWAY_STATUSES))
def test_a_gateways_word_shuts_the_account_that_got_it_alone(circuits: Circuits, status: int) -> None:
    answer(circuits, status, times=3)
    with pytest.raises(UpstreamDown, match=f"HTTP {status}"):
        circuits.refuse_open(HERE)
    assert not is_open(circuits, NEIGHBOUR)


@pytest.mark.parametrize("failure", [UpstreamTimeout("silent"), UpstreamBroken("ended")])
def test_silence_shuts_the_account_that_met_it_alone(circuits: Circuits, failure: UpstreamFailure) -> None:
    fail(circuits, failure, times=3)
    assert is_open(circuits)
    assert not is_open(circuits, NEIGHBOUR)


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 403, 404, 408, 429, 500, 501, 505, 599])
def test_any_other_answer_is_that_of_a_vendor_that_is_up(circuits: Circuits, status: int) -> None:
    answer(circuits, status, times=20)
    answer(circuits, 503, times=2)
    answer(circuits, status)
    answer(circuits, 503, times=2)
    assert not is_open(circuits)


def test_a_503_that_says_when_to_come_back_counts_for_nothing(circuits: Circuits) -> None:
    answer(circuits, 503, times=20, retry_after="5")
    assert len(circuits) == 0


@pytest.mark.parametrize("failure", [UpstreamTooLarge("large"), UpstreamUnreadable("garbled")])
def test_an_answer_that_cannot_be_used_is_an_answer(circuits: Circuits, failure: UpstreamFailure) -> None:
    answer(circuits, 503, times=2)
    fail(circuits, failure, times=20)
    assert len(circuits) == 0


@pytest.mark.parametrize("failure", [UpstreamForbidden("private"), UpstreamUnsendable("no address")])
def test_what_was_never_sent_says_nothing(circuits: Circuits, failure: UpstreamFailure) -> None:
    answer(circuits, 503, times=2)
    fail(circuits, failure, times=20)
    answer(circuits, 503)
    assert is_open(circuits)


def test_failures_that_are_far_apart_are_not_in_a_row(circuits: Circuits, clock: Clock) -> None:
    for _ in range(20):
        answer(circuits, 503, times=2)
        clock.now += 61
    assert not is_open(circuits)


def test_after_a_while_exactly_one_call_tries_and_its_success_lets_all_pass(circuits: Circuits, clock: Clock) -> None:
    answer(circuits, 503, times=3)
    clock.now += 14.5
    assert is_open(circuits)
    clock.now += 0.5
    with circuits.attempt(HERE) as trial:
        for _ in range(3):
            with pytest.raises(UpstreamDown):
                circuits.attempt(HERE)
        trial.answered(200, {})
    assert not is_open(circuits)
    assert len(circuits) == 0


def test_a_trial_that_fails_opens_it_again_at_once(circuits: Circuits, clock: Clock) -> None:
    answer(circuits, 503, times=3)
    clock.now += 15
    answer(circuits, 502)
    with pytest.raises(UpstreamDown, match=r"last 4 calls failed .*HTTP 502") as down:
        circuits.refuse_open(HERE)
    assert down.value.retry_after == 15


def test_a_trial_that_is_cancelled_leaves_the_next_one_to_try(circuits: Circuits, clock: Clock) -> None:
    fail(circuits, UpstreamUnreachable("no connection could be made"), times=3)
    clock.now += 15
    with pytest.raises(KeyboardInterrupt), circuits.attempt(HERE):
        raise KeyboardInterrupt
    answer(circuits, 200)
    assert len(circuits) == 0


def test_calls_that_were_sent_before_it_opened_do_not_prolong_it(circuits: Circuits, clock: Clock) -> None:
    earlier = [circuits.attempt(HERE) for _ in range(5)]
    answer(circuits, 503, times=3)
    clock.now += 10
    for attempt in earlier:
        attempt.answered(503, {})
    clock.now += 5
    assert not is_open(circuits)


def test_a_success_of_a_call_that_was_sent_before_it_opened_closes_it(circuits: Circuits) -> None:
    earlier = circuits.attempt(HERE)
    answer(circuits, 503, times=3)
    earlier.answered(200, {})
    assert not is_open(circuits)


def test_none_opens_where_the_number_is_none(clock: Clock) -> None:
    circuits = Circuits(failures=0, window_seconds=60, open_seconds=15, clock=clock)
    answer(circuits, 503, times=100)
    assert len(circuits) == 0


def test_failures_of_many_hosts_are_forgotten_in_time(circuits: Circuits, clock: Clock) -> None:
    for number in range(3 * MANY):
        answer(circuits, 503, CircuitKeys(number, (number, 0), PARTY))
        clock.now += 1
    assert len(circuits) <= MANY


def test_many_failing_hosts_at_once_take_no_more_memory_and_close_no_open_circuit(circuits: Circuits) -> None:
    answer(circuits, 503, times=3)
    for number in range(2 * MANY):
        answer(circuits, 503, CircuitKeys(number, (number, 0), PARTY))
    assert len(circuits) <= MANY
    assert is_open(circuits)


def test_a_host_is_known_however_its_address_is_written() -> None:
    same = ["https://a.example", "https://A.example:443", "https://a.example/api/v2", "https://a.example:443/x"]
    assert {keys_of(each, PARTY) for each in same} == {keys_of("https://a.example", PARTY)}
    assert len({origin(each) for each in ("https://a.example", "http://a.example", "https://a.example:8443")}) == 3


def test_opening_and_closing_are_told_once_whatever_is_refused_and_tried_in_between(
    circuits: Circuits, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "patchbay.notices")
    answer(circuits, 503, times=3)
    for _ in range(5):
        assert is_open(circuits)
        clock.now += 15
        answer(circuits, 503)
    assert told(caplog) == [("vendor_down", "Acme", "HTTP 503")]
    clock.now += 15
    answer(circuits, 200, times=5)
    assert told(caplog)[1:] == [("vendor_up", "Acme", "")]


def test_a_host_that_is_down_is_told_once_for_all_its_accounts(
    circuits: Circuits, caplog: pytest.LogCaptureFixture
) -> None:
    fail(circuits, UpstreamUnreachable("no connection could be made"), times=2)
    fail(circuits, UpstreamUnreachable("no connection could be made"), NEIGHBOUR)
    assert is_open(circuits)
    assert is_open(circuits, NEIGHBOUR)
    assert told(caplog) == [("vendor_down", "Acme", "no connection could be made")]
    assert "every account at its host" in caplog.text
