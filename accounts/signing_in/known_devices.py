"""Browsers in which somebody signed in before: strangers who guess that person's password do not slow them.

A signed cookie names the people, each with a number under which this browser's own failures are counted. It opens
nothing by itself. (OWASP, “Slow Down Online Guessing Attacks with Device Cookies”.)
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.signing_in.names import digest_of, normalised

SALT = "patchbay.device"
LASTS_SECONDS = 180 * 24 * 3600
# So many people share a browser; whoever signed in longest ago is forgotten.
MOST = 4


def number_of(request: HttpRequest, name: str) -> str:
    """Return the browser's number for the person of this name; nothing where they never signed in in it."""
    return _held(request).get(_person(name), "")


def remember(request: HttpRequest, response: HttpResponseBase, name: str) -> None:
    """Have the browser known to belong to the person of this name from now on."""
    held = _held(request)
    held.pop(_person(name), None)
    while len(held) >= MOST:
        held.pop(next(iter(held)))
    held[_person(name)] = secrets.token_urlsafe(16)
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps(held, salt=SALT),
        max_age=LASTS_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _held(request: HttpRequest) -> dict[str, str]:
    try:
        held: dict[str, str] = signing.loads(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=SALT, max_age=LASTS_SECONDS
        )
    except signing.BadSignature:
        return {}
    return held


def _person(name: str) -> str:
    return digest_of("device", normalised(name)).hex()[:32]
