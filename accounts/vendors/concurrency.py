"""Whose call is next: each account has a number of calls under way at most, and a line of bounded length behind them.

So an account whose vendor is slow fills its own line and nobody else's, also where both accounts are at one vendor.
All of this is in the memory of one process and one event loop.
"""

import asyncio
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from types import TracebackType

from accounts.errors import UpstreamBusy
from accounts.metrics import CALLS_NOT_SENT, CALLS_WAITING


@dataclass(slots=True)
class _Line:
    under_way: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class Turns:
    """Turns of any number of accounts; one that has no call under way takes no memory."""

    def __init__(self, *, concurrency: int, waiting: int, seconds: float) -> None:
        self._concurrency, self._waiting, self._seconds = concurrency, waiting, seconds
        self._lines: dict[Hashable, _Line] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def of(self, account: Hashable) -> "Turn":
        """Return a turn to be taken with `async with`."""
        return Turn(self, account)

    async def begin(self, account: Hashable) -> None:
        """Wait for a turn, first come, first served; raise UpstreamBusy when the line is full or too slow."""
        line = self._lines.get(account)
        if line is None:
            line = self._lines[account] = _Line()
        if line.under_way < self._concurrency:
            line.under_way += 1
            return
        if len(line.waiting) >= self._waiting:
            CALLS_NOT_SENT.labels("line full").inc()
            raise UpstreamBusy(line.under_way, self._retry_seconds())
        await self._wait(account, line)

    async def _wait(self, account: Hashable, line: _Line) -> None:
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        line.waiting.append(turn)
        # Cheaper than asyncio.timeout, where each call of a busy account passes.
        expiry = loop.call_later(self._seconds, _expire, turn)
        CALLS_WAITING.inc()
        try:
            await turn
        except TimeoutError:
            _leave(line, turn)
            CALLS_NOT_SENT.labels("line slow").inc()
            raise UpstreamBusy(line.under_way, self._retry_seconds()) from None
        except BaseException:
            if turn.cancelled() or turn.exception() is not None:
                _leave(line, turn)
            else:
                # It came in the moment of being cancelled, and goes on to the next.
                self.end(account)
            raise
        finally:
            expiry.cancel()
            CALLS_WAITING.dec()

    def end(self, account: Hashable) -> None:
        """Give the turn to the next that still waits."""
        line = self._lines[account]
        while line.waiting:
            turn = line.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        line.under_way -= 1
        if not line.under_way:
            del self._lines[account]

    def _retry_seconds(self) -> int:
        return max(1, round(self._seconds))


def _expire(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(TimeoutError())


def _leave(line: _Line, turn: asyncio.Future[None]) -> None:
    if turn in line.waiting:
        line.waiting.remove(turn)


class Turn:
    """One turn, for as long as the block lasts."""

    __slots__ = ("_account", "_turns")

    def __init__(self, turns: Turns, account: Hashable) -> None:
        self._turns, self._account = turns, account

    async def __aenter__(self) -> None:
        await self._turns.begin(self._account)

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._turns.end(self._account)
