"""How a page answers what it does not take: a form with errors, an attempt to sign in that comes too soon."""

from django.http import HttpResponse

from accounts.errors import SignInRefused

REFUSED = 422  # a form came back with its errors (RFC 9110, 15.5.21); htmx is told to show it
TOO_MANY = 429


def refused(response: HttpResponse, refusal: SignInRefused | None) -> HttpResponse:
    """Return a page with the status of a refusal, and when to come back; as it is where nothing was refused."""
    if refusal is not None:
        response.status_code = TOO_MANY
        response.headers["Retry-After"] = str(max(1, refusal.seconds))
    return response
