"""Rows with a revision that each change increments, so that compiled copies can be recognised as stale."""

from typing import Any, ClassVar, TypeVar

from django.db import models
from django.db.models import F
from django.utils import timezone

from accounts.models.announced import AnnouncedQuerySet, AnnouncedRow

R = TypeVar("R", bound="RevisedRow")


class RevisedQuerySet(AnnouncedQuerySet[R]):
    """Rows whose updates in bulk increment their revisions."""

    def update(self, **values: Any) -> int:
        """Update the rows, and increment their revisions unless the fields are quiet."""
        if not self.model.is_quiet(values):
            values = {"revision": F("revision") + 1, "updated_at": timezone.now(), **values}
        return super().update(**values)


class RevisedRow(AnnouncedRow):
    """A row with a revision and the time of its last change."""

    revision = models.PositiveBigIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[Any] = RevisedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and increment the revision of an existing row."""
        adding = self._state.adding
        if not adding:
            # Incremented by the database, so that two concurrent saves get different revisions.
            self.revision = F("revision") + 1
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "revision", "updated_at"}
        super().save(*args, **kwargs)
        if not adding:
            self.refresh_from_db(fields=["revision"])
