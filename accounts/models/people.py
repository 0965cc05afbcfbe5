"""Environments, their members, and the API tokens that programs use in their name."""

import uuid
from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts import tokens


class User(AbstractUser):
    """A person who signs in."""


class Role(models.TextChoices):
    """What a member or a token may do in an environment; each role may do what those before it may."""

    VIEWER = "viewer", "Viewer: reads"
    OPERATOR = "operator", "Operator: makes MCP servers"
    ADMIN = "admin", "Admin: connects accounts and members"

    def includes(self, other: "Role") -> bool:
        """Tell whether this role may do what the other may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


class Environment(models.Model):
    """A space of its own: accounts, servers and tokens of one environment are unknown in every other."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80, unique=True)
    members = models.ManyToManyField(User, through="Membership", related_name="environments")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """What one person may do in one environment."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["environment__name", "user__username"]
        constraints = [models.UniqueConstraint(fields=["environment", "user"], name="one_membership_a_person")]

    def __str__(self) -> str:
        return f"{self.user} in {self.environment}: {self.role}"

    def may(self, role: Role) -> bool:
        """Tell whether this member may do what `role` may."""
        return Role(self.role).includes(role)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """API tokens."""

    def live(self, now: datetime | None = None) -> "ApiTokenQuerySet":
        """Those that still open something."""
        now = now or timezone.now()
        return self.filter(revoked_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=now))

    def issue(
        self,
        *,
        environment: Environment,
        name: str,
        role: Role,
        created_by: User | None,
        expires_at: datetime | None = None,
    ) -> tuple["ApiToken", str]:
        """Make a token; its value is the second item, and is known only here."""
        minted = tokens.mint(tokens.API_PREFIX)
        row = self.create(
            environment=environment,
            name=name,
            role=role,
            created_by=created_by,
            expires_at=expires_at,
            digest=minted.digest,
            last_four=minted.last_four,
        )
        return row, minted.value


class ApiToken(models.Model):
    """A bearer token for programs: stands for one environment, with one role."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.OPERATOR)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="api_tokens")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} (…{self.last_four})"

    def may(self, role: Role) -> bool:
        """Tell whether this token may do what `role` may."""
        return Role(self.role).includes(role)

    def is_live(self, now: datetime | None = None) -> bool:
        """Tell whether it still opens something."""
        now = now or timezone.now()
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)
