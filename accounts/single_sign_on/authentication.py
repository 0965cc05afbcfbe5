"""Send a person to their identity provider, and find out from its answer who they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from django.conf import settings

from accounts.errors import SignOnFailed
from accounts.single_sign_on.attempts import SignOnAttempt
from accounts.single_sign_on.metadata import ProviderMetadata, keys_of, metadata_of
from accounts.single_sign_on.providers import IdentityProvider
from accounts.single_sign_on.requests import TELL, ask

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MOST_GROUPS = 2000
ADDRESS = frozenset({"email", "email_verified"})
# How far the clocks of provider and Patchbay may differ.
PROVED_WITHIN_SECONDS = 60


@dataclass(frozen=True)
class VouchedIdentity:
    """Who a provider says that a person is. `issuer` and `subject` are the key; `email` is empty unless verified."""

    issuer: str
    subject: str
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    groups: frozenset[str] = frozenset()


def redirect_uri(provider: IdentityProvider) -> str:
    """Return the address that the provider sends people back to, one for each provider, so that answers cannot mix."""
    return f"{settings.PUBLIC_URL}/sign-in/with/{provider.name}/answer"


async def authorization_address(provider: IdentityProvider, attempt: SignOnAttempt) -> str:
    """Return the address that a person is sent to; raise SignOnFailed."""
    metadata = await metadata_of(provider)
    # Core 1.0, section 3.1.2.1.
    proof = {"prompt": "login", "max_age": "0"} if attempt.again else {}
    address: str = prepare_grant_uri(
        metadata.authorization_endpoint,
        client_id=provider.client_id,
        response_type="code",
        redirect_uri=redirect_uri(provider),
        scope=" ".join(provider.scopes),
        state=attempt.state,
        nonce=attempt.nonce,
        code_challenge=create_s256_code_challenge(attempt.verifier),
        code_challenge_method="S256",
        **proof,
    )
    return address


async def vouched_identity(
    provider: IdentityProvider, attempt: SignOnAttempt, answer: Mapping[str, str]
) -> VouchedIdentity:
    """Return who the person is, by a provider's answer whose state is the attempt's; raise SignOnFailed."""
    metadata = await metadata_of(provider)
    code = _code(provider, metadata, answer)
    tokens = await _exchange(provider, metadata, attempt, code)
    claims = await _claims(provider, metadata, attempt, tokens)
    if not claims.keys() >= ADDRESS:
        # An address of one answer must not be taken for verified by the other's word.
        claims = {name: value for name, value in claims.items() if name not in ADDRESS}
    # Some providers leave these out of an ID token that comes with an access token.
    if metadata.userinfo_endpoint and not claims.keys() >= {*ADDRESS, provider.groups_claim}:
        claims = {**await _userinfo(provider, metadata, tokens, claims["sub"]), **claims}
    return _identity(provider, claims)


def _code(provider: IdentityProvider, metadata: ProviderMetadata, answer: Mapping[str, str]) -> str:
    """Return the authorization code of an answer; raise SignOnFailed if there is none, or it is another issuer's."""
    issuer = answer.get("iss")
    if (issuer is not None or metadata.names_issuer) and issuer != provider.issuer:  # RFC 9207, section 2.4
        raise SignOnFailed(
            f"The answer did not come from {provider.label}, where you were sent. You are not signed in."
        )
    if answer.get("error") == "access_denied":
        raise SignOnFailed(f"{provider.label} did not let you in, or you cancelled there. You are not signed in.")
    code = answer.get("code", "")
    if not code or answer.get("error"):
        raise SignOnFailed(f"{provider.label} could not sign you in. Try again; if it stays so, {TELL}")
    return code


