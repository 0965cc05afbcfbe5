"""Patchbay as an OAuth 2.0 client registered at a vendor, with every placeholder of the definition filled."""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from accounts.definition import (
    AuthorizationCodeAuthentication,
    Definition,
    OAuthAuthentication,
)
from accounts.vendors.addresses import CLEAR, base_url_problem, goes_in_the_clear, origin
from accounts.vendors.authentication import fill
from accounts.vendors.routes import SecretRoute


@dataclass(frozen=True)
class ClientAtVendor:
    """One client at one authorization server; `authorization_url` is empty if no consent is needed."""

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
    # The routes that a connection was made with; an account that has moved since gives it no tokens.
    routes: frozenset[SecretRoute] = frozenset()

    @property
    def needs_consent(self) -> bool:
        """Whether first tokens require a person's consent, and so cannot be replaced without it."""
        return self.grant_type == "authorization_code"


def registered_client(
    definition: Definition, declared: OAuthAuthentication, fields: dict[str, str], base_url: str = ""
) -> ClientAtVendor:
    """Return the client that these connection fields describe.

    `base_url` is the account's own address, if it has one: endpoints at the definition's address move there too, so
    that a test system never receives another system's tokens.
    """
    usual = fill(definition.base_url, fields)

    def at(address: str) -> str:
        return moved(fill(address, fields), usual, base_url) if base_url else fill(address, fields)

    consent = declared if isinstance(declared, AuthorizationCodeAuthentication) else None
    return ClientAtVendor(
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
    """Return an address moved to the account's own host if it is at the definition's usual one."""
    here = origin(address)
    # The fields may have made an invalid address, which is reported by the code that checks it.
    if here != origin(usual) or not here[1]:
        return address
    new, old = urlsplit(base_url), urlsplit(address)
    return urlunsplit((new.scheme, new.netloc, old.path, old.query, ""))


def endpoint_problem(address: str) -> str:
    """Return why an address cannot be an endpoint of an authorization server; empty if it can.

    RFC 6749, sections 3.1 and 3.2: TLS is required. UPSTREAM_PRIVATE_HOSTS names exceptions.
    """
    problem = base_url_problem(address.partition("?")[0]) if address else "Is missing."
    return problem or (CLEAR if goes_in_the_clear(address) else "")
