"""A database that is away is waited for by one thread; everybody else is told at once."""

import threading
from dataclasses import dataclass, field

import pytest

from accounts.database.circuit import TRIAL_SECONDS, DatabaseCircuit
from accounts.errors import DatabaseAway


@dataclass
class Trials:
    """A database that a test lets answer; each trial waits for the test."""

    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    may_end: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    answers: bool = False
    problem: Exception = field(
        default_factory=lambda: ConnectionError(
            'connection failed: connection to server at "10.0.0.5", port 5432 failed: FATAL:  no\nx'
        )
    )
    count: int = 0
    recovered: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> None:
        self.count += 1
        self.begun.release()
        assert self.may_end.acquire(timeout=10)
        if not self.answers:
            raise self.problem

    def end_one(self) -> None:
        """Let one trial end, and return once the next has begun."""
        self.may_end.release()
        assert self.begun.acquire(timeout=10)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def suspected(clock: Clock) -> tuple[DatabaseCircuit, Trials]:
    circuit, trials = DatabaseCircuit(pause=0, clock=clock), Trials()
    circuit.suspect(trials, trials.recovered.set)
    assert trials.begun.acquire(timeout=10)
    return circuit, trials


def end(trials: Trials) -> None:
    trials.answers = True
    thread = next(each for each in threading.enumerate() if each.name == "database-circuit")
    trials.may_end.release()
    thread.join(10)


def test_a_suspicion_alone_refuses_nobody() -> None:
    circuit, trials = suspected(Clock())
    circuit.check()
    end(trials)
    circuit.check()
    assert not trials.recovered.is_set()


def test_after_a_failed_trial_everybody_is_refused_until_one_succeeds(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    circuit, trials = suspected(clock)
    trials.end_one()
    with pytest.raises(DatabaseAway) as refused:
        circuit.check()
    assert refused.value.retry_after > 0
    trials.end_one()
    clock.now = 12.0
    end(trials)
    circuit.check()
    assert trials.recovered.is_set()
    assert "is away (ConnectionError: FATAL:  no)" in caplog.text
    assert "answers again after 12.0 s" in caplog.text
    assert "10.0.0.5" not in caplog.text
    assert len(caplog.records) == 2


def test_an_outage_is_over_though_what_follows_it_fails(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise OSError("the pool is closed")

    circuit, trials = DatabaseCircuit(pause=0), Trials()
    circuit.suspect(trials, fail)
    assert trials.begun.acquire(timeout=10)
    trials.end_one()
    end(trials)
    circuit.check()
    assert "the pool is closed" in caplog.text


def test_a_trial_that_cannot_begin_leaves_the_next_suspicion_to_begin_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    clock = Clock()
    circuit, trials = DatabaseCircuit(pause=0, clock=clock), Trials()
    with monkeypatch.context() as without_threads:
        without_threads.setattr(threading.Thread, "start", fail)
        circuit.suspect(trials)
    clock.now = TRIAL_SECONDS + 0.1
    circuit.check()
    circuit.suspect(trials)
    assert trials.begun.acquire(timeout=10)
    end(trials)


def test_a_host_that_has_no_address_is_told_without_its_name(caplog: pytest.LogCaptureFixture) -> None:
    _, trials = suspected(Clock())
    trials.problem = ConnectionError("failed to resolve host 'db.internal': [Errno -2] Name or service not known")
    trials.end_one()
    end(trials)
    assert "is away (ConnectionError: its host name cannot be resolved: Name or service not known)" in caplog.text
    assert "db.internal" not in caplog.text


def test_a_trial_that_hangs_counts_as_failed() -> None:
    clock = Clock()
    circuit, trials = suspected(clock)
    clock.now = TRIAL_SECONDS + 0.1
    with pytest.raises(DatabaseAway):
        circuit.check()
    end(trials)
    circuit.check()


def test_there_is_one_trial_at_a_time_however_many_suspect() -> None:
    circuit, trials = suspected(Clock())
    for _ in range(5):
        circuit.suspect(trials)
    assert trials.count == 1
    end(trials)
