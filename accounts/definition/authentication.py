"""The kinds of authentication that a definition can declare.

Templates contain {placeholders} for connection fields; accounts/vendors/authentication.py applies each kind.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from accounts.definition.parts import DefinitionPart, HeaderName, Parameter, Template, WebAddress

MAX_KEYS = 5


class AuthenticationPart(DefinitionPart):
    """What every kind declares: its templates, and the headers and parameters that it sets."""

    @property
    def templates(self) -> dict[str, str]:
        """The texts to fill from connection fields, by their path in the definition."""
        raise NotImplementedError

    @property
    def header_names(self) -> frozenset[str]:
        """The request headers that carry credentials, in lower case."""
        return frozenset({"authorization"})

    @property
    def query_names(self) -> frozenset[str]:
        """The query parameters that carry credentials."""
        return frozenset()


class ApiKey(AuthenticationPart):
    """An API key: the header or query parameter that carries it, and the value sent there."""

    header: HeaderName | None = None
    query: Parameter | None = None
    value: Template

    @model_validator(mode="after")
    def _one_place(self) -> "ApiKey":
        if (self.header is None) == (self.query is None):
            raise ValueError("an API key goes into a header or into the query: name one of `header` and `query`")
        return self

    @property
    def templates(self) -> dict[str, str]:
        return {"value": self.value}

    @property
    def header_names(self) -> frozenset[str]:
        return frozenset() if self.header is None else frozenset({self.header.lower()})

    @property
    def query_names(self) -> frozenset[str]:
        return frozenset() if self.query is None else frozenset({self.query})


class ApiKeyAuthentication(ApiKey):
    """An API key in a request header or in the query."""

    kind: Literal["api_key"]


class ApiKeysAuthentication(AuthenticationPart):
    """Several API keys on each request, such as one for the organisation and one for the application."""

    kind: Literal["api_keys"]
    keys: list[ApiKey] = Field(min_length=2, max_length=MAX_KEYS)

    @model_validator(mode="after")
    def _places_differ(self) -> "ApiKeysAuthentication":
        if len(self.header_names) + len(self.query_names) < len(self.keys):
            raise ValueError("two keys go into the same place")
        return self

    @property
    def templates(self) -> dict[str, str]:
        return {f"keys.{place}.value": key.value for place, key in enumerate(self.keys)}

    @property
    def header_names(self) -> frozenset[str]:
        return frozenset().union(*(key.header_names for key in self.keys))

    @property
    def query_names(self) -> frozenset[str]:
        return frozenset().union(*(key.query_names for key in self.keys))


class BearerAuthentication(AuthenticationPart):
    """A token without expiry, sent as `Authorization: Bearer` (RFC 6750)."""

    kind: Literal["bearer"]
    token: Template

    @property
    def templates(self) -> dict[str, str]:
        return {"token": self.token}


class BasicAuthentication(AuthenticationPart):
    """A user name and password, sent as `Authorization: Basic` (RFC 7617); often one of them is an API key."""

    kind: Literal["basic"]
    username: Template
    password: Template

    @property
    def templates(self) -> dict[str, str]:
        return {"username": self.username, "password": self.password}


class OAuthClient(AuthenticationPart):
    """What both OAuth 2.0 grants share: the token endpoint, and Patchbay's client there."""

    token_url: WebAddress
    client_id: Template
    client_secret: Template | None = None
    client_authentication: Literal["basic", "post", "none"] = Field(
        "basic", description="How the client identifies itself at the token endpoint (RFC 6749, section 2.3.1)."
    )
    scopes: list[str] = Field(default_factory=list, max_length=100)
    scope_separator: Literal[" ", ","] = " "
    token_parameters: dict[str, str] = Field(
        default_factory=dict, description="Further parameters of each token request, such as an audience."
    )

    @model_validator(mode="after")
    def _secret_where_needed(self) -> "OAuthClient":
        if self.client_secret is None and self.client_authentication != "none":
            raise ValueError("client_secret: is missing; only client_authentication: none works without one")
        return self

    @property
    def templates(self) -> dict[str, str]:
        return {"token_url": self.token_url, "client_id": self.client_id, "client_secret": self.client_secret or ""}


class AuthorizationCodeAuthentication(OAuthClient):
    """OAuth 2.0 authorization code with PKCE (RFC 6749, RFC 7636): a person consents at the vendor."""

    kind: Literal["oauth2_authorization_code"]
    authorization_url: WebAddress
    authorization_parameters: dict[str, str] = Field(
        default_factory=dict, description="Further parameters of the consent page's address, such as access_type."
    )
    issuer: WebAddress | None = Field(
        default=None, description="The vendor's issuer identifier (RFC 9207), if it is on another host."
    )

    @property
    def templates(self) -> dict[str, str]:
        return {
            **super().templates,
            "authorization_url": self.authorization_url,
            "issuer": self.issuer or "",
        }


class ClientCredentialsAuthentication(OAuthClient):
    """OAuth 2.0 client credentials (RFC 6749, section 4.4): the account's own client, without a person."""

    kind: Literal["oauth2_client_credentials"]


OAuthAuthentication = AuthorizationCodeAuthentication | ClientCredentialsAuthentication

Authentication = Annotated[
    ApiKeyAuthentication
    | ApiKeysAuthentication
    | BearerAuthentication
    | BasicAuthentication
    | AuthorizationCodeAuthentication
    | ClientCredentialsAuthentication,
    Field(discriminator="kind"),
]
