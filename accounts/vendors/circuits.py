"""Stop calling a vendor that is down: after some failures in a row nothing is sent for a while, then one call tries.

Two kinds of failures are distinguished. If no connection can be made, the host is at fault: this counts for the host,
and so for every account there. A gateway's 502, 503 or 504, a broken connection or a timeout may concern only one
customer: these count for that account at that host, so that one customer's trouble shuts out nobody else. Any other
answer, even a 500, comes from a vendor that is up, and so does a 503 that says when to retry.

The state is kept in the memory of one process and one event loop; each process finds out by itself.
"""

import math
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import NamedTuple

from accounts.errors import (
    UpstreamBroken,
    UpstreamDown,
    UpstreamTimeout,
    UpstreamTooLarge,
    UpstreamUnreachable,
    UpstreamUnreadable,
)
from accounts.metrics import CALLS_NOT_SENT, CIRCUITS_OPENED
from accounts.notices import Notice, Party, tell
from accounts.vendors.addresses import origin

# What gateways return if the server behind them does not answer; those above 520 are a widespread proxy's own.
GATEWAY_STATUSES = frozenset({502, 503, 504, 521, 522, 523, 524})
# Of no more hosts and accounts are failures kept; downloads lead to hosts of a vendor's choice.
MANY = 2000


class CircuitKeys(NamedTuple):
    """The circuits that a call passes: the host's, and the account's at that host. Notices name the party."""

    host: Hashable
    account: Hashable
    party: Party


# Needed for every call, but of few addresses.
_origin = lru_cache(maxsize=1024)(origin)


def keys_of(base_url: str, party: Party) -> CircuitKeys:
    """Return the keys of the circuits that an account's calls pass."""
    host = _origin(base_url)
    return CircuitKeys(host, (host, party.account_id), party)


@dataclass(slots=True)
class _Circuit:
    """Failures in a row. `opened_until` is None while calls pass; `trying` is true while a trial is under way."""

    failures: int
    since: float
    cause: str
    opened_until: float | None = None
    trying: bool = False


class Circuits:
    """Circuits of any number of hosts and accounts; only failing ones take memory. `failures=0` opens none."""

    def __init__(
        self, *, failures: int, window_seconds: float, open_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._failures, self._window, self._open, self._clock = failures, window_seconds, open_seconds, clock
        self._circuits: dict[Hashable, _Circuit] = {}

    def __len__(self) -> int:
        return len(self._circuits)

    def refuse_open(self, keys: CircuitKeys) -> None:
        """Raise UpstreamDown while one of the circuits is open, unless a trial is due and none is under way."""
        for circuit in self._open_circuits(keys) if self._circuits else ():
            wait = (circuit.opened_until or 0) - self._clock()
            if circuit.trying or wait > 0:
                CALLS_NOT_SENT.labels("vendor down").inc()
                raise UpstreamDown(circuit.cause, circuit.failures, max(1, math.ceil(wait)))

    def attempt(self, keys: CircuitKeys) -> "Attempt":
        """Return a context for one call; raise UpstreamDown if the call may not be made."""
        if not self._circuits:
            return Attempt(self, keys, [])
        self.refuse_open(keys)
        trials = self._open_circuits(keys)
        for circuit in trials:
            circuit.trying = True
        return Attempt(self, keys, trials)

    def _open_circuits(self, keys: CircuitKeys) -> list[_Circuit]:
        found = (self._circuits.get(key) for key in (keys.host, keys.account))
        return [circuit for circuit in found if circuit is not None and circuit.opened_until is not None]

    def succeeded(self, party: Party, *keys: Hashable) -> None:
        """Drop the failures of a host, an account, or both; tell if that closes a circuit."""
        for key in keys if self._circuits else ():
            circuit = self._circuits.pop(key, None)
            if circuit is not None and circuit.opened_until is not None:
                sentence = "A vendor that was down answers again; calls are sent."
                tell(Notice.VENDOR_UP, sentence, count=circuit.failures, **party.fields)

    def failed(self, key: Hashable, cause: str, keys: CircuitKeys, trials: list[_Circuit]) -> None:
        """Count a failure; open the circuit if there are too many, or again if the call was a trial."""
        if not self._failures:
            return
        now, circuit = self._clock(), self._circuits.get(key)
        if circuit is None:
            self._make_room(now)
            circuit = self._circuits[key] = _Circuit(0, now, cause)
        if circuit.opened_until is not None and circuit not in trials:
            return  # sent before it opened
        if circuit.opened_until is None and now - circuit.since > self._window:
            circuit.failures, circuit.since = 0, now
        circuit.failures, circuit.cause = circuit.failures + 1, cause
        if circuit.failures >= self._failures:
            if circuit.opened_until is None:
                _tell_opened(circuit, keys, everybody=key == keys.host)
            circuit.opened_until = now + self._open
            CIRCUITS_OPENED.inc()

    def _make_room(self, now: float) -> None:
        """Drop circuits whose failures are long past; if there are none, the oldest, an open one last of all."""
        if len(self._circuits) < MANY:
            return
        for key, circuit in list(self._circuits.items()):
            if now - (circuit.opened_until or circuit.since) > self._window and not circuit.trying:
                del self._circuits[key]
        if len(self._circuits) >= MANY:
            closed = (key for key, circuit in self._circuits.items() if circuit.opened_until is None)
            del self._circuits[next(closed, next(iter(self._circuits)))]


def _tell_opened(circuit: _Circuit, keys: CircuitKeys, *, everybody: bool) -> None:
    who = "every account at its host" if everybody else "this account"
    sentence = f"A vendor is down, and is not called for a while on behalf of {who}."
    # The cause is of our own words, or an HTTP status.
    tell(Notice.VENDOR_DOWN, sentence, reason=circuit.cause, count=circuit.failures, **keys.party.fields)


class Attempt:
    """One call, whose outcome the circuits count: its answer, or the UpstreamFailure that ends the block.

    A block that ends without either, as a cancelled call's does, says nothing about the vendor.
    """

    __slots__ = ("_circuits", "_keys", "_trials")

    def __init__(self, circuits: Circuits, keys: CircuitKeys, trials: list[_Circuit]) -> None:
        self._circuits, self._keys, self._trials = circuits, keys, trials

    def __enter__(self) -> "Attempt":
        return self

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Count an answer; header names must be in lower case."""
        if status in GATEWAY_STATUSES and "retry-after" not in headers:
            self._succeeded(self._keys.host)
            self._failed(self._keys.account, f"HTTP {status}")
        else:
            self._succeeded(self._keys.host, self._keys.account)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        match value:
            case UpstreamUnreachable():
                self._failed(self._keys.host, str(value))
            case UpstreamTimeout() | UpstreamBroken():
                self._succeeded(self._keys.host)
                self._failed(self._keys.account, str(value))
            case UpstreamTooLarge() | UpstreamUnreadable():
                self._succeeded(self._keys.host, self._keys.account)
        for circuit in self._trials:
            circuit.trying = False

    def _succeeded(self, *keys: Hashable) -> None:
        self._circuits.succeeded(self._keys.party, *keys)

    def _failed(self, key: Hashable, cause: str) -> None:
        self._circuits.failed(key, cause, self._keys, self._trials)
