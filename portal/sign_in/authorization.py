"""Read authorization requests, and answer them: the toolkit checks them, people decide (RFC 6749, 4.1)."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from oauth2_provider.exceptions import FatalClientError, OAuthToolkitError
from oauth2_provider.oauth2_backends import get_oauthlib_core
from oauthlib.oauth2 import OAuth2Error

from mcpservers.errors import ResourceUnknown
from mcpservers.models import MCPServer, RegisteredClient
from mcpservers.sign_in.addresses import address_of, issuer
from mcpservers.sign_in.consents import server_asked_for
from portal.requests import PortalRequest

# RFC 8707, 2: the error's code.
INVALID_TARGET = "invalid_target"
# RFC 7636, 4.2: SHA-256 in base64url without padding.
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class AuthorizationRequest:
    """What a client asks for, checked: where people are sent back to is one of its own addresses."""

    client: RegisteredClient
    server: MCPServer
    scopes: tuple[str, ...]
    credentials: dict[str, Any] = field(repr=False)

    @property
    def redirect_uri(self) -> str:
        return str(self.credentials["redirect_uri"])


class RequestUnusable(Exception):
    """An authorization request that must lead nowhere: neither client nor redirect address are certain."""


@dataclass
class RequestRefused(Exception):
    """An authorization request that is refused at the client's own address."""

    location: str


def read_request(request: PortalRequest) -> AuthorizationRequest:
    """Return what a client asks for; raise RequestUnusable or RequestRefused."""
    try:
        scopes, credentials = get_oauthlib_core().validate_authorization_request(request)
    except FatalClientError as error:
        raise RequestUnusable(error.oauthlib_error.description or error.oauthlib_error.error) from None
    except OAuthToolkitError as error:
        raise RequestRefused(_refusal_of(error.oauthlib_error)) from None
    back, state = str(credentials["redirect_uri"]), credentials.get("state")
    if credentials.get("code_challenge_method") != "S256":
        # RFC 9700, 2.1.1. Without one, `plain` would be meant.
        raise RequestRefused(refusal(back, state, "invalid_request", "code_challenge_method is S256."))
    if not CHALLENGE.fullmatch(credentials.get("code_challenge") or ""):
        raise RequestRefused(refusal(back, state, "invalid_request", "code_challenge is a digest by S256."))
    try:
        server = server_asked_for(request.GET.getlist("resource"))
    except ResourceUnknown as unknown:
        raise RequestRefused(refusal(back, state, INVALID_TARGET, str(unknown))) from None
    client = RegisteredClient.objects.get(client_id=credentials["client_id"])
    return AuthorizationRequest(client, server, tuple(scopes), credentials)


def answer(request: PortalRequest, asked: AuthorizationRequest, scopes: tuple[str, ...]) -> str:
    """Return the address at which the client gets its code; raise RequestRefused."""
    credentials = {**asked.credentials, "resource": [address_of(asked.server.pk)]}
    try:
        uri, *_ = get_oauthlib_core().create_authorization_response(request, list(scopes), credentials, True)
    except OAuthToolkitError as error:
        raise RequestRefused(_refusal_of(error.oauthlib_error)) from None
    return str(uri)


def denial(asked: AuthorizationRequest) -> str:
    """Return the address at which the client learns that the person refused."""
    return refusal(asked.redirect_uri, asked.credentials.get("state"), "access_denied", "The person refused.")


def refusal(redirect_uri: str, state: str | None, error: str, description: str) -> str:
    """Return a client's address with an error (RFC 6749, 4.1.2.1) and the issuer (RFC 9207, 2)."""
    members = {"error": error, "error_description": description, **({"state": state} if state else {})}
    return _with(redirect_uri, {**members, "iss": issuer()})


def _refusal_of(error: OAuth2Error) -> str:
    return _with(error.redirect_uri, {**dict(error.twotuples), "iss": issuer()})


def _with(uri: str, members: dict[str, str]) -> str:
    parts = urlsplit(uri)
    own = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in members]
    return urlunsplit(parts._replace(query=urlencode([*own, *members.items()])))
