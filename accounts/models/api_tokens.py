"""API tokens: what programs send. A personal token acts for its owner, a service token for an environment."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts import tokens
from accounts.models.audit import AuditSubject
from accounts.models.people import Environment, Membership, Role, User

ENDS_SOON = timedelta(days=7)


class TokenKind(models.TextChoices):
    """For whom a token acts."""

    PERSONAL = "personal", "Personal"
    SERVICE = "service", "Service"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """API tokens."""

    def lasting(self, now: datetime | None = None) -> "ApiTokenQuerySet":
        """Those that nobody revoked and whose end has not come."""
        now = now or timezone.now()
        return self.filter(revoked_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=now))

    def live(self, now: datetime | None = None) -> "ApiTokenQuerySet":
        """Those that still open something: they last, and an owner belongs to the environment and is active."""
        owners = Membership.objects.filter(
            user=OuterRef("owner"), environment=OuterRef("environment"), user__is_active=True
        )
        return self.lasting(now).filter(Q(kind=TokenKind.SERVICE) | Exists(owners))

    def with_owners(self) -> "ApiTokenQuerySet":
        """With what telling their present roles takes, in two queries for all."""
        return self.select_related("owner", "environment").prefetch_related("owner__memberships")

    def seen_by(self, membership: Membership) -> "ApiTokenQuerySet":
        """Those of an environment that a member sees, and may revoke: an admin all, everybody else their own."""
        rows = self.filter(environment=membership.environment_id)
        return rows if membership.may(Role.ADMIN) else rows.filter(owner=membership.user_id)

    def issue(
        self,
        *,
        environment: Environment,
        name: str,
        role: Role,
        owner: User | None,
        created_by: str = "",
        expires_at: datetime | None = None,
        networks: Sequence[str] = (),
        parent: "ApiToken | None" = None,
    ) -> tuple["ApiToken", str]:
        """Make a token, personal where it has an owner; its value is the second item, and is known only here.

        Nothing is checked here: `accounts.api_tokens.issue` knows who may make which.
        """
        minted = tokens.mint(tokens.API_PREFIX)
        row = self.create(
            environment=environment,
            name=name,
            role=role,
            kind=TokenKind.PERSONAL if owner else TokenKind.SERVICE,
            owner=owner,
            owner_name=owner.get_username() if owner else "",
            created_by=created_by or (owner.get_username() if owner else ""),
            expires_at=expires_at,
            networks=list(networks),
            parent=parent,
            depth=parent.depth + 1 if parent else 0,
            digest=minted.digest,
            last_four=minted.last_four,
        )
        return row, minted.value


class ApiToken(models.Model):
    """A bearer token for programs: stands for one environment, with one role at most."""

    Kind = TokenKind

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=TokenKind.choices, default=TokenKind.PERSONAL, editable=False)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.OPERATOR)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    # A personal token without an owner, who was deleted, opens nothing; its row stays for the records that name it.
    owner = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="api_tokens")
    owner_name = models.CharField(max_length=150, blank=True, editable=False)
    created_by = models.CharField(
        max_length=160, blank=True, editable=False, help_text="A user name, an API token by its name, or a command."
    )
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, editable=False, related_name="children"
    )
    depth = models.PositiveSmallIntegerField(default=0, editable=False)
    networks = models.JSONField(default=list, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_address = models.GenericIPAddressField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API token"
        constraints = [
            models.CheckConstraint(condition=~Q(kind="service") | Q(owner=None), name="a_service_token_has_no_owner")
        ]

    def __str__(self) -> str:
        return f"{self.name} (…{self.last_four})"

    @property
    def audit_subject(self) -> AuditSubject:
        """This row as the audit record names it."""
        return AuditSubject(self.environment_id, self.pk, self.name)

    @property
    def present_role(self) -> Role | None:
        """What it may do now: the lesser of its own role and its owner's; None where the owner is nobody here."""
        own = Role(self.role)
        if self.kind == TokenKind.SERVICE:
            return own
        owners = self._owners_role()
        return owners if owners is None or own.includes(owners) else own

    def _owners_role(self) -> Role | None:
        if self.owner is None or not self.owner.is_active:
            return None
        here = (each for each in self.owner.memberships.all() if each.environment_id == self.environment_id)
        return next((Role(each.role) for each in here), None)

    def may(self, role: Role) -> bool:
        """Tell whether this token may do now what `role` may."""
        present = self.present_role
        return present is not None and present.includes(role)

    def lasts(self, now: datetime | None = None) -> bool:
        """Tell whether nobody revoked it and its end has not come."""
        now = now or timezone.now()
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def is_live(self, now: datetime | None = None) -> bool:
        """Tell whether it still opens something."""
        return self.lasts(now) and self.present_role is not None

    def ends_soon(self, now: datetime | None = None) -> bool:
        """Tell whether its end is near, so that another one should be issued."""
        return self.expires_at is not None and self.expires_at - (now or timezone.now()) <= ENDS_SOON
