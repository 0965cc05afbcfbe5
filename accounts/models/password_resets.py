"""A link with which a person chooses a new password."""

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from accounts import tokens
from accounts.models.people import User

LIFETIME = timedelta(hours=1)


class PasswordReset(models.Model):
    """The latest link of a person: mailed to their address, or made by a superuser and handed over."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="password_reset")
    digest = models.BinaryField(max_length=32, unique=True, null=True, editable=False)
    asked_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField(null=True, editable=False)
    send_after = models.DateTimeField(null=True, editable=False, db_index=True)
    send_attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["-asked_at"]

    def __str__(self) -> str:
        return f"New password of {self.user}"

    def mint(self, now: datetime | None = None) -> str:
        """Return the token of a new link, good for LIFETIME; only its digest is stored (not saved)."""
        minted = tokens.mint(tokens.PASSWORD_PREFIX)
        self.digest, self.expires_at = minted.digest, (now or timezone.now()) + LIFETIME
        return minted.value
