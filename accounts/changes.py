"""Announce that rows have changed to code that caches state compiled from them.

Rows announce themselves (accounts/models/announced.py). What a transaction announces is logged in its last statements
(accounts/models/changes.py). Listeners are called after it is committed: at once in the process that made the change,
in the others when a carrier (accounts/broadcast.py) delivers it, or when they look up what has been logged since
(accounts/caches/change_watch.py).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from accounts.database.commits import CommitNote
from accounts.metrics import CHANGES

# Of more rows of a kind in one transaction it is only said that any may have changed: that is compared sooner.
MOST_ROWS = 20


class ChangeKind(StrEnum):
    """The kinds of rows whose changes are announced."""

    SERVER = "server"
    ACCOUNT = "account"
    INTEGRATION = "integration"
    TOKEN = "token"


# Stands for "any row" where a change is written.
ANY = UUID(int=0)


@dataclass(frozen=True)
class Change:
    """One row that was changed or deleted; without an id, any of its kind."""

    kind: ChangeKind
    id: UUID | None

    def may_be_of(self, row_id: UUID) -> bool:
        """Return whether the row with this id, which is of the same kind, may have changed."""
        return self.id is None or self.id == row_id

    @property
    def written(self) -> tuple[str, UUID]:
        """The change as logs and messages have it."""
        return self.kind.value, self.id or ANY


def change_of(kind: str, row_id: UUID) -> Change | None:
    """Return a change that was written; None for a kind that only a later release knows."""
    known = next((each for each in ChangeKind if each.value == kind), None)
    return Change(known, None if row_id == ANY else row_id) if known else None


Listener = Callable[[Change], None]
Carrier = Callable[[Sequence[Change]], None]
Undo = Callable[[], None]
_listeners: list[Listener] = []
_carriers: list[Carrier] = []
_loggers: list[Carrier] = []


def subscribe(listener: Listener) -> Undo:
    """Call a listener for every change until the returned function is called; it must be quick and must not raise."""
    _listeners.append(listener)
    return partial(_listeners.remove, listener)


def carry(carrier: Carrier) -> Undo:
    """Let a carrier take the changes of this process to the others until the returned function is called."""
    _carriers.append(carrier)
    return partial(_carriers.remove, carrier)


def log_with(logger: Carrier) -> None:
    """Have a function write the changes of each transaction, before it is committed."""
    _loggers.append(logger)


@dataclass(frozen=True)
class Announcement(CommitNote):
    """A change that is announced once it is committed."""

    change: Change

    @classmethod
    def write(cls, notes: Sequence[Any]) -> None:
        for logger in _loggers:
            logger(_summed_up(note.change for note in notes))

    @classmethod
    def tell(cls, notes: Sequence[Any]) -> None:
        publish(*_summed_up(note.change for note in notes))


def _summed_up(changes: Iterable[Change]) -> list[Change]:
    """Return each change once; many of a kind, or any of a kind, as a single one."""
    kinds: dict[ChangeKind, dict[UUID | None, Change]] = {}
    for change in changes:
        kinds.setdefault(change.kind, {})[change.id] = change
    summed: list[Change] = []
    for kind, rows in kinds.items():
        summed += [Change(kind, None)] if None in rows or len(rows) > MOST_ROWS else rows.values()
    return summed


def announce(change: Change) -> None:
    """Announce a change once the current transaction is committed, unless it is going to be anyway."""
    # Blocks without a savepoint have None.
    note, held = Announcement(change), {*connection.savepoint_ids, None}
    if any(entry[1] == note and entry[0] <= held for entry in connection.run_on_commit):
        return
    # Even alone it needs a transaction, which logs it.
    with transaction.atomic(savepoint=False):
        transaction.on_commit(note)


def publish(*changes: Change, local: bool = False) -> None:
    """Call every listener of this process and then, unless the changes are `local`, every carrier."""
    for change in changes:
        CHANGES.labels(change.kind.value, "elsewhere" if local else "here").inc()
        # Copies: a listener may undo its subscription while it is called.
        for listener in tuple(_listeners):
            listener(change)
    if not local:
        # Afterwards, since a carrier may have to wait.
        for carrier in tuple(_carriers):
            carrier(changes)
