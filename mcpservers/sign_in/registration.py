"""Programs that register themselves (RFC 7591): what they may say, and how long an unused one is kept."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from accounts.texts.invisible import visible
from mcpservers.errors import MetadataRefused
from mcpservers.models import RegisteredClient
from mcpservers.models.sign_in import MAX_NAME, MAX_REDIRECTS, redirect_problem


@dataclass(frozen=True)
class ClientMetadata:
    """What of a client's metadata is kept (RFC 7591, 2)."""

    name: str
    redirect_uris: tuple[str, ...]


def read_metadata(given: Any) -> ClientMetadata:
    """Check a client's metadata; raise MetadataRefused with the RFC's code for what is wrong."""
    if not isinstance(given, dict):
        raise MetadataRefused("invalid_client_metadata", "The body is a JSON object.")
    name, uris = given.get("client_name", ""), given.get("redirect_uris")
    if not isinstance(name, str):
        raise MetadataRefused("invalid_client_metadata", "client_name is a text.")
    if not isinstance(uris, list) or not 1 <= len(uris) <= MAX_REDIRECTS:
        raise MetadataRefused("invalid_redirect_uri", f"redirect_uris has 1 to {MAX_REDIRECTS} addresses.")
    for uri in uris:
        problem = redirect_problem(uri) if isinstance(uri, str) and " " not in uri else "A redirect address is a text."
        if problem:
            raise MetadataRefused("invalid_redirect_uri", problem)
    for member, offered in (("grant_types", {"authorization_code", "refresh_token"}), ("response_types", {"code"})):
        wanted = given.get(member, [*offered][:1])
        if not isinstance(wanted, list) or not {*map(str, wanted)} & offered:
            raise MetadataRefused("invalid_client_metadata", f"{member} has one of: {', '.join(sorted(offered))}.")
    return ClientMetadata(visible(name.strip())[:MAX_NAME], tuple(uris))


def register(metadata: ClientMetadata) -> RegisteredClient:
    """Register a client, as a public one: PKCE shows who exchanges a code, and a secret would be stored twice."""
    client = RegisteredClient(
        name=metadata.name,
        redirect_uris=" ".join(metadata.redirect_uris),
        client_type=RegisteredClient.CLIENT_PUBLIC,
        authorization_grant_type=RegisteredClient.GRANT_AUTHORIZATION_CODE,
        registration_source=RegisteredClient.RegistrationSource.DCR,
        client_secret="",
        hash_client_secret=False,
    )
    try:
        client.full_clean(exclude=["client_secret"])
    except ValidationError as problem:
        raise MetadataRefused("invalid_client_metadata", "; ".join(problem.messages)) from None
    client.save()
    return client
