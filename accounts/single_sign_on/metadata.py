"""What identity providers publish about themselves: endpoints and keys, kept for a few minutes in each process."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from cachetools import TTLCache

from accounts.errors import SignOnFailed
from accounts.single_sign_on.providers import MOST_PROVIDERS, IdentityProvider
from accounts.single_sign_on.requests import AGAIN, TELL, ask
from accounts.vendors.oauth.client import endpoint_problem

KEPT_SECONDS = 600
# Unknown keys make a process ask for new ones no more often than this.
KEYS_AGAIN_SECONDS = 30
# Asymmetric ones only: with a symmetric one the client's secret would sign, and `none` signs nothing.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")


@dataclass(frozen=True)
class ProviderMetadata:
    """A provider's metadata (OpenID Connect Discovery 1.0, section 3), as far as it is used.

    `names_issuer` says that its answers carry `iss` (RFC 9207).
    """

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    client_authentication: str
    names_issuer: bool


@dataclass
class _Keys:
    document: dict[str, Any]
    asked_at: float = field(default_factory=time.time)


_metadata: TTLCache[str, ProviderMetadata] = TTLCache(MOST_PROVIDERS, KEPT_SECONDS)
_keys: TTLCache[str, _Keys] = TTLCache(MOST_PROVIDERS, KEPT_SECONDS)
_lock = threading.Lock()


async def metadata_of(provider: IdentityProvider) -> ProviderMetadata:
    """Return a provider's metadata; raise SignOnFailed."""
    with _lock:
        kept = _metadata.get(provider.issuer)
    if kept is not None:
        return kept
    # OpenID Connect Discovery 1.0, section 4.1: appended to the issuer, path included.
    status, document = await ask(provider, "GET", f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    read = _read(provider, status, document)
    with _lock:
        _metadata[provider.issuer] = read
    return read


async def keys_of(provider: IdentityProvider, metadata: ProviderMetadata, *, again: bool = False) -> dict[str, Any]:
    """Return a provider's key set (RFC 7517), with `again` a newer one if it is old enough; raise SignOnFailed."""
    with _lock:
        kept = _keys.get(provider.issuer)
    if kept is not None and not (again and time.time() - kept.asked_at > KEYS_AGAIN_SECONDS):
        return kept.document
    status, document = await ask(provider, "GET", metadata.jwks_uri)
    if status != 200 or not isinstance(document.get("keys"), list):
        raise SignOnFailed(f"{provider.label} published no keys to check its word with (HTTP {status}). {AGAIN}")
    with _lock:
        _keys[provider.issuer] = _Keys(document)
    return document


def _read(provider: IdentityProvider, status: int, document: dict[str, Any]) -> ProviderMetadata:
    if status != 200:
        raise SignOnFailed(f"{provider.label} does not say how to sign in (HTTP {status}). {AGAIN}")
    # OpenID Connect Discovery 1.0, section 4.3: compared character by character.
    if document.get("issuer") != provider.issuer:
        raise SignOnFailed(
            f"{provider.label} calls itself by another issuer than OIDC_PROVIDERS does. Nobody is signed in with it "
            "until the person who runs Patchbay has corrected that."
        )
    return ProviderMetadata(
        authorization_endpoint=_endpoint(provider, document.get("authorization_endpoint")),
        token_endpoint=_endpoint(provider, document.get("token_endpoint")),
        jwks_uri=_endpoint(provider, document.get("jwks_uri")),
        userinfo_endpoint=_endpoint(provider, userinfo) if (userinfo := document.get("userinfo_endpoint")) else "",
        client_authentication=_client_authentication(provider, document),
        names_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(provider: IdentityProvider, address: object) -> str:
    if not isinstance(address, str) or endpoint_problem(address):
        raise SignOnFailed(f"{provider.label} names endpoints that cannot be used. {TELL.capitalize()}")
    return address


def _client_authentication(provider: IdentityProvider, document: dict[str, Any]) -> str:
    if not provider.client_secret.get_secret_value():
        return "none"
    # OpenID Connect Discovery 1.0, section 3: client_secret_basic where nothing is said.
    offered = document.get("token_endpoint_auth_methods_supported")
    takes_basic = not isinstance(offered, list) or "client_secret_basic" in offered
    return "client_secret_basic" if takes_basic else "client_secret_post"
