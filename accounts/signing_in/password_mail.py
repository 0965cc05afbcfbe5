"""Mail links for new passwords. The worker mints the token here, so that only the recipient ever sees it."""

from datetime import datetime, timedelta

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models.password_resets import PasswordReset
from accounts.people.mailing import accepts
from accounts.signing_in.password_resets import address_of

AT_ONCE = 20  # mails in one run
MOST_ATTEMPTS = 5
PAUSE = timedelta(minutes=1)


def send_due() -> int:
    """Send links that are due, AT_ONCE at most; return how many the mail server accepted."""
    now = timezone.now()
    due = PasswordReset.objects.filter(send_after__lte=now, user__is_active=True).select_related("user")
    return sum(_send(row, now) for row in due.order_by("send_after")[:AT_ONCE])


def _send(row: PasswordReset, now: datetime) -> bool:
    seen, attempts = row.send_after, row.send_attempts
    token = row.mint(now)
    again = now + PAUSE if attempts + 1 < MOST_ATTEMPTS else None
    # A single UPDATE claims the attempt: no transaction may stay open while the mail server answers.
    claimed = PasswordReset.objects.filter(pk=row.pk, send_after=seen, send_attempts=attempts).update(
        digest=row.digest, expires_at=row.expires_at, send_after=again, send_attempts=attempts + 1
    )
    if not claimed:
        return False
    if not accepts(_message(row, token), f"The link for a new password of {row.user_id}"):
        return False
    return PasswordReset.objects.filter(pk=row.pk, digest=row.digest).update(send_after=None) == 1


def _message(row: PasswordReset, token: str) -> EmailMessage:
    context = {"person": row.user, "url": address_of(token), "ends": row.expires_at}
    return EmailMessage(
        "A new password for Patchbay", render_to_string("people/password_mail.txt", context), to=[row.user.email]
    )
