"""Announce that rows have changed to code that caches state compiled from them.

Code that changes such a row (a server, an account, an integration, an API token) announces it. Listeners are called
after the transaction is committed: at once in the process that made the change, in the others when a carrier
(accounts/broadcast.py) delivers it, or when they check the count of changes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.metrics import CHANGES
from accounts.models.changes import ChangeCount


class ChangeKind(StrEnum):
    """The kinds of rows whose changes are announced."""

    SERVER = "server"
    ACCOUNT = "account"
    INTEGRATION = "integration"
    TOKEN = "token"


@dataclass(frozen=True)
class Change:
    """One row that was changed or deleted."""

    kind: ChangeKind
    id: UUID


Listener = Callable[[Change], None]
Undo = Callable[[], None]
_listeners: list[Listener] = []
_carriers: list[Listener] = []


def subscribe(listener: Listener) -> Undo:
    """Call a listener for every change until the returned function is called; it must be quick and must not raise."""
    _listeners.append(listener)
    return partial(_listeners.remove, listener)


def carry(carrier: Listener) -> Undo:
    """Let a carrier take every change of this process to the others until the returned function is called."""
    _carriers.append(carrier)
    return partial(_carriers.remove, carrier)


def announce(kind: ChangeKind, row_id: UUID) -> None:
    """Announce a change once the current transaction is committed, and count it for other processes."""
    if not ChangeCount.objects.filter(pk=1).update(number=F("number") + 1):
        ChangeCount.objects.get_or_create(pk=1)
    transaction.on_commit(partial(publish, Change(kind, row_id)))


def change_count() -> int:
    """Return the number of changes that all processes have announced so far."""
    return ChangeCount.objects.filter(pk=1).values_list("number", flat=True).first() or 0


def publish(change: Change, *, local: bool = False) -> None:
    """Call every listener of this process and then, unless the change is `local`, every carrier."""
    CHANGES.labels(change.kind.value, "elsewhere" if local else "here").inc()
    # Copies: a listener may undo its subscription while it is called.
    for listener in tuple(_listeners):
        listener(change)
    if not local:
        for carrier in tuple(_carriers):
            carrier(change)
