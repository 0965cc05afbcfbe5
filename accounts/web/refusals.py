"""Statuses for pages that refuse input: a form with errors, or a sign-in attempt that comes too soon."""

from django.http import HttpResponse

from accounts.errors import SignInRefused

REFUSED = 422  # a form came back with its errors (RFC 9110, 15.5.21); htmx is told to show it
TOO_MANY = 429


def refused(response: HttpResponse, refusal: SignInRefused | None) -> HttpResponse:
    """Set a refusal's status and Retry-After on a page; without a refusal, return it unchanged."""
    if refusal is not None:
        response.status_code = TOO_MANY
        response.headers["Retry-After"] = str(max(1, refusal.seconds))
    return response
