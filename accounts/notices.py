"""What an operator has to know, each said once: a name that stays, a sentence, and fields to search for.

A line is one event for whoever reads logs, not one for each call that met it. docs/operations.md lists every name.
"""

import logging
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from accounts.metrics import NOTICES

logger = logging.getLogger("patchbay.notices")

# At most one line in this many seconds about the same trouble of the same account or address.
EVERY_SECONDS = 60.0
# Beyond this number, troubles that are long past are forgotten.
MANY = 1000


class Notice(StrEnum):
    """The names of the events, which stand in each line's field `notice`."""

    VENDOR_SLOW = "vendor_slow"
    VENDOR_IN_TIME = "vendor_in_time"
    VENDOR_DOWN = "vendor_down"
    VENDOR_UP = "vendor_up"
    LINE_FULL = "line_full"
    LINE_CLEAR = "line_clear"
    CREDENTIALS_REFUSED = "credentials_refused"
    UNKNOWN_TOKENS = "unknown_tokens"
    TOKEN_ELSEWHERE = "token_elsewhere"
    RECORDS_DELAYED = "records_delayed"
    RECORDS_WRITTEN = "records_written"
    RECORDS_LOST = "records_lost"
    CONNECTIONS_USED_UP = "connections_used_up"
    OLD_TRANSPORT_DOWN = "old_transport_down"
    OLD_TRANSPORT_UP = "old_transport_up"
    TRACES_LOST = "traces_lost"
    TRACES_SENT = "traces_sent"


RELIEF = frozenset(
    {
        Notice.VENDOR_IN_TIME,
        Notice.VENDOR_UP,
        Notice.LINE_CLEAR,
        Notice.RECORDS_WRITTEN,
        Notice.OLD_TRANSPORT_UP,
        Notice.TRACES_SENT,
    }
)
# Made in advance, so that each is exposed from the start: an alert sees no increase in a series that is new.
_told = {notice: NOTICES.labels(notice.value) for notice in Notice}


class Party(NamedTuple):
    """The account that a notice is about, and its vendor's name."""

    account_id: UUID
    account: str
    vendor: str

    @property
    def fields(self) -> dict[str, str]:
        """The party as fields of a line."""
        return {"vendor": self.vendor, "account": self.account, "account_id": str(self.account_id)}


def tell(notice: Notice, sentence: str, **fields: object) -> None:
    """Log a notice, and count its line; trouble is a warning. No field may hold a secret."""
    _told[notice].inc()
    level = logging.INFO if notice in RELIEF else logging.WARNING
    logger.log(level, sentence, extra={"notice": notice.value, **fields})


def tell_refused(party: Party, reason: str) -> None:
    """Tell that an account's credentials are refused; `reason` may quote the vendor, with secrets masked."""
    sentence = "A vendor no longer accepts an account's credentials: it must be connected again."
    tell(Notice.CREDENTIALS_REFUSED, sentence, reason=reason, **party.fields)


@dataclass(slots=True)
class _Trouble:
    """What happened of one kind to one key: in all, and since the last line."""

    since: float
    last: float
    total: int = 0
    untold: int = 0
    told_at: float | None = None


class Troubles:
    """Tell of a trouble when it begins, then at most once in EVERY_SECONDS how often it happened, and when it is over.

    `least` is how often it must happen within EVERY_SECONDS to be told at all. Any thread may call.
    """

    def __init__(
        self, begun: Notice, over: Notice | None = None, *, least: int = 1, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._begun, self._over, self._least, self._clock = begun, over, least, clock
        self._troubles: dict[Hashable, _Trouble] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._troubles)

    def happened(self, key: Hashable, sentence: str, fields: Mapping[str, object], *, times: int = 1) -> None:
        """Count a trouble; the line, if one is due, has the number since the last one as `count`."""
        count = self._counted(key, times)
        if count:
            tell(self._begun, sentence, count=count, **fields)

    def _counted(self, key: Hashable, times: int) -> int:
        now = self._clock()
        with self._lock:
            trouble = self._troubles.get(key)
            if trouble is None or (trouble.told_at is None and now - trouble.since > EVERY_SECONDS):
                self._forget_old(now)
                trouble = self._troubles[key] = _Trouble(now, now)
            trouble.last = now
            trouble.total += times
            trouble.untold += times
            if trouble.untold < self._least if trouble.told_at is None else now - trouble.told_at < EVERY_SECONDS:
                return 0
            trouble.told_at, count, trouble.untold = now, trouble.untold, 0
            return count

    def passed(self, key: Hashable, sentence: str, fields: Mapping[str, object], *, quiet_seconds: float = 0) -> None:
        """Say that a trouble is over, with its total, if it was told of and has not happened for `quiet_seconds`."""
        if not self._troubles or self._over is None:
            return
        with self._lock:
            trouble = self._troubles.get(key)
            if trouble is None or self._clock() - trouble.last < quiet_seconds:
                return
            del self._troubles[key]
        if trouble.told_at is not None:
            tell(self._over, sentence, count=trouble.total, **fields)

    def _forget_old(self, now: float) -> None:
        if len(self._troubles) >= MANY:
            for key, trouble in list(self._troubles.items()):
                if now - trouble.last > EVERY_SECONDS:
                    del self._troubles[key]
            if len(self._troubles) >= MANY:  # many addresses within a minute: the oldest makes room
                del self._troubles[next(iter(self._troubles))]
