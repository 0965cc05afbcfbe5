"""The addresses of servers that ask for sign-in, and of what their clients look up (RFC 8414, RFC 8707, RFC 9728)."""

from uuid import UUID

from django.conf import settings

# Below /mcp/, where other servers have their token.
SIGN_IN = "s"
RESOURCE_METADATA = ".well-known/oauth-protected-resource"


def address_of(server_id: UUID) -> str:
    """Return the URL for clients. It holds no secret, and is the resource indicator of tokens."""
    return f"{settings.PUBLIC_URL}/mcp/{SIGN_IN}/{server_id}"


def server_named(resource: str) -> UUID | None:
    """Return the id of the server that a resource indicator names; None if it names none of ours."""
    start = f"{settings.PUBLIC_URL}/mcp/{SIGN_IN}/"
    # RFC 3986, 6.2.3: clients that parse an address may add or drop the last slash.
    return server_id_of(resource.removeprefix(start).removesuffix("/")) if resource.startswith(start) else None


def server_id_of(text: str) -> UUID | None:
    """Return the id that a path has, in its one spelling."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None


def metadata_of(server_id: UUID) -> str:
    """Return where clients find which authorization server a server trusts.

    Below PUBLIC_URL, where it is reached also through a proxy that passes only that path on. At the root of a host this
    is the place that RFC 9728 gives; under a path, that place is served too.
    """
    return f"{settings.PUBLIC_URL}/{RESOURCE_METADATA}/mcp/{SIGN_IN}/{server_id}"


def issuer() -> str:
    """Return the authorization server's identifier."""
    return f"{settings.PUBLIC_URL}/oauth"
