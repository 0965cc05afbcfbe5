"""Send a user to a vendor's consent page, and match the vendor's answer to the pending consent.

A pending consent is kept in the session, encrypted and bound to the user: the fields they typed, the state that the
answer must carry (RFC 6749, section 10.12), and the code verifier (RFC 7636). It is good for one answer within ten
minutes.
"""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from accounts.errors import ConsentFailed, CredentialsUnreadable
from accounts.keyring import key_ring
from accounts.models import User
from accounts.texts.invisible import visible
from accounts.vendors.addresses import origin
from accounts.vendors.concealment import SecretMask
from accounts.vendors.oauth.client import ClientAtVendor
from accounts.vendors.routes import Place

CALLBACK = "/accounts/oauth/callback"
LIFETIME_SECONDS = 600
# One for each open tab; beginning another forgets the oldest.
MOST_AT_ONCE = 5
BEGUN = "consents"
FAILED = "consent_failed"

# RFC 6749, section 4.1.2.1: what each error code means, and what to do.
REFUSALS = {
    "access_denied": "Access was not granted there. Start again, and choose to allow it; it may need an administrator "
    "of the vendor's account.",
    "invalid_scope": "It does not grant the scopes that the integration asks for. Allow them for the client there, or "
    "have the integration's definition changed.",
    "unauthorized_client": "It does not let this client ask for consent. Check the client's settings there.",
    "invalid_request": "It did not understand the request. Check the client id, and that the redirect URI is "
    "registered there exactly as shown.",
    "unsupported_response_type": "It does not issue authorization codes to this client. Check the client's type there.",
    "server_error": "It has a problem of its own. Try again in a few minutes.",
    "temporarily_unavailable": "It is overloaded or under maintenance. Try again in a few minutes.",
}


@dataclass(frozen=True)
class Consent:
    """A pending consent. `account_id` is set when an existing account is reconnected.

    `given` names the fields that the user typed, `hidden` the secret ones; `routes` says where each secret is sent.
    """

    integration: str
    environment_id: UUID
    account_id: UUID | None
    name: str
    fields: dict[str, str] = field(repr=False)
    base_url: str
    given: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    routes: tuple[tuple[str, Place, str], ...] = ()
    began_at: float = field(default_factory=time.time)
    key: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    # 64 characters; RFC 7636, section 4.1 requires 43 to 128.
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    @property
    def state(self) -> str:
        """The state that the vendor's answer must carry."""
        return f"{self.key}.{self.secret}"


@dataclass(frozen=True)
class FailedConsent:
    """A failed consent, for the page where the user starts again: the reason and what they typed, without secrets."""

    reason: str
    name: str
    fields: dict[str, str]
    base_url: str


def redirect_uri() -> str:
    """Return the URL that vendors redirect back to; they compare it character by character."""
    return f"{settings.PUBLIC_URL}{CALLBACK}"


def authorization_url(client: ClientAtVendor, consent: Consent) -> str:
    """Return the URL of the vendor's consent page, with the parameters of this consent."""
    parameters = {
        "code_challenge": create_s256_code_challenge(consent.verifier),
        "code_challenge_method": "S256",
    }
    # A definition's extra parameters must not replace the state, the redirect URI or the PKCE challenge.
    extra = {name: value for name, value in client.authorization_parameters.items() if name not in parameters}
    reserved = {"client_id", "redirect_uri", "response_type", "scope", "state"}
    address: str = prepare_grant_uri(
        client.authorization_url,
        client_id=client.client_id,
        response_type="code",
        redirect_uri=redirect_uri(),
        scope=client.scope or None,
        state=consent.state,
        **parameters,
        **{name: value for name, value in extra.items() if name not in reserved},
    )
    return address


