"""The count of announced changes, which processes poll for changes made by others."""

from django.db import models


class ChangeCount(models.Model):
    """A single row whose number each announced change increments."""

    number = models.PositiveBigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.number} changes"
