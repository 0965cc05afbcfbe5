"""Challenges: how a server tells a client to sign in, or to ask for more (RFC 6750, 3; RFC 9728, 5.1)."""

from collections.abc import Iterable
from uuid import UUID

from mcpservers.sign_in.addresses import metadata_of

Header = tuple[bytes, bytes]


def challenge(server_id: UUID, scopes: Iterable[str], error: str = "", description: str = "") -> Header:
    """Return the WWW-Authenticate header of an answer; `scopes` are all that the request needs."""
    parts = {"resource_metadata": metadata_of(server_id), "scope": " ".join(scopes)}
    if error:
        parts = {"error": error, "error_description": description, **parts}
    return b"www-authenticate", b"Bearer " + ", ".join(f'{name}="{value}"' for name, value in parts.items()).encode()
