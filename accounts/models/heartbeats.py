"""The mark that beat and worker leave while both are alive."""

from django.db import models


class Heartbeat(models.Model):
    """The one row that says when a worker last did what beat had sent."""

    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"
