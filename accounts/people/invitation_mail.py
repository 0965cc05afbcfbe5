"""Send invitations by mail. The token is made here, in the worker, and nobody but the mail's reader ever sees it."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import Invitation
from accounts.people.members import may_admit

logger = logging.getLogger(__name__)

AT_ONCE = 20
MOST_ATTEMPTS = 8
FIRST_PAUSE = timedelta(minutes=1)  # doubles with each attempt: the eighth is two hours after the first


def send_due(now: datetime | None = None) -> int:
    """Send the mails that are due; return how many the mail server took."""
    now = now or timezone.now()
    due = Invitation.objects.to_send(now).select_related("environment", "invited_by").order_by("send_after")
    return sum(_send(invitation, now) for invitation in due[:AT_ONCE])


def _send(invitation: Invitation, now: datetime) -> bool:
    if not may_admit(invitation.invited_by, invitation.environment):
        Invitation.objects.filter(pk=invitation.pk, send_after=invitation.send_after).update(send_after=None)
        return False
    token = _claim(invitation, now)
    if token is None:
        return False
    try:
        _message(invitation, token).send()
    except OSError as error:  # smtplib's errors are of this kind, too
        # Neither the address nor the server's words: these repeat the address, and logs are for operators.
        logger.warning("Invitation %s could not be mailed: %s", invitation.pk, type(error).__name__)
        return False
    mailed = Invitation.objects.filter(pk=invitation.pk, digest=invitation.digest)
    return mailed.update(sent_at=timezone.now(), send_after=None) == 1


def _claim(invitation: Invitation, now: datetime) -> str | None:
    """Return a token for this attempt; None where another worker makes it.

    One UPDATE, since no transaction may stay open while a mail server is waited for. A worker that dies here leaves an
    invitation whose next attempt, with another token, is due after the pause.
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
    # Names are whatever somebody typed: on one line, so that none makes a header or a paragraph of its own.
    environment = " ".join(invitation.environment.name.split())
    context = {
        "invitation": invitation,
        "environment": environment,
        "url": f"{settings.PUBLIC_URL}/invitations/{token}",
    }
    body = render_to_string("invitations/mail.txt", context)
    return EmailMessage(f"Invitation to {environment} on Patchbay", body, to=[invitation.email])
