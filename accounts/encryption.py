"""Encryption of secrets at rest: AES-256-GCM under a ring of keys, each text bound to its row.

A stored text is `KEY_ID.NONCE_AND_CIPHERTEXT` with the second part in URL-safe base64. The first key encrypts and
every key decrypts, so that a key can be replaced while texts under the old one exist.
"""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accounts.errors import CredentialsUnreadable
from accounts.key_pairs import decoded, keys_by_id

NONCE_BYTES = 12  # as NIST SP 800-38D, section 5.2.1.1, recommends for GCM


class KeyRing:
    """Keys by id, in order, parsed from `id:base64` pairs."""

    def __init__(self, pairs: list[str]) -> None:
        self._keys = {key_id: AESGCM(key) for key_id, key in keys_by_id(pairs).items()}

    @property
    def primary(self) -> str:
        return next(iter(self._keys))

    def encrypt(self, text: str, *, context: str) -> str:
        """Encrypt a text; decryption needs exactly the same `context`."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self._keys[self.primary].encrypt(nonce, text.encode(), context.encode())
        return f"{self.primary}.{base64.urlsafe_b64encode(sealed).decode()}"

    def decrypt(self, stored: str, *, context: str) -> str:
        """Decrypt a text; raise CredentialsUnreadable if its key is gone, or it was altered or moved to another row."""
        key_id, _, encoded = stored.partition(".")
        key = self._keys.get(key_id)
        if key is None:
            raise CredentialsUnreadable(f"they are encrypted under key {key_id!r}, which CREDENTIAL_KEYS does not have")
        try:
            sealed = decoded(encoded)
            return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode()).decode()
        except (InvalidTag, ValueError):
            raise CredentialsUnreadable("they were changed, or belong to another account") from None

    def is_current(self, stored: str) -> bool:
        """Return whether a stored text is encrypted under the primary key."""
        return stored.partition(".")[0] == self.primary
