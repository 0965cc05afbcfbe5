"""Encryption of secrets at rest: AES-256-GCM under a ring of keys, each text bound to the row it belongs to.

A stored text is `KEY_ID.NONCE_AND_CIPHERTEXT` with the second part in URL-safe base64. The first key of the ring
encrypts; every key decrypts, so that a key can be replaced while texts under the old one are still there.
"""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from accounts.errors import CredentialsUnreadable

NONCE_BYTES = 12


class KeyRing:
    """Keys by their ids, in order; made from `id:base64` pairs."""

    def __init__(self, pairs: list[str]) -> None:
        self._keys: dict[str, AESGCM] = {}
        for pair in pairs:
            key_id, _, encoded = pair.partition(":")
            try:
                key = _decoded(encoded)
            except ValueError:
                key = b""
            if not (key_id.isascii() and key_id.isalnum()) or len(key) != 32:
                raise ImproperlyConfigured(
                    "CREDENTIAL_KEYS takes id:key pairs, comma-separated, with letters or digits as id "
                    "and 32 bytes in URL-safe base64 as key."
                )
            if key_id in self._keys:
                raise ImproperlyConfigured(f"CREDENTIAL_KEYS holds two keys called {key_id}.")
            self._keys[key_id] = AESGCM(key)
        if not self._keys:
            raise ImproperlyConfigured("CREDENTIAL_KEYS holds no key.")

    @property
    def primary(self) -> str:
        """The id of the key that encrypts."""
        return next(iter(self._keys))

    def encrypt(self, text: str, *, context: str) -> str:
        """Return the text encrypted; `context` must be given again, to the letter, to decrypt it."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self._keys[self.primary].encrypt(nonce, text.encode(), context.encode())
        return f"{self.primary}.{base64.urlsafe_b64encode(sealed).decode()}"

    def decrypt(self, stored: str, *, context: str) -> str:
        """Return the text; raise CredentialsUnreadable when the key is gone or the text was moved or changed."""
        key_id, _, encoded = stored.partition(".")
        key = self._keys.get(key_id)
        if key is None:
            raise CredentialsUnreadable(f"they are encrypted under key {key_id!r}, which CREDENTIAL_KEYS does not hold")
        try:
            sealed = _decoded(encoded)
            return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode()).decode()
        except (InvalidTag, ValueError):
            raise CredentialsUnreadable("they were changed, or belong to another account") from None

    def is_current(self, stored: str) -> bool:
        """Tell whether a stored text is under the primary key."""
        return stored.partition(".")[0] == self.primary


def _decoded(encoded: str) -> bytes:
    """Read URL-safe base64 strictly: Python's own reader skips what does not belong to it."""
    return base64.b64decode(encoded, altchars=b"-_", validate=True)


def key_ring() -> KeyRing:
    """Return the ring of the settings."""
    return KeyRing(settings.CREDENTIAL_KEYS)