def begin(session: SessionBase, user: User, consent: Consent) -> None:
    """Keep a consent in the session until its answer arrives."""
    begun: dict[str, str] = session.get(BEGUN, {})
    while len(begun) >= MOST_AT_ONCE:
        begun.pop(next(iter(begun)))
    text = json.dumps(asdict(consent), default=str)
    begun[consent.key] = key_ring().encrypt(text, context=_context(user, consent.key))
    # Django saves the session on assignment; changing the dictionary in place is not noticed.
    session[BEGUN] = begun


def begun(session: SessionBase, user: User, key: str) -> Consent | None:
    """Return a consent that this user began in this session; None if it has expired or there is none."""
    sealed = session.get(BEGUN, {}).get(key)
    if sealed is None:
        return None
    try:
        stored: dict[str, Any] = json.loads(key_ring().decrypt(sealed, context=_context(user, key)))
    except CredentialsUnreadable:
        return None  # begun by another user, or its key is no longer in CREDENTIAL_KEYS
    if not 0 <= time.time() - stored["began_at"] < LIFETIME_SECONDS:
        return None
    account_id = UUID(stored["account_id"]) if stored["account_id"] else None
    return Consent(**{**stored, "environment_id": UUID(stored["environment_id"]), "account_id": account_id})


def take(session: SessionBase, user: User, state: str) -> Consent | None:
    """Remove and return the consent that an answer with this state belongs to."""
    key = state.partition(".")[0]
    consent = begun(session, user, key)
    # As bytes: compare_digest() refuses non-ASCII strings, and the state comes from the query string.
    if consent is None or not secrets.compare_digest(consent.state.encode(), state.encode()):
        return None
    # Removed before its code is exchanged, so that a second answer with this state is refused.
    session[BEGUN] = {other: sealed for other, sealed in session[BEGUN].items() if other != key}
    return consent


def read_answer(client: ClientAtVendor, answer: Mapping[str, str]) -> str:
    """Return the authorization code in a vendor's answer; raise ConsentFailed if there is none to trust."""
    _check_issuer(client, answer.get("iss"))
    error = answer.get("error")
    if error:
        advice = REFUSALS.get(error, "Try again; if it happens again, ask the vendor's support what this means.")
        # The vendor's own text: it may quote the secret, contain control characters or be of any length.
        description = SecretMask((client.client_secret,)).conceal(answer.get("error_description", ""))
        words = " ".join(visible(description).split())[:300].rstrip(".")
        quote = f" It said: “{words}”." if words else ""
        raise ConsentFailed(f"{client.vendor} refused: {_quoted(error)}. {advice}{quote}")
    code = answer.get("code", "")
    if not code:
        raise ConsentFailed(f"{client.vendor} sent you back without an authorization code. Start again.")
    return code


def _check_issuer(client: ClientAtVendor, issuer: str | None) -> None:
    """Refuse an answer whose issuer is not the authorization server that was asked (RFC 9207)."""
    if issuer is None:
        return  # a vendor without RFC 9207 names no issuer
    known = issuer == client.issuer if client.issuer else origin(issuer) == origin(client.authorization_url)
    if not known:
        raise ConsentFailed(
            f"The answer came from {_quoted(issuer)}, which is not where you were sent. Nothing was connected. Start "
            "again; if it happens again, the integration's definition must name the issuer."
        )


def _quoted(text: str) -> str:
    return f"“{text[:100]}”" if text.isprintable() else "something unreadable"


def _context(user: User, key: str) -> str:
    return f"consent:{user.pk}:{key}"


def note_failure(session: SessionBase, page: str, failed: FailedConsent) -> None:
    """Keep a failure until the page at this path shows it."""
    session[FAILED] = {"page": page, **asdict(failed)}


def take_failure(session: SessionBase, page: str) -> FailedConsent | None:
    """Remove and return the failure that is kept for this page."""
    noted: dict[str, Any] | None = session.get(FAILED)
    if noted is None or noted.get("page") != page:
        return None
    del session[FAILED]
    return FailedConsent(**{name: value for name, value in noted.items() if name != "page"})
