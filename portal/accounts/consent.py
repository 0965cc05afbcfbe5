"""Send a person to a vendor's consent page, and know the answer again when the browser brings it back.

What was begun is kept in the session, encrypted and bound to the person: what they typed, the state that the answer
must carry (RFC 6749, section 10.12), and the verifier of the code (RFC 7636). It is good for one answer within ten
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
from accounts.invisible import visible
from accounts.keyring import key_ring
from accounts.models import User
from accounts.vendors.addresses import origin
from accounts.vendors.concealment import SecretMask
from accounts.vendors.oauth.client import RegisteredClient
from accounts.vendors.routes import Place

CALLBACK = "/accounts/oauth/callback"
LIFETIME_SECONDS = 600
# In as many tabs may consents be under way; an older one is forgotten.
MOST_AT_ONCE = 5
BEGUN = "consents"
FAILED = "consent_failed"

# RFC 6749, section 4.1.2.1: what a refusal means, and what to do.
REFUSALS = {
    "access_denied": "Access was not granted there. Begin again, and choose to allow it; it may take an administrator "
    "of the vendor's account.",
    "invalid_scope": "It does not give the scopes that the integration asks for. Allow them for the client there, or "
    "have the integration's definition changed.",
    "unauthorized_client": "It does not let this client ask for consent. Check the client's settings there.",
    "invalid_request": "It did not understand the request. Check the client id, and that the redirect URI is "
    "registered there exactly as shown.",
    "unsupported_response_type": "It does not give authorization codes to this client. Check the client's type there.",
    "server_error": "It has a problem of its own. Try again in a few minutes.",
    "temporarily_unavailable": "It is overloaded or under maintenance. Try again in a few minutes.",
}


@dataclass(frozen=True)
class Consent:
    """A consent that was begun. `account_id` is that of an account which is connected again, else None.

    `given` names the fields that the person typed, `hidden` those that are secret; `routes` are where all of it goes.
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
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    @property
    def state(self) -> str:
        """What the vendor's answer must carry."""
        return f"{self.key}.{self.secret}"


@dataclass(frozen=True)
class FailedConsent:
    """What is shown on the page where a person begins again: why, and what they had typed, without secrets."""

    reason: str
    name: str
    fields: dict[str, str]
    base_url: str


def redirect_uri() -> str:
    """Return the address that vendors send people back to; they compare it to the letter."""
    return f"{settings.PUBLIC_URL}{CALLBACK}"


def authorization_url(client: RegisteredClient, consent: Consent) -> str:
    """Return the address of the vendor's consent page for this consent."""
    parameters = {
        "code_challenge": create_s256_code_challenge(consent.verifier),
        "code_challenge_method": "S256",
    }
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
    """Keep a consent in the session until its answer comes."""
    begun: dict[str, str] = session.get(BEGUN, {})
    while len(begun) >= MOST_AT_ONCE:
        begun.pop(next(iter(begun)))
    text = json.dumps(asdict(consent), default=str)
    begun[consent.key] = key_ring().encrypt(text, context=_context(user, consent.key))
    session[BEGUN] = begun


def begun(session: SessionBase, user: User, key: str) -> Consent | None:
    """Return a consent that this person began in this session; None when it is over, or there is none."""
    sealed = session.get(BEGUN, {}).get(key)
    if sealed is None:
        return None
    try:
        told: dict[str, Any] = json.loads(key_ring().decrypt(sealed, context=_context(user, key)))
    except CredentialsUnreadable:
        return None
    if not 0 <= time.time() - told["began_at"] < LIFETIME_SECONDS:
        return None
    account_id = UUID(told["account_id"]) if told["account_id"] else None
    return Consent(**{**told, "environment_id": UUID(told["environment_id"]), "account_id": account_id})


def take(session: SessionBase, user: User, state: str) -> Consent | None:
    """Return the consent that an answer with this state belongs to, once."""
    key = state.partition(".")[0]
    consent = begun(session, user, key)
    if consent is None or not secrets.compare_digest(consent.state.encode(), state.encode()):
        return None
    session[BEGUN] = {other: sealed for other, sealed in session[BEGUN].items() if other != key}
    return consent


def read_answer(client: RegisteredClient, answer: Mapping[str, str]) -> str:
    """Return the authorization code in a vendor's answer; raise ConsentFailed."""
    _check_issuer(client, answer.get("iss"))
    error = answer.get("error")
    if error:
        means = REFUSALS.get(error, "Try again; if it stays so, ask who runs it what this means.")
        told = SecretMask((client.client_secret,)).conceal(answer.get("error_description", ""))
        words = " ".join(visible(told).split())[:300].rstrip(".")
        said = f" It said: “{words}”." if words else ""
        raise ConsentFailed(f"{client.vendor} refused: {_shown(error)}. {means}{said}")
    code = answer.get("code", "")
    if not code:
        raise ConsentFailed(f"{client.vendor} sent you back without an authorization code. Begin again.")
    return code


def _check_issuer(client: RegisteredClient, issuer: str | None) -> None:
    """Refuse an answer that another authorization server than the one that was asked put its name to (RFC 9207)."""
    if issuer is None:
        return
    known = issuer == client.issuer if client.issuer else origin(issuer) == origin(client.authorization_url)
    if not known:
        raise ConsentFailed(
            f"The answer came from {_shown(issuer)}, which is not where you were sent. Nothing was connected. Begin "
            "again; if it stays so, the integration's definition must name the issuer."
        )


def _shown(text: str) -> str:
    return f"“{text[:100]}”" if text.isprintable() else "something unreadable"


def _context(user: User, key: str) -> str:
    return f"consent:{user.pk}:{key}"


def note_failure(session: SessionBase, page: str, failed: FailedConsent) -> None:
    """Keep what the page at this address shows next."""
    session[FAILED] = {"page": page, **asdict(failed)}


def take_failure(session: SessionBase, page: str) -> FailedConsent | None:
    """Return what failed, once, on its page."""
    noted: dict[str, Any] | None = session.get(FAILED)
    if noted is None or noted.get("page") != page:
        return None
    del session[FAILED]
    return FailedConsent(**{name: value for name, value in noted.items() if name != "page"})
