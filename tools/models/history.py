"""Every version of documentation records and of integrations' definitions: who changed what, when and why.

The history of integrations is kept in this app, beside that of their records. Code that saves says who acts, and why:

    with acting(person, "bundle"):
        record.save()

The versions of one such block are written together when it ends.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from simple_history.models import HistoricalRecords

from accounts.models import User

MAX_REASON = 100
BATCH = 200


@dataclass
class Act:
    """Who acts and why, and the versions still to be written."""

    user_id: Any
    reason: str
    waiting: list[Any] = field(default_factory=list)


_act: ContextVar[Act | None] = ContextVar("act", default=None)


@contextmanager
def acting(who: User | None = None, reason: str = "") -> Iterator[None]:
    """Attribute every version of this block to a person and a reason; within another act, only add the reason.

    The block is one transaction, so no change is ever saved without its version.
    """
    outer = _act.get()
    if outer is not None:
        before, outer.reason = outer.reason, outer.reason or reason
        try:
            yield
        finally:
            outer.reason = before
        return
    act = Act(who.pk if who is not None else None, reason[:MAX_REASON])
    with transaction.atomic():
        token = _act.set(act)
        try:
            yield
        finally:
            _act.reset(token)
        write(act.waiting)


def write(versions: list[Any]) -> None:
    """Insert versions in bulk, one model after the other."""
    kinds: dict[type[models.Model], list[Any]] = {}
    for version in versions:
        kinds.setdefault(type(version), []).append(version)
    for kind, rows in kinds.items():
        kind._default_manager.bulk_create(rows, batch_size=BATCH)


class Versions(HistoricalRecords):  # type: ignore[misc]  # the library ships no types
    """django-simple-history's records, with person and reason taken from the act, and inserted together."""

    def create_historical_record(self, instance: Any, history_type: str, using: str | None = None) -> None:
        """Save a version at once, or at the end of the act that it belongs to."""
        act = _act.get()
        version = version_of(instance, self.manager_name, history_type, act)
        if act is None:
            version.save(using=using)
        else:
            act.waiting.append(version)


def version_of(instance: Any, manager_name: str, history_type: str, act: Act | None) -> Any:
    """Return an unsaved version of a row's values in memory."""
    # Taken from the descriptor itself, which builds a new manager class on each access.
    model = vars(type(instance))[manager_name].model
    values = {each.attname: getattr(instance, each.attname) for each in model.tracked_fields}
    return model(
        history_date=timezone.now(),
        history_type=history_type,
        history_user_id=act.user_id if act else None,
        history_change_reason=(act.reason[:MAX_REASON] or None) if act else None,
        **values,
    )


def create(rows: list[Any]) -> None:
    """Save new rows of one model within an act, with their first versions: a few statements, not two per row."""
    act = _act.get()
    if act is None:
        raise RuntimeError("rows can be created together only within `acting`, which writes their versions")
    if rows:
        type(rows[0])._default_manager.bulk_create(rows, batch_size=BATCH)
        act.waiting.extend(version_of(row, "history", "+", act) for row in rows)
