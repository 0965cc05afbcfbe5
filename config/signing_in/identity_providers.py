"""Read OIDC_PROVIDERS."""

from django.core.exceptions import ImproperlyConfigured

from accounts.single_sign_on.providers import IdentityProvider, ProvidersUnusable, read_providers


def identity_providers(text: str, private_hosts: frozenset[str]) -> tuple[IdentityProvider, ...]:
    """Return the identity providers; raise ImproperlyConfigured with a sentence that has no secret in it."""
    try:
        return read_providers(text, private_hosts)
    except ProvidersUnusable as problem:
        raise ImproperlyConfigured(f"OIDC_PROVIDERS {problem}. See docs/single-sign-on.md.") from None


def break_glass_user(name: str, *, passwords: bool, providers: tuple[IdentityProvider, ...]) -> str:
    """Return the superuser who may always use a password; raise ImproperlyConfigured if nobody could sign in."""
    if not passwords and not (name and providers):
        raise ImproperlyConfigured(
            "PASSWORD_SIGN_IN=0 takes OIDC_PROVIDERS, with which people sign in, and BREAK_GLASS_USER, the name of the "
            "superuser who may use a password when no provider can be reached."
        )
    return name
