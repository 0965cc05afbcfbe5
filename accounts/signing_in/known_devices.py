"""Browsers in which a person has signed in before; strangers guessing the password do not slow them down.

A signed cookie lists the people, each with a number under which this browser's own failures are counted. It grants
no access by itself. (OWASP, “Slow Down Online Guessing Attacks with Device Cookies”.)
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.signing_in.names import normalised_name, sign_in_digest

SALT = "patchbay.device"
LASTS_SECONDS = 180 * 24 * 3600
# People remembered in one browser; the one who signed in longest ago is dropped.
MOST = 4


def number_of(request: HttpRequest, name: str) -> str:
    """Return the browser's number for this user name; an empty string if it has none."""
    return _numbers(request).get(_person(name), "")


def remember(request: HttpRequest, response: HttpResponseBase, name: str) -> None:
    """Set the cookie that makes this browser known for this user name."""
    numbers = _numbers(request)
    # Removed first, so that the name moves to the end of the order.
    numbers.pop(_person(name), None)
    while len(numbers) >= MOST:
        numbers.pop(next(iter(numbers)))
    # A new number, so that its count of failures starts at 0.
    numbers[_person(name)] = secrets.token_urlsafe(16)
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps(numbers, salt=SALT),
        max_age=LASTS_SECONDS,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _numbers(request: HttpRequest) -> dict[str, str]:
    try:
        numbers: dict[str, str] = signing.loads(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=SALT, max_age=LASTS_SECONDS
        )
    except signing.BadSignature:
        return {}
    return numbers


def _person(name: str) -> str:
    return sign_in_digest("device", normalised_name(name)).hex()[:32]
