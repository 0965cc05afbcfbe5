"""Invitations to an environment; nobody is a member before accepting one."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts import tokens
from accounts.models.audit import AuditSubject
from accounts.models.people import Environment, Role, User
from accounts.texts.addresses import same_address


class InvitationState(models.TextChoices):
    """The state of an invitation, computed from its times."""

    WAITING = "waiting", "Waiting"
    NO_LINK = "no_link", "No link yet"
    EXPIRED = "expired", "Expired"
    ACCEPTED = "accepted", "Accepted"
    WITHDRAWN = "withdrawn", "Withdrawn"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations, filtered by state."""

    def unanswered(self) -> "InvitationQuerySet":
        """Those neither accepted nor withdrawn; expired ones are included."""
        return self.filter(accepted_at=None, withdrawn_at=None)

    def in_state(self, state: str) -> "InvitationQuerySet":
        """Those for which `Invitation.state` returns this state."""
        now = timezone.now()
        match state:
            case InvitationState.ACCEPTED:
                return self.exclude(accepted_at=None)
            case InvitationState.WITHDRAWN:
                return self.filter(accepted_at=None).exclude(withdrawn_at=None)
            case InvitationState.NO_LINK:
                return self.unanswered().filter(expires_at=None)
            case InvitationState.EXPIRED:
                return self.unanswered().filter(expires_at__lte=now)
        return self.unanswered().filter(expires_at__gt=now)

    def to_send(self, now: datetime) -> "InvitationQuerySet":
        return self.unanswered().filter(Q(send_after__lte=now), expires_at__gt=now)

    def locked(self) -> "InvitationQuerySet":
        """Lock the rows; the joined environment and inviter stay unlocked."""
        return self.select_for_update(of=("self",)).select_related("environment", "invited_by")


class Invitation(models.Model):
    """An offer of membership to the person who has its link: mailed to an address and bound to it, or handed over."""

    State = InvitationState

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    email = models.EmailField(blank=True, help_text="Where the link goes. Without it the inviter hands the link over.")
    note = models.CharField(max_length=80, blank=True, help_text="Whom it is for, as the inviter recognises them.")
    digest = models.BinaryField(max_length=32, unique=True, null=True, editable=False)
    last_four = models.CharField(max_length=4, blank=True, editable=False)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    # Also stored by name, which outlives the person's row.
    invited_by_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, help_text="Empty until there is a link.")
    accepted_at = models.DateTimeField(null=True, editable=False)
    accepted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    send_after = models.DateTimeField(null=True, editable=False, help_text="When its mail is to be tried next.")
    send_attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "pk"]
        indexes = [models.Index(fields=["send_after"], name="invitation_mail", condition=~Q(send_after=None))]

    def __str__(self) -> str:
        return f"{self.recipient} into {self.environment} as {self.role}"

    @property
    def audit_subject(self) -> AuditSubject:
        """This row as the audit record names it."""
        return AuditSubject(self.environment_id, self.pk, self.recipient)

    @property
    def recipient(self) -> str:
        """Its address, its note, or a phrase if neither is known."""
        return self.email or self.note or "Anyone with the link"

    def state(self, now: datetime | None = None) -> InvitationState:
        if self.accepted_at is not None:
            return InvitationState.ACCEPTED
        if self.withdrawn_at is not None:
            return InvitationState.WITHDRAWN
        if self.expires_at is None:
            return InvitationState.NO_LINK
        return InvitationState.EXPIRED if self.expires_at <= (now or timezone.now()) else InvitationState.WAITING

    def renew(self, inviter: User, now: datetime) -> None:
        """Restart its lifetime in the name of `inviter`, and invalidate a previous link (not saved)."""
        self.invited_by, self.invited_by_name = inviter, inviter.get_username()
        self.digest, self.last_four = None, ""
        self.expires_at = now + settings.INVITATION_LIFETIME
        self.send_after, self.send_attempts, self.sent_at = (now if self.email else None), 0, None

    def mint(self) -> str:
        """Return the token of a new link; only its digest is stored (not saved)."""
        minted = tokens.mint(tokens.INVITATION_PREFIX)
        self.digest, self.last_four = minted.digest, minted.last_four
        return minted.value

    def fits(self, address: str) -> bool:
        """Return whether a person with this address may accept it; one without an address fits everybody."""
        return not self.email or same_address(address, self.email)
