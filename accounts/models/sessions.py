"""Sessions of browsers, and counts of failed sign-ins."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models.people import User


class SessionQuerySet(models.QuerySet["Session"]):
    """Sessions, filtered by their limits."""

    def live(self, now: datetime | None = None) -> "SessionQuerySet":
        """Those within both limits: lifetime, and idle time if SESSION_IDLE is set."""
        now = now or timezone.now()
        rows = self.filter(expires_at__gt=now)
        return rows.filter(last_used_at__gt=now - settings.SESSION_IDLE) if settings.SESSION_IDLE else rows


class Session(models.Model):
    """A browser's session. Only a digest of the cookie's value is stored, so that a backup opens no session."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    data = models.TextField(editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="sessions", editable=False)
    created_at = models.DateTimeField(editable=False)  # not auto_now_add: a new key keeps the time of the sign-in
    last_used_at = models.DateTimeField(editable=False, db_index=True)
    expires_at = models.DateTimeField(editable=False, db_index=True)
    address = models.CharField(max_length=45, editable=False)
    device = models.CharField(max_length=60, editable=False)

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["-last_used_at", "pk"]

    def __str__(self) -> str:
        return f"{self.device or 'A browser'} of {self.user or 'nobody yet'}"


class FailedSignIns(models.Model):
    """The number of recent failed sign-ins for one name, network or browser.

    Names are stored only as digests, because people type their passwords there by mistake. `user` is the person with
    the name, if there is one.
    """

    class Kind(models.TextChoices):
        """What the counted attempts have in common."""

        NETWORK = "network", "One address, any name"
        NAME = "name", "One name, any address"
        PAIR = "pair", "One name from one address"
        DEVICE = "device", "One name in a browser that it signed in with before"

    kind = models.CharField(max_length=10, choices=Kind.choices, editable=False)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+", editable=False)
    network = models.CharField(max_length=45, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    last_at = models.DateTimeField(editable=False, db_index=True)
    may_try_at = models.DateTimeField(null=True, editable=False, help_text="When a slowed attempt is taken.")

    class Meta:
        ordering = ["-last_at", "pk"]
        verbose_name = verbose_name_plural = "failed sign-ins"

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.failures}"
