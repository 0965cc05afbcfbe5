"""Notice vendors that are slow: more than one in twenty of an account's latest calls took longer than a setting allows.

Only the latest calls of each account are looked at, in the memory of one process and one event loop.
"""

import time
from collections import OrderedDict, deque
from types import TracebackType
from uuid import UUID

from accounts.errors import UpstreamFailure
from accounts.notices import Notice, Party, Troubles

# The 95th percentile of so many calls is judged once the first LEAST have been made.
LATEST, LEAST = 40, 20
SHARE = 0.05
# Accounts whose calls are looked at; the one that was called longest ago makes room.
MOST_ACCOUNTS = 2000


class _Pace:
    """Which of an account's latest calls were slow."""

    __slots__ = ("latest", "slow")

    def __init__(self) -> None:
        self.latest: deque[bool] = deque(maxlen=LATEST)
        self.slow = 0

    def add(self, *, is_slow: bool) -> None:
        if len(self.latest) == LATEST:
            self.slow -= self.latest[0]
        self.latest.append(is_slow)
        self.slow += is_slow


class Paces:
    """How fast the vendors of any number of accounts answer; `slow_seconds=0` judges none."""

    def __init__(self, *, slow_seconds: float) -> None:
        self._slow_seconds = slow_seconds
        self._paces: OrderedDict[UUID, _Pace] = OrderedDict()
        self._troubles = Troubles(Notice.VENDOR_SLOW, Notice.VENDOR_IN_TIME)

    def timed(self, party: Party) -> "Timing":
        """Return a context that times a call, from the request to its whole answer."""
        return Timing(self, party)

    def took(self, party: Party, seconds: float) -> None:
        """Add a call to its account's pace; failures and time-outs count with the time that they took."""
        if not self._slow_seconds:
            return
        pace = self._paces.get(party.account_id)
        if pace is None:
            if len(self._paces) >= MOST_ACCOUNTS:
                self._paces.popitem(last=False)
            pace = self._paces[party.account_id] = _Pace()
        self._paces.move_to_end(party.account_id)
        pace.add(is_slow=seconds > self._slow_seconds)
        if not pace.slow:
            if not self._troubles:
                return
            sentence = "A vendor answers in time again: none of the account's latest calls was slow."
            self._troubles.passed(party.account_id, sentence, party.fields)
        elif len(pace.latest) >= LEAST and pace.slow > SHARE * len(pace.latest):
            sentence = f"A vendor is slow: more than one in twenty calls took longer than {self._slow_seconds:g} s."
            self._troubles.happened(party.account_id, sentence, party.fields)


class Timing:
    """The time of one call; how long a cancelled one would have taken is not known."""

    __slots__ = ("_paces", "_party", "_started")

    def __init__(self, paces: Paces, party: Party) -> None:
        self._paces, self._party = paces, party

    def __enter__(self) -> None:
        self._started = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if value is None or isinstance(value, UpstreamFailure):
            self._paces.took(self._party, time.perf_counter() - self._started)
