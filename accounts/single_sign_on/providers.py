"""Identity providers as OIDC_PROVIDERS describes them: who may sign in with them, and which roles their groups give."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from django.conf import settings
from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError, field_validator

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
MOST_PROVIDERS = 20
Words = Annotated[str, Field(min_length=1, max_length=200)]


class ProvidersUnusable(ValueError):
    """OIDC_PROVIDERS cannot be used; the message continues a sentence that begins with its name, without secrets."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, str_strip_whitespace=True)


class RoleMapping(_Strict):
    """Gives the members of a provider's group a role in the environment of this name."""

    group: Words
    environment: Words
    role: Literal["viewer", "operator", "admin"]


class IdentityProvider(_Strict):
    """One identity provider, and Patchbay as its client.

    `email_domains` restricts sign-in to verified addresses of these domains; `create_people` lets it make people.
    """

    name: str
    label: Annotated[str, Field(min_length=1, max_length=60)]
    issuer: Annotated[str, Field(max_length=500)]
    client_id: Words
    client_secret: SecretStr = SecretStr("")
    scopes: tuple[Words, ...] = ("openid", "email", "profile")
    create_people: bool = False
    email_domains: tuple[Words, ...] = ()
    groups_claim: Words = "groups"
    roles: tuple[RoleMapping, ...] = ()

    @field_validator("name")
    @classmethod
    def _is_name(cls, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError("takes lower-case letters, digits and hyphens, at most 31, such as acme-okta")
        return name

    @field_validator("issuer")
    @classmethod
    def _is_issuer(cls, issuer: str) -> str:
        try:
            parts = urlsplit(issuer)
            usable = parts.port is None or parts.port > 0
        except ValueError:
            usable = False
        # OpenID Connect Discovery 1.0, section 3: no query and no fragment.
        if not usable or parts.scheme not in {"http", "https"} or not parts.hostname or set("?#@\\ ") & set(issuer):
            raise ValueError("takes the https address that the provider states as its issuer")
        return issuer

    @field_validator("scopes")
    @classmethod
    def _has_openid(cls, scopes: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in scopes or any(" " in scope for scope in scopes):
            raise ValueError("takes a list of scopes with openid among them")
        return scopes

    @field_validator("email_domains")
    @classmethod
    def _in_lower_case(cls, domains: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(domain.lower().removeprefix("@") for domain in domains)

    @property
    def actor(self) -> str:
        """The name under which its changes are in the audit record."""
        return f"single sign-on ({self.name})"


_ADAPTER = TypeAdapter(tuple[IdentityProvider, ...])


def read_providers(text: str, private_hosts: frozenset[str]) -> tuple[IdentityProvider, ...]:
    """Parse OIDC_PROVIDERS, a JSON list; raise ProvidersUnusable. `private_hosts` may be reached without HTTPS."""
    if not text:
        return ()
    try:
        providers = _ADAPTER.validate_json(text)
    except ValidationError as problem:
        raise ProvidersUnusable(_words(problem)) from None
    names = [each.name for each in providers]
    issuers = [each.issuer for each in providers]
    if len(set(names)) < len(names) or len(set(issuers)) < len(issuers) or len(names) > MOST_PROVIDERS:
        raise ProvidersUnusable(f"takes at most {MOST_PROVIDERS} providers, each with a name and an issuer of its own")
    for each in providers:
        if not _is_private(each.issuer, private_hosts) and not each.issuer.startswith("https://"):
            raise ProvidersUnusable(
                f"has an issuer without https for {each.name}, which only hosts in UPSTREAM_PRIVATE_HOSTS may have"
            )
    return providers


def _is_private(issuer: str, private_hosts: frozenset[str]) -> bool:
    parts = urlsplit(issuer)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return not private_hosts.isdisjoint({parts.hostname, f"{parts.hostname}:{port}"})


def _words(problem: ValidationError) -> str:
    """Return where the first fault is and what it is, without the value, which may be a secret."""
    first = problem.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(map(str, first["loc"]))
    reason = first["msg"].removeprefix("Value error, ")
    return f"is not a usable JSON list of providers: {f'{place}: ' if place else ''}{reason}"


def providers() -> tuple[IdentityProvider, ...]:
    """Return the providers that people may sign in with, in the order of the setting."""
    configured: tuple[IdentityProvider, ...] = settings.OIDC_PROVIDERS
    return configured


def provider_named(name: str) -> IdentityProvider | None:
    """Return the provider of this name; None if there is none."""
    return next((each for each in providers() if each.name == name), None)
