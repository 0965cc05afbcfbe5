"""Mail in tests: that there is a mail server, and one that takes nothing."""

import smtplib
from collections.abc import Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

UNWILLING = f"{__name__}.Unwilling"


class Unwilling(BaseEmailBackend):
    """A mail server that takes nothing, and says why with the address in it."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        raise smtplib.SMTPRecipientsRefused({each.to[0]: (550, b"no such mailbox") for each in email_messages})


def have_mail(settings: Any) -> None:
    """Have Patchbay send mail, which Django keeps in `mail.outbox`."""
    settings.MAIL_ENABLED = True
    settings.DEFAULT_FROM_EMAIL = "patchbay@example.com"