async def _exchange(
    provider: IdentityProvider, metadata: ProviderMetadata, attempt: SignOnAttempt, code: str
) -> dict[str, Any]:
    """Return what the token endpoint gives for a code (Core 1.0, section 3.1.3); raise SignOnFailed."""
    body = prepare_token_request(
        "authorization_code", code=code, redirect_uri=redirect_uri(provider), code_verifier=attempt.verifier
    )
    client = ClientAuth(provider.client_id, provider.client_secret.get_secret_value(), metadata.client_authentication)
    address, headers, body = client.prepare("POST", metadata.token_endpoint, dict(FORM), body)
    status, tokens = await ask(provider, "POST", address, headers=headers, body=body)
    if status != 200:
        raise SignOnFailed(
            f"{provider.label} did not accept its own answer, which may be used already. Start again; if it stays so, "
            f"{TELL}",
            is_passing=status >= 500,
        )
    return tokens


async def _claims(
    provider: IdentityProvider, metadata: ProviderMetadata, attempt: SignOnAttempt, tokens: dict[str, Any]
) -> dict[str, Any]:
    id_tokens = import_module("accounts.single_sign_on.id_tokens")
    expected = {
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "nonce": attempt.nonce,
        "access_token": str(tokens.get("access_token", "")),
    }
    try:
        try:
            claims = id_tokens.claims_of(tokens.get("id_token"), await keys_of(provider, metadata), **expected)
        except id_tokens.KeyUnknown:
            keys = await keys_of(provider, metadata, again=True)
            claims = id_tokens.claims_of(tokens.get("id_token"), keys, **expected)
    except id_tokens.TokenUnusable as problem:
        raise SignOnFailed(
            f"What {provider.label} says about you cannot be trusted: its ID token {problem}. You are not signed in; "
            f"{TELL}"
        ) from None
    _check_proof(provider, attempt, claims)
    return dict(claims)


def _check_proof(provider: IdentityProvider, attempt: SignOnAttempt, claims: dict[str, Any]) -> None:
    """Refuse a sign-in of before, where the person was to prove who they are anew; not all providers tell its time."""
    proved_at = claims.get("auth_time")
    if attempt.again and proved_at is not None and not proved_at >= attempt.began_at - PROVED_WITHIN_SECONDS:
        raise SignOnFailed(
            f"{provider.label} did not ask you to sign in anew. Sign out there, and then sign in here once more."
        )


async def _userinfo(
    provider: IdentityProvider, metadata: ProviderMetadata, tokens: dict[str, Any], subject: str
) -> dict[str, Any]:
    """Return more claims (Core 1.0, section 5.3); raise SignOnFailed."""
    token = str(tokens.get("access_token", ""))
    if not token or not token.isascii() or not token.isprintable():
        return {}
    status, claims = await ask(
        provider, "GET", metadata.userinfo_endpoint, headers={"Authorization": f"Bearer {token}"}
    )
    # Section 5.3.2: another subject's claims must not be used.
    if status != 200 or claims.get("sub") != subject:
        raise SignOnFailed(f"{provider.label} told nothing more about you (HTTP {status}). Try again, or {TELL}")
    return claims


def _identity(provider: IdentityProvider, claims: dict[str, Any]) -> VouchedIdentity:
    # Core 1.0, section 2: at most 255 ASCII characters.
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        raise SignOnFailed(f"{provider.label} names you in a way that cannot be kept. You are not signed in; {TELL}")
    email = _text(claims, "email", 254) if claims.get("email_verified") is True else ""
    return VouchedIdentity(
        issuer=provider.issuer,
        subject=subject,
        email=email if email.isascii() and email.count("@") == 1 else "",
        first_name=_text(claims, "given_name", 150),
        last_name=_text(claims, "family_name", 150),
        groups=_groups(claims.get(provider.groups_claim)),
    )


def _text(claims: dict[str, Any], name: str, longest: int) -> str:
    text = claims.get(name)
    return text.strip() if isinstance(text, str) and len(text) <= longest and text.isprintable() else ""


def _groups(claim: object) -> frozenset[str]:
    """Return the groups of a claim: a list, or one name by itself; those of any other form count as none."""
    names = [claim] if isinstance(claim, str) else claim if isinstance(claim, list) else []
    return frozenset(name for name in names[:MOST_GROUPS] if isinstance(name, str))
