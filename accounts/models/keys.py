"""Check values of the keys that a database is used with, by which a start with other keys is noticed."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class KeyCheck(models.Model):
    """An HMAC of a fixed text under one key: it shows whether a key is the same, and nothing else about it."""

    name = models.CharField(max_length=255, help_text="TOKEN_KEY, SECRET_KEY, or CREDENTIAL_KEYS:ID.")
    salt = models.BinaryField(max_length=16)
    value = models.BinaryField(max_length=32)
    registered_at = models.DateTimeField(db_default=Now())
    retired_at = models.DateTimeField(null=True, help_text="When another key took over, or nothing needed it.")
    given_up = models.BooleanField(db_default=False, help_text="Lost for good; what it encrypted is unreadable.")

    class Meta:
        constraints = [
            # Processes that start at once agree on one key: the first to register it decides.
            models.UniqueConstraint(fields=["name"], condition=Q(retired_at=None), name="one_current_key")
        ]

    def __str__(self) -> str:
        return f"check value of {self.name}"
