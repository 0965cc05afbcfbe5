"""Send invitations by mail. The worker mints the token here, so that only the recipient ever sees it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import Invitation
from accounts.people.mailing import accepts
from accounts.people.members import may_admit

AT_ONCE = 20  # mails in one run
MOST_ATTEMPTS = 8
FIRST_PAUSE = timedelta(minutes=1)  # doubles with each attempt: the eighth is two hours after the first


def send_due() -> int:
    """Send mails that are due, AT_ONCE at most; return how many the mail server accepted."""
    now = timezone.now()
    due = Invitation.objects.to_send(now).select_related("environment", "invited_by").order_by("send_after")
    return sum(_send(invitation, now) for invitation in due[:AT_ONCE])


def _send(invitation: Invitation, now: datetime) -> bool:
    if not may_admit(invitation.invited_by, invitation.environment):
        # The inviter has lost the right to invite, so the link would not work either.
        Invitation.objects.filter(pk=invitation.pk, send_after=invitation.send_after).update(send_after=None)
        return False
    token = _claim(invitation, now)
    if token is None:
        return False
    if not accepts(_message(invitation, token), f"Invitation {invitation.pk}"):
        return False
    mailed = Invitation.objects.filter(pk=invitation.pk, digest=invitation.digest)
    return mailed.update(sent_at=timezone.now(), send_after=None) == 1


def _claim(invitation: Invitation, now: datetime) -> str | None:
    """Claim an attempt and return its token; None if another worker has claimed it.

    A single UPDATE, because no transaction may stay open while the mail server answers. If the worker dies, the next
    attempt, with a new token, is due after the pause.
    """
    seen, attempts = invitation.send_after, invitation.send_attempts
    token = invitation.mint()
    again = now + FIRST_PAUSE * 2**attempts if attempts + 1 < MOST_ATTEMPTS else None
    claimed = Invitation.objects.unanswered().filter(pk=invitation.pk, send_after=seen, send_attempts=attempts)
    taken = claimed.update(
        digest=invitation.digest, last_four=invitation.last_four, send_after=again, send_attempts=attempts + 1
    )
    return token if taken else None


def _message(invitation: Invitation, token: str) -> EmailMessage:
    # Collapsed to one line: a line break in the name could add a header or a paragraph.
    environment = " ".join(invitation.environment.name.split())
    context = {
        "invitation": invitation,
        "environment": environment,
        "url": f"{settings.PUBLIC_URL}/invitations/{token}",
    }
    body = render_to_string("invitations/mail.txt", context)
    return EmailMessage(f"Invitation to {environment} on Patchbay", body, to=[invitation.email])
