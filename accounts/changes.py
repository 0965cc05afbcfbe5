"""Tell what holds compiled state in memory that the rows behind it changed.

Whoever changes a row that others compile from (a server, an account, an integration, an API token) announces it.
Listeners hear of it after the transaction is committed, in the process that made the change.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from uuid import UUID

from django.db import transaction


class Kind(StrEnum):
    """What changed."""

    SERVER = "server"
    ACCOUNT = "account"
    INTEGRATION = "integration"
    TOKEN = "token"


@dataclass(frozen=True)
class Change:
    """One row that changed or is gone."""

    kind: Kind
    id: UUID


Listener = Callable[[Change], None]
_listeners: list[Listener] = []


def subscribe(listener: Listener) -> None:
    """Have a function called for every change from now on; it must be quick and must not raise."""
    _listeners.append(listener)


def announce(kind: Kind, row_id: UUID) -> None:
    """Announce a change once the current transaction is committed."""
    transaction.on_commit(partial(tell, Change(kind, row_id)))


def tell(change: Change) -> None:
    """Call every listener."""
    for listener in _listeners:
        listener(change)
