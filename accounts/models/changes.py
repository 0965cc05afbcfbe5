"""How many changes were announced: what a process asks to learn whether another one changed anything."""

from django.db import models


class ChangeCount(models.Model):
    """One row, whose number every announced change raises."""

    number = models.PositiveBigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.number} changes"
