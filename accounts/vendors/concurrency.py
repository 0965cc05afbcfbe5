"""Limit the concurrent calls of each account, with a queue of bounded length for those that wait.

An account whose vendor is slow fills only its own queue, even if another account has the same vendor. The state is
kept in the memory of one process and one event loop.
"""

import asyncio
import time
from collections.abc import Callable
from uuid import UUID

from accounts.errors import UpstreamBusy
from accounts.metrics import CALLS_NOT_SENT, CALLS_WAITING
from accounts.notices import Notice, Party, Troubles

# A line that was full is clear once nobody was turned away for this long, so that bursts are one trouble.
QUIET_SECONDS = 30.0


class _Line(asyncio.Semaphore):
    """An account's turns; `calls` counts those under way and waiting."""

    calls = 0


class Turns:
    """Turns of any number of accounts; an account without calls under way takes no memory."""

    def __init__(
        self, *, concurrency: int, waiting: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._concurrency, self._waiting, self._seconds = concurrency, waiting, seconds
        self._lines: dict[UUID, _Line] = {}
        self._troubles = Troubles(Notice.LINE_FULL, Notice.LINE_CLEAR, clock=clock)

    def __len__(self) -> int:
        return len(self._lines)

    def of(self, party: Party) -> "Turn":
        """Return a context with a turn, first come, first served; UpstreamBusy if the line is full or slow."""
        return Turn(self, party)

    def join(self, party: Party) -> _Line:
        """Return the account's line, with one more call in it; raise UpstreamBusy if it is full."""
        account = party.account_id
        line = self._lines.get(account) or self._lines.setdefault(account, _Line(self._concurrency))
        if line.calls >= self._concurrency + self._waiting:
            raise self._busy("line full", party)
        line.calls += 1
        return line

    def leave(self, line: _Line, party: Party) -> None:
        """Take a call out of its line."""
        line.calls -= 1
        if not line.calls:
            del self._lines[party.account_id]
            if self._troubles:
                sentence = "An account's calls no longer wait in line."
                self._troubles.passed(party.account_id, sentence, party.fields, quiet_seconds=QUIET_SECONDS)

    async def wait(self, line: _Line, party: Party) -> None:
        """Wait for a turn; raise UpstreamBusy if that takes too long."""
        with CALLS_WAITING.track_inprogress():
            try:
                async with asyncio.timeout(self._seconds):
                    await line.acquire()
            except TimeoutError:
                raise self._busy("line slow", party) from None

    def _busy(self, why: str, party: Party) -> UpstreamBusy:
        CALLS_NOT_SENT.labels(why).inc()
        sentence = "Calls of an account were not sent: too many were waiting, or waited too long."
        self._troubles.happened(party.account_id, sentence, {"reason": why, **party.fields})
        return UpstreamBusy(self._concurrency, max(1, round(self._seconds)))


class Turn:
    """One turn of an account while a block lasts; a class, since contextlib's generators cost more per call."""

    __slots__ = ("_line", "_party", "_turns")

    def __init__(self, turns: Turns, party: Party) -> None:
        self._turns, self._party = turns, party

    async def __aenter__(self) -> None:
        line = self._line = self._turns.join(self._party)
        try:
            # acquire() does not wait unless the line is locked, so most calls need no timeout.
            await (self._turns.wait(line, self._party) if line.locked() else line.acquire())
        except BaseException:
            self._turns.leave(line, self._party)
            raise

    async def __aexit__(self, *_: object) -> None:
        self._line.release()
        self._turns.leave(self._line, self._party)
