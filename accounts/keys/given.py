"""The keys that this process was given, and the check values that the database keeps of them."""

import hmac
from dataclasses import dataclass, field

from django.conf import settings

from accounts.key_pairs import keys_by_id
from accounts.models import KeyCheck

TOKEN_KEY = "TOKEN_KEY"
SECRET_KEY = "SECRET_KEY"
CREDENTIAL_KEYS = "CREDENTIAL_KEYS:"
# Part of what is authenticated, so that a check value is no digest of anything else under the same key.
PURPOSE = "patchbay key check"


@dataclass(frozen=True)
class GivenKey:
    """A key as the environment gives it; a key of the ring has its id in its name."""

    name: str
    secret: bytes = field(repr=False)

    def value(self, salt: bytes) -> bytes:
        """Return the check value under this salt (32 bytes)."""
        text = f"{PURPOSE}\0{self.name}\0".encode() + salt
        return hmac.digest(self.secret, text, "sha256")

    def is_of(self, check: KeyCheck) -> bool:
        """Return whether a check value was made with this key."""
        return hmac.compare_digest(self.value(bytes(check.salt)), bytes(check.value))


def given_keys() -> list[GivenKey]:
    """Return every key in use, the ring's in their order."""
    ring = [GivenKey(f"{CREDENTIAL_KEYS}{key_id}", key) for key_id, key in keys_by_id(settings.CREDENTIAL_KEYS).items()]
    return [
        GivenKey(TOKEN_KEY, settings.TOKEN_KEY.encode()),
        GivenKey(SECRET_KEY, settings.SECRET_KEY.encode()),
        *ring,
    ]


def earlier_secret_keys() -> list[GivenKey]:
    """Return the keys that SECRET_KEY replaces at present."""
    return [GivenKey(SECRET_KEY, each.encode()) for each in settings.SECRET_KEY_FALLBACKS]
