"""Let people who lost their password choose another, by a link that reaches only them."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import audit, tokens
from accounts.errors import PasswordLinkUnusable
from accounts.models import User
from accounts.models.password_resets import PasswordReset
from accounts.people.sessions import end_sessions
from accounts.signing_in.passwords import may_use_password
from accounts.texts.addresses import same_address

# Each may send a mail to somebody who did not ask for it.
BETWEEN_MAILS = timedelta(minutes=10)
MOST_PEOPLE = 5


@transaction.atomic
def ask_by_mail(address: str) -> None:
    """Have a link mailed to every person with this address who signs in with a password; nobody learns whether."""
    rows = User.objects.filter(email__iexact=address, is_active=True).order_by("pk")[:MOST_PEOPLE]
    for user in rows:
        if same_address(user.email, address) and may_use_password(user):
            _ask(user)


@transaction.atomic
def link_for(user: User, actor: User) -> str:
    """Return the token of a link that a superuser hands over; the previous one stops working."""
    row = PasswordReset.objects.filter(user=user).first() or PasswordReset(user=user)
    row.asked_at, row.send_after = timezone.now(), None
    token = row.mint()
    row.save()
    audit.record(actor, "password.link_made", user.audit_subject)
    return token


def address_of(token: str) -> str:
    """Return the link with a token."""
    return f"{settings.PUBLIC_URL}/sign-in/new-password/{token}"


def person_with(token: str) -> User:
    """Return the person whose link has this token; raise PasswordLinkUnusable."""
    return _find(token, lock=False).user


@transaction.atomic
def choose_password(token: str, password: str) -> User:
    """Set a password, end the person's sessions, and use the link up; raise PasswordLinkUnusable."""
    row = _find(token, lock=True)
    user = row.user
    user.set_password(password)
    user.save(update_fields=["password"])
    row.delete()
    end_sessions(user, user)
    audit.record(user, "password.reset", user.audit_subject)
    return user


def _ask(user: User) -> None:
    now = timezone.now()
    row, made = PasswordReset.objects.get_or_create(user=user, defaults={"asked_at": now, "send_after": now})
    if not made:
        if now - row.asked_at < BETWEEN_MAILS:
            return
        row.asked_at, row.send_after, row.send_attempts = now, now, 0
        row.digest = row.expires_at = None
        row.save()
    audit.record(user, "password.link_asked", user.audit_subject)


def _find(token: str, *, lock: bool) -> PasswordReset:
    if not tokens.is_well_formed(token, tokens.PASSWORD_PREFIX):
        raise PasswordLinkUnusable
    rows = PasswordReset.objects.select_for_update(of=("self",)) if lock else PasswordReset.objects.all()
    row = rows.select_related("user").filter(digest=tokens.digest(token), expires_at__gt=timezone.now()).first()
    if row is None or not row.user.is_active or not may_use_password(row.user):
        raise PasswordLinkUnusable
    return row
