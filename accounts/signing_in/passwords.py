"""Who may use a password: everybody, or with PASSWORD_SIGN_IN=0 one superuser, for when no provider is reached."""

from django.conf import settings

from accounts.models import User


def may_use_password(user: User) -> bool:
    """Return whether a person has a password that signs them in."""
    allowed = settings.PASSWORD_SIGN_IN or (user.is_superuser and user.get_username() == settings.BREAK_GLASS_USER)
    return bool(allowed and user.has_usable_password())
