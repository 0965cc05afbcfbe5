"""Patchbay as an account's vendor knows it: a client of OAuth 2.0, with every placeholder of the definition filled."""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

from accounts.definition import (
    AuthorizationCodeAuthentication,
    Definition,
    OAuthAuthentication,
)
from accounts.vendors.addresses import base_url_problem, is_excepted
from accounts.vendors.authentication import fill

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class RegisteredClient:
    """One client at one authorization server. `authorization_url` is empty where no person consents."""

    vendor: str
    grant_type: Literal["authorization_code", "client_credentials"]
    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    client_authentication: Literal["basic", "post", "none"]
    scope: str
    token_parameters: dict[str, str] = field(repr=False)
    authorization_url: str = ""
    authorization_parameters: dict[str, str] = field(default_factory=dict)
    issuer: str = ""

    @property
    def needs_consent(self) -> bool:
        """Whether a person gives the first tokens, so that they cannot be had again without one."""
        return self.grant_type == "authorization_code"


def registered_client(
    definition: Definition, declared: OAuthAuthentication, fields: dict[str, str], base_url: str = ""
) -> RegisteredClient:
    """Return the client that these connection fields describe.

    `base_url` is the account's own address where it has one: endpoints that stand at the definition's address move
    there too, so that a test system is never asked with another system's tokens.
    """
    usual = fill(definition.base_url, fields)

    def at(address: str) -> str:
        return moved(fill(address, fields), usual, base_url) if base_url else fill(address, fields)

    consent = declared if isinstance(declared, AuthorizationCodeAuthentication) else None
    return RegisteredClient(
        vendor=definition.label,
        grant_type="authorization_code" if consent else "client_credentials",
        token_url=at(declared.token_url),
        client_id=fill(declared.client_id, fields),
        client_secret=fill(declared.client_secret or "", fields),
        client_authentication=declared.client_authentication,
        scope=declared.scope_separator.join(declared.scopes),
        token_parameters=declared.token_parameters,
        authorization_url=at(consent.authorization_url) if consent else "",
        authorization_parameters=consent.authorization_parameters if consent else {},
        issuer=fill(consent.issuer or "", fields) if consent else "",
    )


def moved(address: str, usual: str, base_url: str) -> str:
    """Return an address at the account's own host where it stands at the definition's usual one."""
    if origin(address) != origin(usual):
        return address
    new, old = urlsplit(base_url), urlsplit(address)
    return urlunsplit((new.scheme, new.netloc, old.path, old.query, ""))


def origin(address: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an address; ("", "", 0) for what is none."""
    try:
        parts = urlsplit(address)
        return parts.scheme, (parts.hostname or "").lower(), parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        return "", "", 0


def endpoint_problem(address: str) -> str:
    """Return why an address cannot be an endpoint of an authorization server; empty when it can.

    RFC 6749, section 3.1 and 3.2: TLS is required. UPSTREAM_PRIVATE_HOSTS names exceptions.
    """
    problem = base_url_problem(address.partition("?")[0])
    if problem or not address:
        return problem or "Is missing."
    scheme, host, port = origin(address)
    if scheme != "https" and not is_excepted(host, port, settings.UPSTREAM_PRIVATE_HOSTS):
        return "Takes an address that begins with https://, since secrets go there."
    return ""
