"""Rows that others compile from: each save raises a revision, by which what was compiled is known to be old."""

from typing import Any

from django.db import models
from django.db.models import F


class RevisedRow(models.Model):
    """A row with a revision and the moment of its last change."""

    revision = models.PositiveBigIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, raising the revision of a row that was there already."""
        adding = self._state.adding
        if not adding:
            # Raised by the database: two who save at once must not end with the same revision.
            self.revision = F("revision") + 1
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "revision", "updated_at"}
        super().save(*args, **kwargs)
        if not adding:
            self.refresh_from_db(fields=["revision"])
