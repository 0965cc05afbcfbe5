"""Rows with a revision that each save increments, so that compiled copies can be recognised as stale."""

from typing import Any

from django.db import models
from django.db.models import F


class RevisedRow(models.Model):
    """A row with a revision and the time of its last change."""

    revision = models.PositiveBigIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

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
