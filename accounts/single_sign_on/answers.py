"""Single sign-on for callers without an event loop."""

from collections.abc import Mapping

from asgiref.sync import async_to_sync

from accounts.single_sign_on.attempts import SignOnAttempt
from accounts.single_sign_on.authentication import VouchedIdentity, authorization_address, vouched_identity
from accounts.single_sign_on.providers import IdentityProvider


def address_for(provider: IdentityProvider, attempt: SignOnAttempt) -> str:
    """Return the address that a person is sent to; raise SignOnFailed."""
    return async_to_sync(authorization_address)(provider, attempt)


def identity_in(provider: IdentityProvider, attempt: SignOnAttempt, answer: Mapping[str, str]) -> VouchedIdentity:
    """Return who the person is, by a provider's answer whose state is the attempt's; raise SignOnFailed."""
    return async_to_sync(vouched_identity)(provider, attempt, answer)
