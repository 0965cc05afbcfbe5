"""Start the session of a person who has proved their identity."""

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect

from accounts.models import User
from accounts.people.sessions import SessionStore
from accounts.signing_in import known_devices, limits


def enter(request: HttpRequest, user: User, backend: str, to: str) -> HttpResponseRedirect:
    """Sign a person in, remember the browser, and redirect to `to`."""
    login(request, user, backend=backend)
    if isinstance(request.session, SessionStore):
        request.session.note_password()
    limits.forget(request, user.get_username())
    response = redirect(to)
    known_devices.remember(request, response, user.get_username())
    return response
