"""Parse the mail server's URL, such as submission://user:password@mail.example.com."""

from dataclasses import dataclass, field
from email.utils import getaddresses

import dj_email_url
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

SCHEMES = ("smtp://", "submission://")


@dataclass(frozen=True)
class MailSettings:
    """How to send mail: `starttls` upgrades a plain connection to TLS, `tls` uses TLS from the first byte."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    starttls: bool
    tls: bool
    sender: str


def mail_settings(url: str, sender: str) -> MailSettings | None:
    """Parse EMAIL_URL and EMAIL_FROM; None without a mail server.

    Raises ImproperlyConfigured without quoting the URL, which contains a password.
    """
    if not url:
        return None
    try:
        read = dj_email_url.parse(url) if url.startswith(SCHEMES) else {}
    except ValueError:
        read = {}
    if not read.get("EMAIL_HOST"):
        raise ImproperlyConfigured(
            "EMAIL_URL cannot be read; it takes smtp://user:password@host:587?tls=1, or submission://user:password@host."
        )
    return MailSettings(
        host=read["EMAIL_HOST"],
        port=read["EMAIL_PORT"],
        user=read["EMAIL_HOST_USER"] or "",
        password=read["EMAIL_HOST_PASSWORD"] or "",
        starttls=read["EMAIL_USE_TLS"],
        tls=read["EMAIL_USE_SSL"],
        sender=_sender(sender),
    )


def _sender(sender: str) -> str:
    found = [address for _, address in getaddresses([sender])]
    try:
        validate_email(found[0] if len(found) == 1 else "")
    except ValidationError:
        raise ImproperlyConfigured(
            f"EMAIL_FROM is {sender!r}, but with EMAIL_URL takes an address such as Patchbay <patchbay@example.com>."
        ) from None
    return sender
