"""Integrations (how a vendor's API works) and the integrated accounts connected through them."""

import json
import uuid

from django.db import models
from django.utils import timezone

from accounts.changes import ChangeKind
from accounts.definition import Definition, read_stored_definition
from accounts.fields import DocumentField
from accounts.keyring import key_ring
from accounts.models.audit import AuditSubject
from accounts.models.people import Environment, User
from accounts.models.revisions import RevisedQuerySet, RevisedRow
from accounts.time_zones import MAX_NAME, check_time_zone


class Integration(RevisedRow):
    """A vendor's API: its definition, and a revision that each change of it or of its documentation raises."""

    announced_kind = ChangeKind.INTEGRATION
    announced_by = "pk"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.SlugField(max_length=48, unique=True)
    label = models.CharField(max_length=80)
    definition = DocumentField(help_text="How the vendor's API works; its schema is at /integration-schema.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RevisedQuerySet.as_manager()  # type: ignore[misc]  # the abstract row's is wider

    class Meta:
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(None, self.pk, self.name)

    def parsed(self) -> Definition:
        """Return the parsed definition; raise DefinitionInvalid if the stored one does not fit the schema."""
        return read_stored_definition(self.definition)

    def touch(self) -> None:
        """Raise the revision, so that catalogues of this integration are compiled again."""
        Integration.objects.filter(pk=self.pk).update(updated_at=timezone.now())
        self.refresh_from_db(fields=["revision", "updated_at"])


class AccountStatus(models.TextChoices):
    """Whether an integrated account can be used."""

    ACTIVE = "active", "Active"
    NEEDS_REAUTH = "needs_reauth", "Needs to be connected again"
    DISABLED = "disabled", "Disabled"


class IntegratedAccount(RevisedRow):
    """A connected account at a vendor. Its secret connection fields are encrypted and bound to this row."""

    Status = AccountStatus
    announced_kind = ChangeKind.ACCOUNT
    announced_by = "pk"
    quiet_fields = frozenset({"checked_at", "created_by"})

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="integrated_accounts")
    integration = models.ForeignKey(Integration, on_delete=models.PROTECT, related_name="integrated_accounts")
    name = models.CharField(max_length=80)
    status = models.CharField(max_length=12, choices=AccountStatus.choices, default=AccountStatus.ACTIVE)
    connection = models.JSONField(default=dict, blank=True, help_text="The connection fields that are not secret.")
    credentials = models.TextField(blank=True, editable=False)
    approved_routes = models.JSONField(
        default=list,
        blank=True,
        editable=False,
        help_text="Where the secrets were given for: name, place, destination.",
    )
    stopped = models.CharField(
        max_length=500,
        blank=True,
        editable=False,
        help_text="Why its secrets would go elsewhere now, so that none is sent.",
    )
    # With a default of the database's, since a process of the previous release knows no such column.
    refusal = models.CharField(
        max_length=500,
        blank=True,
        db_default="",
        default="",
        editable=False,
        help_text="What the vendor said when it refused its credentials.",
    )
    base_url = models.URLField(
        max_length=300,
        blank=True,
        help_text="Only where the vendor is reached at another address than the definition's, such as a test system.",
    )
    time_zone = models.CharField(
        max_length=MAX_NAME,
        blank=True,
        db_default="",
        default="",
        validators=[check_time_zone],
        help_text="Where its team works, such as Europe/Berlin: models are told today's date there. Empty is UTC.",
    )
    scopes = models.JSONField(default=list, blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RevisedQuerySet.as_manager()  # type: ignore[misc]  # the abstract row's is wider

    class Meta:
        ordering = ["name", "created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(self.environment_id, self.pk, self.name)

    @property
    def _context(self) -> str:
        return f"integrated-account:{self.pk}"

    @property
    def problem(self) -> str:
        """Why it must be reconnected, as a clause; empty if it need not be, or the reason is unknown."""
        if self.stopped:
            return self.stopped
        grant = getattr(self, "grant", None)
        if self.is_refused and grant is not None:
            return str(grant.problem)
        return self.refusal if self.status == AccountStatus.NEEDS_REAUTH else ""

    @property
    def is_refused(self) -> bool:
        """Whether the vendor's authorization server has refused it tokens since it was last connected."""
        grant = getattr(self, "grant", None)
        return grant is not None and grant.refused_at is not None

    @property
    def asks_consent(self) -> bool:
        """Whether connecting it requires a person's consent at the vendor."""
        # Unparsed, so that an invalid definition does not raise here.
        authentication = self.integration.definition.get("authentication")
        return isinstance(authentication, dict) and authentication.get("kind") == "oauth2_authorization_code"

    def set_credentials(self, secrets: dict[str, str]) -> None:
        """Encrypt the secret connection fields into this row (not saved)."""
        self.credentials = key_ring().encrypt(json.dumps(secrets), context=self._context)

    def read_credentials(self) -> dict[str, str]:
        """Decrypt the secret connection fields; raise CredentialsUnreadable."""
        if not self.credentials:
            return {}
        secrets: dict[str, str] = json.loads(key_ring().decrypt(self.credentials, context=self._context))
        return secrets

    def encrypt_again(self) -> bool:
        """Re-encrypt the credentials under the primary key; return whether that was needed (not saved)."""
        if not self.credentials or key_ring().is_current(self.credentials):
            return False
        self.set_credentials(self.read_credentials())
        return True

    def mark_checked(self, *, scopes: list[str]) -> None:
        """Set the fields that a successful connection test determines (not saved)."""
        self.checked_at = timezone.now()
        self.scopes = scopes
        self.status, self.refusal = AccountStatus.ACTIVE, ""

    def mark_refused(self, reason: str) -> None:
        """Set what a refusal of the credentials determines (not saved); `reason` is a sentence without secrets."""
        self.status, self.refusal = AccountStatus.NEEDS_REAUTH, reason[:500].rstrip(". ")
