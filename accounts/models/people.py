"""People, environments, and memberships with their roles."""

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from accounts.changes import ChangeKind
from accounts.models.announced import AnnouncedQuerySet, AnnouncedRow
from accounts.models.audit import AuditSubject

TOKEN_DAYS = 90
MOST_TOKEN_DAYS = 3650


class PeopleManager(UserManager["User"]):
    """Django's, with changes in bulk that are announced."""

    use_in_migrations = False

    def get_queryset(self) -> AnnouncedQuerySet["User"]:
        return AnnouncedQuerySet(self.model, using=self._db)


class User(AnnouncedRow, AbstractUser):
    """A person who signs in."""

    # Whose tokens depend on whether they are active.
    announced_kind = ChangeKind.TOKEN
    quiet_fields = frozenset({"last_login", "password", "email", "verified_email", "first_name", "last_name"})

    verified_email = models.EmailField(
        blank=True,
        default="",
        db_default="",
        help_text="The address that this person has shown to be theirs, such as by a mailed invitation. While it is "
        "also their email address, single sign-on finds them by it.",
    )

    objects: ClassVar[PeopleManager] = PeopleManager()  # type: ignore[assignment]  # as below

    class Meta(AbstractUser.Meta):
        pass

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(None, self.pk, self.get_username())


class Role(models.TextChoices):
    """What a member or token may do in an environment; each role includes the ones before it."""

    VIEWER = "viewer", "Viewer: reads"
    OPERATOR = "operator", "Operator: makes MCP servers"
    ADMIN = "admin", "Admin: connects accounts and members"

    def includes(self, other: "Role") -> bool:
        """Return whether this role is the other or a higher one."""
        order = list(Role)
        return order.index(self) >= order.index(other)


class Environment(AnnouncedRow):
    """An isolated space: its accounts, servers and tokens are invisible in every other."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80, unique=True)
    members = models.ManyToManyField(User, through="Membership", related_name="environments")
    token_days_max = models.PositiveIntegerField(
        "API tokens live at most",
        default=TOKEN_DAYS,
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_TOKEN_DAYS)],
        help_text="In days, for tokens that are issued from now on. Empty: as long as one likes, also without an end.",
    )
    second_factor_required = models.BooleanField(
        "members need two-factor sign-in",
        default=False,
        db_default=False,
        help_text="Members without a second factor are led to set one up before they see anything here.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AnnouncedQuerySet.as_manager()  # type: ignore[misc]  # the abstract row's is wider

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(self.pk, self.pk, self.name)


class MembershipQuerySet(AnnouncedQuerySet["Membership"]):
    """Memberships, filtered by what their people may do now."""

    def enterable(self) -> "MembershipQuerySet":
        """Those whose person has the second factor that the environment requires, or where it requires none."""
        has_factor = models.Q(user__second_factor__confirmed_at__isnull=False)
        return self.filter(models.Q(environment__second_factor_required=False) | has_factor)


class Membership(AnnouncedRow):
    """A person's role in an environment, which limits their tokens'."""

    announced_kind = ChangeKind.TOKEN

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    # The name of the provider whose groups give this role, and take it away; empty for a role that people gave.
    mapped_by = models.CharField(max_length=31, blank=True, default="", db_default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MembershipQuerySet.as_manager()  # type: ignore[misc]  # the abstract row's is wider

    class Meta:
        ordering = ["environment__name", "user__username"]
        constraints = [models.UniqueConstraint(fields=["environment", "user"], name="one_membership_a_person")]

    def __str__(self) -> str:
        return f"{self.user} in {self.environment}: {self.role}"

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(self.environment_id, self.user_id, self.user.get_username())

    def may(self, role: Role) -> bool:
        return Role(self.role).includes(role)
