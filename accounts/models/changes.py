"""The count of announced changes, which processes poll for changes made by others, and what the latest ones were."""

from django.db import models


class ChangeCount(models.Model):
    """A single row whose number each announced change increments."""

    number = models.PositiveBigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.number} changes"


class LoggedChange(models.Model):
    """Which row the change with this number was of. Only the latest are kept."""

    number = models.PositiveBigIntegerField(primary_key=True)
    kind = models.CharField(max_length=16)
    row_id = models.UUIDField()

    def __str__(self) -> str:
        return f"{self.number}: {self.kind} {self.row_id}"
