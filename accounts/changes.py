"""Announce that rows have changed to code that caches state compiled from them.

Code that changes such a row (a server, an account, an integration, an API token) announces it. Listeners are called
after the transaction is committed: at once in the process that made the change, in the others when a carrier
(accounts/broadcast.py) delivers it, or when they look up what has been counted since (accounts/change_watch.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.metrics import CHANGES
from accounts.models.changes import ChangeCount, LoggedChange

# How many changes the log holds. A process that has missed more compares everything.
LOGGED = 1_000
PRUNED_EVERY = 100


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
    """Announce a change once the current transaction is committed, and log it for other processes."""
    # One transaction: the count's row stays locked until it ends, so numbers are committed in order and without gaps.
    with transaction.atomic():
        if not ChangeCount.objects.filter(pk=1).update(number=F("number") + 1):
            ChangeCount.objects.get_or_create(pk=1)
        number = change_count()
        # A number may be there already, from before a backup was restored.
        LoggedChange.objects.bulk_create(
            [LoggedChange(number=number, kind=kind.value, row_id=row_id)],
            update_conflicts=True,
            unique_fields=["number"],
            update_fields=["kind", "row_id"],
        )
        if number % PRUNED_EVERY == 0:
            LoggedChange.objects.filter(number__lte=number - LOGGED).delete()
        transaction.on_commit(partial(publish, Change(kind, row_id)))


def change_count() -> int:
    """Return the number of changes that all processes have announced so far."""
    return ChangeCount.objects.filter(pk=1).values_list("number", flat=True).first() or 0


def changes_since(number: int) -> tuple[int, list[Change] | None]:
    """Return the number of changes, and those after a number; None if the log does not tell all of them."""
    count = change_count()
    if count == number:
        return count, []
    if not 0 < count - number <= LOGGED:
        return count, None
    logged = LoggedChange.objects.filter(number__gt=number, number__lte=count).order_by("number")
    found = [Change(ChangeKind(kind), row_id) for kind, row_id in logged.values_list("kind", "row_id")]
    # A process of an earlier release counts its changes, but does not log them.
    return count, found if len(found) == count - number else None


def publish(change: Change, *, local: bool = False) -> None:
    """Call every listener of this process and then, unless the change is `local`, every carrier."""
    CHANGES.labels(change.kind.value, "elsewhere" if local else "here").inc()
    # Copies: a listener may undo its subscription while it is called.
    for listener in tuple(_listeners):
        listener(change)
    if not local:
        for carrier in tuple(_carriers):
            carrier(change)
