"""How a page answers an attempt to sign in that is not taken now."""

from django.http import HttpResponse

from accounts.errors import SignInRefused

TOO_MANY = 429


def refused(response: HttpResponse, refusal: SignInRefused | None) -> HttpResponse:
    """Return a page with the status of a refusal, and when to come back; as it is where nothing was refused."""
    if refusal is not None:
        response.status_code = TOO_MANY
        response.headers["Retry-After"] = str(max(1, refusal.seconds))
    return response
