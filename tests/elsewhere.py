"""Changes that other processes make."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import F, QuerySet

from accounts import changes
from accounts.models.changes import ChangeCount


@contextmanager
def unheard() -> Iterator[None]:
    """Change rows as another process does: it is logged, but nobody here is told."""
    held = changes._listeners[:]
    changes._listeners.clear()
    try:
        yield
    finally:
        changes._listeners[:] = held


def unannounced(model: Any) -> QuerySet[Any]:
    """Return the rows of a model as code sees them that announces nothing, such as that of an earlier release."""
    return QuerySet(model)


def count_a_change() -> None:
    """Count a change as an earlier release does, which has no log."""
    ChangeCount.objects.get_or_create(pk=1)
    ChangeCount.objects.filter(pk=1).update(number=F("number") + 1)
