"""The ring of the keys that encrypt secrets at rest, which is imported only once a secret is written or read."""

from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from accounts.encryption import KeyRing


def key_ring() -> "KeyRing":
    """Return the ring of CREDENTIAL_KEYS; raise ImproperlyConfigured."""
    # What encrypts takes 7 MB of a process.
    from accounts.encryption import KeyRing  # noqa: PLC0415

    return KeyRing(settings.CREDENTIAL_KEYS)
