"""Read OIDC_PROVIDERS."""

from django.core.exceptions import ImproperlyConfigured

from accounts.single_sign_on.providers import IdentityProvider, ProvidersUnusable, read_providers


def identity_providers(text: str, private_hosts: frozenset[str]) -> tuple[IdentityProvider, ...]:
    """Return the identity providers; raise ImproperlyConfigured with a sentence that has no secret in it."""
    try:
        return read_providers(text, private_hosts)
    except ProvidersUnusable as problem:
        raise ImproperlyConfigured(f"OIDC_PROVIDERS {problem}. See docs/single-sign-on.md.") from None
