"""Invite people to an environment, and let them accept. Each step is recorded in the audit record.

Only the person who will be a member can accept; nobody creates a membership for somebody else. An admin of one
environment therefore has no power over people of another: over their passwords, names or memberships.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import audit, tokens
from accounts.errors import InvitationUnusable, MemberRefused
from accounts.models import AuditEntry, Environment, Invitation, Membership, Role, User
from accounts.people import members
from accounts.people.members import may_admit
from accounts.texts.counting import counted

UNANSWERED_AT_ONCE = 100  # in an environment; each may send a mail to a stranger
MAILS_A_DAY = 100  # in an environment, for new and renewed invitations together
BETWEEN_MAILS = timedelta(minutes=10)  # to one address, from one environment
DAY = timedelta(days=1)


@dataclass(frozen=True)
class InvitationOffer:
    """A new invitation and its token, which is not stored; None if the token goes out by mail."""

    invitation: Invitation
    token: str | None = field(repr=False)

    @property
    def path(self) -> str | None:
        """The path of the page that answers the invitation."""
        return f"/invitations/{self.token}" if self.token else None


@dataclass(frozen=True)
class NewPerson:
    """A person who creates a user account to accept; the form has validated the values."""

    username: str
    first_name: str
    last_name: str
    password: str = field(repr=False)


@transaction.atomic
def invite(environment: Environment, inviter: User, *, role: Role, email: str = "", note: str = "") -> InvitationOffer:
    """Offer a role in an environment, by mail to an address or else by a link that the inviter hands over.

    Raises MemberRefused if the inviter may not invite, or the limits on open invitations and mails are reached.
    """
    _require_admitter(inviter, environment)
    _refuse_excess(environment, email)
    invitation = Invitation(environment=environment, role=role, email=email, note=note)
    return _offer(invitation, inviter, "created")


@transaction.atomic
def renew(invitation: Invitation, inviter: User) -> InvitationOffer:
    """Create a new link in the name of `inviter`; the previous one stops working.

    Raises MemberRefused if the inviter may not invite, or the limits on mails are reached.
    """
    invitation = _unanswered(invitation)
    _require_admitter(inviter, invitation.environment)
    _lock(invitation.environment)
    _refuse_mail(invitation.environment, invitation.email)
    return _offer(invitation, inviter, "renewed")


@transaction.atomic
def withdraw(invitation: Invitation, actor: User) -> None:
    """Withdraw an invitation; raise MemberRefused if it is already answered or withdrawn."""
    _close(_unanswered(invitation), actor, "withdrawn")


def find(token: str) -> Invitation:
    """Return the invitation with this token; raise InvitationUnusable."""
    return _find(token, Invitation.objects.select_related("environment", "invited_by"))


@transaction.atomic
def decline(token: str, person: User) -> Invitation:
    """Withdraw an invitation on behalf of its recipient; raise MemberRefused for anybody who could not accept it."""
    invitation = _find(token, Invitation.objects.locked())
    if (obstacle := obstacle_for(invitation, person)) is not None:
        raise MemberRefused(obstacle)
    _close(invitation, person, "declined")
    return invitation


@transaction.atomic
def accept_as(token: str, person: User) -> Membership:
    """Make a signed-in person a member.

    Raises InvitationUnusable, and MemberRefused if the person's address is not the invited one or they are already a
    member: their role does not change, and the invitation remains for its recipient.
    """
    invitation = _find(token, Invitation.objects.locked())
    if (obstacle := obstacle_for(invitation, person)) is not None:
        raise MemberRefused(obstacle)
    return _join(invitation, person, new_person=False)


@transaction.atomic
def accept_as_new(token: str, person: NewPerson) -> Membership:
    """Create a user, with the invited address if there is one, and make them a member.

    Raises InvitationUnusable, and MemberRefused if the user name is taken.
    """
    invitation = _find(token, Invitation.objects.locked())
    user = User(
        username=person.username, first_name=person.first_name, last_name=person.last_name, email=invitation.email
    )
    user.set_password(person.password)
    try:
        with transaction.atomic():  # a savepoint: on PostgreSQL the error would abort the whole transaction
            user.save()
    except IntegrityError:
        raise MemberRefused("Somebody has just taken this name. Choose another one.") from None
    return _join(invitation, user, new_person=True)


def obstacle_for(invitation: Invitation, person: User) -> str | None:
    """Return why a person cannot accept a usable invitation; None if they can."""
    membership = Membership.objects.filter(environment=invitation.environment, user=person).first()
    if membership is not None:
        return f"You already belong to {invitation.environment}, as {membership.role}. Your role stays as it is."
    if not invitation.fits(person.email):
        return (
            f"This invitation is for {invitation.email}, which is not the address of {person.get_username()}. "
            "Sign in as the person with that address, or ask the person who invited you for an invitation to yours."
        )
    return None


def _require_admitter(person: User, environment: Environment) -> None:
    if not may_admit(person, environment):
        raise MemberRefused(f"Only admins of {environment} and superusers may invite people to it.")


def _refuse_excess(environment: Environment, email: str) -> None:
    _lock(environment)
    waiting = environment.invitations.unanswered()
    if email and waiting.filter(email__iexact=email).exists():
        raise MemberRefused(f"An invitation for {email} is already waiting. Make a new link for that one instead.")
    if waiting.count() >= UNANSWERED_AT_ONCE:
        raise MemberRefused(
            f"{UNANSWERED_AT_ONCE} invitations to {environment} are waiting. Withdraw those that nobody will accept."
        )
    _refuse_mail(environment, email)


def _lock(environment: Environment) -> None:
    """Serialise concurrent invitations, so that each is counted."""
    Environment.objects.select_for_update().get(pk=environment.pk)


def _refuse_mail(environment: Environment, email: str) -> None:
    """Refuse a mail within BETWEEN_MAILS of another to its address, or beyond MAILS_A_DAY of an environment.

    Counts entries of the audit record, the only place with every mail: an invitation keeps only its latest, and
    withdrawing and inviting again would reset a count.
    """
    if not email:
        return
    now = timezone.now()
    mailed = AuditEntry.objects.filter(
        environment_id=environment.pk,
        action__in=("invitation.created", "invitation.renewed"),
        at__gt=now - DAY,
        details__email__icontains="@",  # empty for invitations by link
    )
    latest = mailed.filter(details__email__iexact=email, at__gt=now - BETWEEN_MAILS).order_by("-at").first()
    if latest is not None:
        raise MemberRefused(
            f"A mail was sent to {email} only just. Its reader may already have it; "
            f"another one can go there in {_minutes_until(latest.at + BETWEEN_MAILS, now)}."
        )
    recent = list(mailed.order_by("-at").values_list("at", flat=True)[:MAILS_A_DAY])
    if len(recent) == MAILS_A_DAY:
        raise MemberRefused(
            f"{environment} has mailed {MAILS_A_DAY} invitations within a day, which is the most. The next can go in "
            f"{_minutes_until(recent[-1] + DAY, now)}; an invitation without an address, by a link, can be made now."
        )


def _minutes_until(moment: datetime, now: datetime) -> str:
    minutes = max(1, math.ceil((moment - now) / timedelta(minutes=1)))
    return counted(minutes, "minute")


def _unanswered(invitation: Invitation) -> Invitation:
    """Return the current row, locked; raise MemberRefused if it is answered."""
    row = Invitation.objects.locked().unanswered().filter(pk=invitation.pk).first()
    if row is None:
        raise MemberRefused("This invitation has already been answered or withdrawn.")
    return row


def _find(token: str, rows: Any) -> Invitation:
    if not tokens.is_well_formed(token, tokens.INVITATION_PREFIX):
        raise InvitationUnusable
    invitation: Invitation | None = rows.filter(digest=tokens.digest(token)).first()
    if invitation is None or invitation.state() != Invitation.State.WAITING:
        raise InvitationUnusable
    # An inviter who loses the right to invite loses it for outstanding links too.
    if not may_admit(invitation.invited_by, invitation.environment):
        raise InvitationUnusable
    return invitation


def _offer(invitation: Invitation, inviter: User, action: str) -> InvitationOffer:
    invitation.renew(inviter, timezone.now())
    # The worker mints the token of a mail, so that neither a queue nor the inviter sees it.
    token = None if invitation.email else invitation.mint()
    invitation.save()
    ends = invitation.expires_at.isoformat() if invitation.expires_at else None
    audit.record(
        inviter,
        f"invitation.{action}",
        invitation.audit_subject,
        {"role": invitation.role, "email": invitation.email, "expires_at": ends},
    )
    return InvitationOffer(invitation, token)


def _close(invitation: Invitation, actor: User, action: str) -> None:
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])
    audit.record(actor, f"invitation.{action}", invitation.audit_subject, {"role": invitation.role})


def _join(invitation: Invitation, person: User, *, new_person: bool) -> Membership:
    membership = members.join(
        invitation.environment,
        person,
        Role(invitation.role),
        person,
        {"invited_by": invitation.invited_by_name, "new_person": new_person},
    )
    if invitation.email and person.verified_email != invitation.email:
        # Only the mailbox has had the token.
        person.verified_email = invitation.email
        person.save(update_fields=["verified_email"])
    invitation.accepted_at, invitation.accepted_by = timezone.now(), person
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    audit.record(
        person,
        "invitation.accepted",
        invitation.audit_subject,
        {"role": invitation.role, "invited_by": invitation.invited_by_name},
    )
    return membership


__all__ = [
    "InvitationOffer",
    "NewPerson",
    "accept_as",
    "accept_as_new",
    "decline",
    "find",
    "invite",
    "obstacle_for",
    "renew",
    "withdraw",
]
