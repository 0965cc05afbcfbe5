"""An attempt to sign in at an identity provider: what its answer must fit, sealed into a cookie of one browser."""

import json
import secrets
import time
from dataclasses import asdict, dataclass, field
from typing import Literal

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.errors import CredentialsUnreadable
from accounts.keyring import key_ring

LIFETIME_SECONDS = 600
CONTEXT = "single-sign-on"

Purpose = Literal["enter", "connect"]


@dataclass(frozen=True)
class SignOnAttempt:
    """One attempt. `connect` adds the identity to the signed-in person `user_id` instead of signing in.

    `next` is where the browser goes afterwards, as it was asked for and unchecked.
    """

    provider: str
    purpose: Purpose = "enter"
    next: str = ""
    user_id: int | None = None
    again: bool = False  # the person has to prove who they are, even if the provider knows
    began_at: float = field(default_factory=time.time)
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    # 64 characters; RFC 7636, section 4.1 requires 43 to 128.
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)


def remember(response: HttpResponseBase, attempt: SignOnAttempt) -> None:
    """Set the cookie that binds an attempt to this browser; a later attempt replaces it.

    A cookie, since whoever is not signed in could fill a table with sessions.
    """
    response.set_cookie(
        settings.SIGN_ON_COOKIE_NAME,
        key_ring().encrypt(json.dumps(asdict(attempt)), context=CONTEXT),
        max_age=LIFETIME_SECONDS,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",  # the answer comes from the provider's site, by a link that is followed
    )


def forget(response: HttpResponseBase) -> None:
    """Delete the cookie, so that its attempt is answered once."""
    response.delete_cookie(settings.SIGN_ON_COOKIE_NAME, path=settings.SESSION_COOKIE_PATH, samesite="Lax")


def answered(request: HttpRequest, provider: str, state: str) -> SignOnAttempt | None:
    """Return the attempt that an answer with this state belongs to; None if this browser began no such attempt."""
    sealed = request.COOKIES.get(settings.SIGN_ON_COOKIE_NAME, "")
    try:
        attempt = SignOnAttempt(**json.loads(key_ring().decrypt(sealed, context=CONTEXT)))
    except (CredentialsUnreadable, TypeError):
        # A TypeError: it was sealed by another release, whose attempts have other members.
        return None
    # As bytes: compare_digest() refuses non-ASCII strings, and the state comes from the query string.
    if attempt.provider != provider or not secrets.compare_digest(attempt.state.encode(), state.encode()):
        return None
    return attempt if 0 <= time.time() - attempt.began_at < LIFETIME_SECONDS else None
