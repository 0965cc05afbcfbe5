"""Hand mails to the mail server without telling the log whom they are for."""

import logging

from django.core.mail import EmailMessage

logger = logging.getLogger(__name__)


def accepts(message: EmailMessage, what: str) -> bool:
    """Return whether the mail server accepts a message; a refusal is logged, with `what` the mail is."""
    try:
        message.send()
    except OSError as error:  # smtplib's exceptions are OSErrors too
        # Without the server's message, which repeats the address: operators must not see it in logs.
        logger.warning("%s could not be mailed: %s", what, type(error).__name__)
        return False
    return True
