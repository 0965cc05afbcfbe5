"""The row that health checks write, to learn whether the database takes writes."""

from django.db import models
from django.db.models.functions import Now


class WriteProbe(models.Model):
    """A single row; its time says when a process last wrote it."""

    written_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"written at {self.written_at}"
