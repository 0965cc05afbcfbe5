"""The keys that encrypt secrets at rest, as CREDENTIAL_KEYS gives them: `id:base64` pairs."""

import base64

from django.core.exceptions import ImproperlyConfigured


def decoded(encoded: str) -> bytes:
    """Decode URL-safe base64 strictly: `urlsafe_b64decode` skips foreign characters."""
    return base64.b64decode(encoded, altchars=b"-_", validate=True)


def keys_by_id(pairs: list[str]) -> dict[str, bytes]:
    """Return the keys of `id:base64` pairs in their order; raise ImproperlyConfigured."""
    keys: dict[str, bytes] = {}
    for pair in pairs:
        key_id, _, encoded = pair.partition(":")
        try:
            key = decoded(encoded)
        except ValueError:
            key = b""
        # Stored texts separate the key id by a dot, which it must not contain.
        if not (key_id.isascii() and key_id.isalnum()) or len(key) != 32:
            raise ImproperlyConfigured(
                "CREDENTIAL_KEYS takes id:key pairs, comma-separated, with letters or digits as id "
                "and 32 bytes in URL-safe base64 as key."
            )
        if key_id in keys:
            raise ImproperlyConfigured(f"CREDENTIAL_KEYS has two keys called {key_id}.")
        keys[key_id] = key
    if not keys:
        raise ImproperlyConfigured("CREDENTIAL_KEYS has no key.")
    return keys
