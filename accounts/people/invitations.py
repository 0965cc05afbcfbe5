"""How somebody joins an environment: invited, and accepting by themselves. Each step is in the audit record.

A membership begins when the person who will hold it accepts; nobody makes one for somebody else. So an admin of one
environment has no power over people of another: not over their passwords, their names, or where they belong.
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

UNANSWERED_AT_ONCE = 100  # an environment's; each may send a mail to a stranger
MAILS_A_DAY = 100  # an environment's, whether invitations are made or renewed
BETWEEN_MAILS = timedelta(minutes=10)  # to one address, of one environment
DAY = timedelta(days=1)


@dataclass(frozen=True)
class InvitationOffer:
    """An invitation with its token at the only moment when that is known; None where a mail carries it."""

    invitation: Invitation
    token: str | None = field(repr=False)

    @property
    def path(self) -> str | None:
        """Where the invitation is answered."""
        return f"/invitations/{self.token}" if self.token else None


@dataclass(frozen=True)
class NewPerson:
    """Somebody who makes an account in order to accept; validated by the form that asks."""

    username: str
    first_name: str
    last_name: str
    password: str = field(repr=False)


@transaction.atomic
def invite(environment: Environment, inviter: User, *, role: Role, email: str = "", note: str = "") -> InvitationOffer:
    """Offer a role in an environment: by mail to an address, else by a link for the inviter to hand over.

    Raises MemberRefused for somebody who may not invite, and where enough invitations wait or were mailed lately.
    """
    _require_admitter(inviter, environment)
    _refuse_excess(environment, email)
    invitation = Invitation(environment=environment, role=role, email=email, note=note)
    return _offer(invitation, inviter, "created")


@transaction.atomic
def renew(invitation: Invitation, inviter: User) -> InvitationOffer:
    """Make a new link, in the name of whoever asks for it; the previous one is dead from then on.

    Raises MemberRefused for somebody who may not invite, and where enough was mailed lately.
    """
    invitation = _unanswered(invitation)
    _require_admitter(inviter, invitation.environment)
    _lock(invitation.environment)
    _refuse_mail(invitation.environment, invitation.email)
    return _offer(invitation, inviter, "renewed")


@transaction.atomic
def withdraw(invitation: Invitation, actor: User) -> None:
    """Take an invitation back; raise MemberRefused for one that was answered already."""
    _close(_unanswered(invitation), actor, "withdrawn")


def find(token: str) -> Invitation:
    """Return the invitation that a link opens; raise InvitationUnusable."""
    return _find(token, Invitation.objects.select_related("environment", "invited_by"))


@transaction.atomic
def decline(token: str, person: User) -> Invitation:
    """Take an invitation out of the world on behalf of whoever it is for; raise MemberRefused for anybody else."""
    invitation = _find(token, Invitation.objects.locked())
    if (obstacle := obstacle_for(invitation, person)) is not None:
        raise MemberRefused(obstacle)
    _close(invitation, person, "declined")
    return invitation


@transaction.atomic
def accept_as(token: str, person: User) -> Membership:
    """Make somebody who is signed in a member.

    Raises InvitationUnusable, and MemberRefused for another address than the invited one and for members: an existing
    role is neither raised nor lowered, and the invitation stays for whom it was meant.
    """
    invitation = _find(token, Invitation.objects.locked())
    if (obstacle := obstacle_for(invitation, person)) is not None:
        raise MemberRefused(obstacle)
    return _join(invitation, person, new_person=False)


@transaction.atomic
def accept_as_new(token: str, person: NewPerson) -> Membership:
    """Make an account, with the invited address where there is one, and its person a member.

    Raises InvitationUnusable, and MemberRefused for a name that is taken.
    """
    invitation = _find(token, Invitation.objects.locked())
    user = User(
        username=person.username, first_name=person.first_name, last_name=person.last_name, email=invitation.email
    )
    user.set_password(person.password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise MemberRefused("Somebody has taken this name just now. Choose another one.") from None
    return _join(invitation, user, new_person=True)


def obstacle_for(invitation: Invitation, person: User) -> str | None:
    """Return why a person cannot accept an invitation that is good for somebody; None where they can."""
    membership = Membership.objects.filter(environment=invitation.environment, user=person).first()
    if membership is not None:
        return f"You belong to {invitation.environment} already, as {membership.role}. Your role stays as it is."
    if not invitation.fits(person.email):
        return (
            f"This invitation is for {invitation.email}, which is not the address of {person.get_username()}. "
            "Sign in as the person with this address, or ask whoever invited you for an invitation to yours."
        )
    return None


def _require_admitter(person: User, environment: Environment) -> None:
    if not may_admit(person, environment):
        raise MemberRefused(f"Only admins of {environment} and superusers may invite people to it.")


def _refuse_excess(environment: Environment, email: str) -> None:
    _lock(environment)
    waiting = environment.invitations.unanswered()
    if email and waiting.filter(email__iexact=email).exists():
        raise MemberRefused(f"An invitation for {email} waits already. Make a new link for that one instead.")
    if waiting.count() >= UNANSWERED_AT_ONCE:
        raise MemberRefused(
            f"{UNANSWERED_AT_ONCE} invitations to {environment} wait already. Withdraw those that nobody will accept."
        )
    _refuse_mail(environment, email)


def _lock(environment: Environment) -> None:
    """Have two who invite at once counted one after the other."""
    Environment.objects.select_for_update().get(pk=environment.pk)


def _refuse_mail(environment: Environment, email: str) -> None:
    """Refuse a mail too soon after another to its address, or beyond what an environment may send in a day.

    Counted in the audit record, which alone keeps every mail that was asked for: an invitation knows its latest one,
    and each that is made again after a withdrawal begins at none.
    """
    if not email:
        return
    now = timezone.now()
    asked = AuditEntry.objects.filter(
        environment_id=environment.pk,
        action__in=("invitation.created", "invitation.renewed"),
        at__gt=now - DAY,
        details__email__icontains="@",
    )
    latest = asked.filter(details__email__iexact=email, at__gt=now - BETWEEN_MAILS).order_by("-at").first()
    if latest is not None:
        raise MemberRefused(
            f"A mail was sent to {email} only just. Its reader may have it already; "
            f"another one can go there in {_minutes_until(latest.at + BETWEEN_MAILS, now)}."
        )
    recent = list(asked.order_by("-at").values_list("at", flat=True)[:MAILS_A_DAY])
    if len(recent) == MAILS_A_DAY:
        raise MemberRefused(
            f"{environment} has mailed {MAILS_A_DAY} invitations within a day, which is the most. The next can go in "
            f"{_minutes_until(recent[-1] + DAY, now)}; an invitation without an address, by a link, can be made now."
        )


def _minutes_until(moment: datetime, now: datetime) -> str:
    minutes = max(1, math.ceil((moment - now) / timedelta(minutes=1)))
    return "a minute" if minutes == 1 else f"{minutes} minutes"


def _unanswered(invitation: Invitation) -> Invitation:
    """Return the present row, locked."""
    row = Invitation.objects.locked().unanswered().filter(pk=invitation.pk).first()
    if row is None:
        raise MemberRefused("This invitation was answered or withdrawn already.")
    return row


def _find(token: str, rows: Any) -> Invitation:
    if not tokens.is_well_formed(token, tokens.INVITATION_PREFIX):
        raise InvitationUnusable
    invitation: Invitation | None = rows.filter(digest=tokens.digest(token)).first()
    if invitation is None or invitation.state() != Invitation.State.WAITING:
        raise InvitationUnusable
    # Whoever has lost the right to invite has lost it for the links that are still about, too.
    if not may_admit(invitation.invited_by, invitation.environment):
        raise InvitationUnusable
    return invitation


def _offer(invitation: Invitation, inviter: User, action: str) -> InvitationOffer:
    invitation.renew(inviter, timezone.now())
    # The worker mints the token of a mail itself, so that it lies neither in a queue nor before the inviter's eyes.
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
