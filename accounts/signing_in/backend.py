"""The only place that checks passwords: for sign-in, in the admin too, and for password confirmation."""

from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.errors import SignInRefused
from accounts.models import User
from accounts.signing_in.limits import begin
from accounts.signing_in.passwords import may_use_password
from accounts.signing_in.turns import acquaintances, strangers


class LimitedBackend(ModelBackend):
    """Django's model backend, with limits on guessing."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """Return the user with this name and password; raise SignInRefused if attempts are limited."""
        if username is None or password is None:
            return None
        if request is None:  # called by a command, not by a client that could guess
            return self._allowed(super().authenticate(request, username, password, **kwargs))
        attempt = begin(request, username)
        try:
            with (acquaintances if attempt.from_known_device else strangers).take():
                user = self._allowed(super().authenticate(request, username, password, **kwargs))
        except SignInRefused:
            attempt.take_back()  # no password was checked, so nothing counts as a failure
            raise
        if user is None:
            attempt.fail()
        else:
            attempt.take_back()
        return user

    def _allowed(self, user: Any) -> User | None:
        """Return a user who may use a password; None for others, after the same work as for a wrong one."""
        return user if isinstance(user, User) and may_use_password(user) else None


def is_password_of(request: HttpRequest, user: User, password: str) -> bool:
    """Return whether a password is this person's; raise SignInRefused after too many wrong ones."""
    found = authenticate(request, username=user.get_username(), password=password)
    return found is not None and found.pk == user.pk
