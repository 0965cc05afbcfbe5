"""Rows with a revision that each change raises, so that compiled copies can be recognised as stale."""

import time
from typing import Any, ClassVar, TypeVar

from django.db import models
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.models.announced import AnnouncedQuerySet, AnnouncedRow

R = TypeVar("R", bound="RevisedRow")


def next_revision() -> Greatest:
    """Return a higher revision, which no other change of the row has: also none that was rolled back or lost.

    A change is seen by the process that makes it before it is committed. If it is rolled back, or a backup restored,
    the next one must not get the same number, under which copies are held.
    """
    # Raised by the database, so that two concurrent changes get different revisions, whatever the clocks say.
    return Greatest(F("revision") + 1, time.time_ns() // 1000)


class RevisedQuerySet(AnnouncedQuerySet[R]):
    """Rows whose updates in bulk raise their revisions."""

    def update(self, **values: Any) -> int:
        """Update the rows, and raise their revisions unless the fields are quiet."""
        if not self.model.is_quiet(values):
            values = {"revision": next_revision(), "updated_at": timezone.now(), **values}
        return super().update(**values)


class RevisedRow(AnnouncedRow):
    """A row with a revision and the time of its last change."""

    revision = models.PositiveBigIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[Any] = RevisedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and raise the revision of an existing row."""
        adding = self._state.adding
        if not adding:
            self.revision = next_revision()
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "revision", "updated_at"}
        super().save(*args, **kwargs)
        if not adding:
            self.refresh_from_db(fields=["revision"])
