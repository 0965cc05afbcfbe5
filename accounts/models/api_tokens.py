"""API tokens for programs. A personal token acts for its owner, a service token for an environment."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts import tokens
from accounts.changes import ChangeKind
from accounts.models.announced import AnnouncedQuerySet, AnnouncedRow
from accounts.models.audit import AuditSubject
from accounts.models.people import Environment, Membership, Role, User

ENDS_SOON = timedelta(days=7)


class TokenKind(models.TextChoices):
    """Whether a token acts for a person or for an environment."""

    PERSONAL = "personal", "Personal"
    SERVICE = "service", "Service"


class ApiTokenQuerySet(AnnouncedQuerySet["ApiToken"]):
    """API tokens, filtered by state and visibility."""

    def lasting(self, now: datetime | None = None) -> "ApiTokenQuerySet":
        """Those that are neither revoked nor expired."""
        now = now or timezone.now()
        return self.filter(revoked_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=now))

    def live(self, now: datetime | None = None) -> "ApiTokenQuerySet":
        """Those that work: lasting ones whose owner, if they are personal, is an active member of the environment."""
        owners = Membership.objects.filter(
            user=OuterRef("owner"), environment=OuterRef("environment"), user__is_active=True
        )
        return self.lasting(now).filter(Q(kind=TokenKind.SERVICE) | Exists(owners))

    def with_owners(self) -> "ApiTokenQuerySet":
        """Load what `present_role` needs, in two queries for all rows."""
        return self.select_related("owner", "environment").prefetch_related("owner__memberships")

    def seen_by(self, membership: Membership) -> "ApiTokenQuerySet":
        """Those that a member may see and revoke: admins all of the environment's, others their own."""
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
        """Create a token, personal if it has an owner, and return it with its value, which is not stored.

        It checks no rights; `accounts.api_tokens.issue` does.
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


class ApiToken(AnnouncedRow):
    """A bearer token for programs, for one environment and with one highest role."""

    Kind = TokenKind
    announced_kind = ChangeKind.TOKEN
    announced_by = "pk"
    quiet_fields = frozenset({"last_used_at", "last_used_address", "name", "owner_name", "created_by"})

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=TokenKind.choices, default=TokenKind.PERSONAL, editable=False)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.OPERATOR)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    # Null also for a personal token of a deleted person: it no longer works, but records refer to its row.
    owner = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="api_tokens")
    owner_name = models.CharField(max_length=150, blank=True, editable=False)
    created_by = models.CharField(
        max_length=160, blank=True, editable=False, help_text="A user name, an API token by its name, or a command."
    )
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, editable=False, related_name="children"
    )
    depth = models.PositiveSmallIntegerField(default=0, editable=False)  # generations since the first token
    networks = models.JSONField(default=list, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_address = models.GenericIPAddressField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()  # type: ignore[misc]  # the abstract row's is wider

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
        return AuditSubject(self.environment_id, self.pk, self.name)

    @property
    def present_role(self) -> Role | None:
        """The lower of its own role and its owner's; None if the owner is no longer an active member."""
        own = Role(self.role)
        if self.kind == TokenKind.SERVICE:
            return own
        owners = self._owners_role()
        return owners if owners is None or own.includes(owners) else own

    def _owners_role(self) -> Role | None:
        if self.owner is None or not self.owner.is_active:
            return None
        # Filtered in Python, because `with_owners` prefetches the memberships.
        here = (each for each in self.owner.memberships.all() if each.environment_id == self.environment_id)
        return next((Role(each.role) for each in here), None)

    def may(self, role: Role) -> bool:
        present = self.present_role
        return present is not None and present.includes(role)

    def lasts(self, now: datetime | None = None) -> bool:
        """Return whether it is neither revoked nor expired."""
        now = now or timezone.now()
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def is_live(self, now: datetime | None = None) -> bool:
        """Return whether it works: it lasts, and still has a role."""
        return self.lasts(now) and self.present_role is not None

    def ends_soon(self, now: datetime | None = None) -> bool:
        """Return whether it expires within ENDS_SOON and should be replaced."""
        return self.expires_at is not None and self.expires_at - (now or timezone.now()) <= ENDS_SOON
