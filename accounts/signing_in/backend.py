"""The one place where a password is checked: sign-in, the admin's door, and every page that asks for it again."""

from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.errors import SignInRefused
from accounts.models import User
from accounts.signing_in.limits import begin
from accounts.signing_in.turns import acquaintances, strangers


class LimitedBackend(ModelBackend):
    """Django's own, under the limits of guessing."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """Return whose name and password these are; raise SignInRefused for an attempt that is not taken."""
        if username is None or password is None:
            return None
        if request is None:  # a command's; nobody guesses from outside
            return super().authenticate(request, username, password, **kwargs)
        attempt = begin(request, username)
        try:
            with (acquaintances if attempt.from_known_device else strangers).take():
                user = super().authenticate(request, username, password, **kwargs)
        except SignInRefused:
            attempt.succeed()  # nothing was tried
            raise
        if user is None:
            attempt.fail()
        else:
            attempt.succeed()
        return user


def is_password_of(request: HttpRequest, user: User, password: str) -> bool:
    """Tell whether a password is somebody's own; raise SignInRefused after too many that were not."""
    found = authenticate(request, username=user.get_username(), password=password)
    return found is not None and found.pk == user.pk
