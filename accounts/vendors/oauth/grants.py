"""The row of an account's tokens: look at it, take the lease to renew them, keep what the vendor answered.

A lease in the row, taken by one conditional UPDATE, is what keeps two processes from refreshing at once. It needs
nothing but the database, so that it holds with and without Redis, and it is the note, committed before the vendor is
asked, that a refresh is under way. All functions speak to the database.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.changes import ChangeKind, announce
from accounts.errors import AuthorizationUnavailable, ReauthenticationNeeded, TokenRefused
from accounts.models import IntegratedAccount, OAuthGrant
from accounts.token_sets import TokenSet
from accounts.vendors.oauth.client import RegisteredClient
from accounts.vendors.oauth.token_endpoint import token_seconds
from accounts.vendors.routes import approved_routes

ACTOR = "token refresh"
# The lease outlives the longest request for a token by so much, in seconds.
LEASE_RESERVE = 10.0
# A new token that is refused at once, like the one before it, is not the fault of its age.
AFTER_RENEWAL = timedelta(seconds=60)
# While somebody else renews, or renewing fails, a token that is still good is used, and the row looked at again after:
LOOK_AGAIN = timedelta(seconds=1)
LONGEST_BACKOFF = 60


@dataclass(frozen=True, slots=True)
class TokenCopy:
    """An access token as a process holds it, until `look_at`; None: until the vendor refuses it."""

    version: int
    access_token: str = field(repr=False)
    look_at: datetime | None
    # Only to know it where a vendor repeats it.
    refresh_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to renew the tokens of one version."""

    account_id: UUID
    holder: UUID
    version: int
    granted_at: datetime
    rejected: bool
    refresh_token: str = field(repr=False)


def lease_seconds() -> float:
    """Return how long a lease lasts that nobody gives back."""
    return token_seconds() + LEASE_RESERVE


def look(client: RegisteredClient, account_id: UUID, holder: UUID, rejected: int | None) -> TokenCopy | Lease | None:
    """Return a token that is good, or the lease to get one; None while somebody else has it.

    `rejected` is the version of a token that the vendor answered with 401, None where a token is merely asked for.
    Raises ReauthenticationNeeded, AuthorizationUnavailable, CredentialsUnreadable.
    """
    now = timezone.now()
    grant = _grant(client, account_id)
    if grant.refused_at is not None:
        raise ReauthenticationNeeded(grant.problem)
    refused = grant.version == rejected
    if refused and grant.renewed_at is not None and now < grant.renewed_at + AFTER_RENEWAL:
        return _copy(grant)
    if not refused and not grant.is_due(now):
        return _copy(grant)
    good = not refused and not grant.is_over(now)
    refresh_token = grant.read_tokens()[1]
    if client.needs_consent and not refresh_token:
        if good:
            return _copy(grant, grant.expires_at)
        problem = refuse(client, Lease(account_id, holder, grant.version, grant.created_at, refused, ""), None)
        if not problem:
            return None  # connected anew meanwhile
        raise ReauthenticationNeeded(problem)
    if grant.retry_at is not None and now < grant.retry_at:
        if good:
            return _copy(grant, grant.retry_at)
        raise AuthorizationUnavailable(f"{grant.problem}; it is asked again in a moment")
    if not grant.is_leased(now) and _take(grant, holder, now):
        return Lease(account_id, holder, grant.version, grant.created_at, refused, refresh_token)
    return _copy(grant, now + LOOK_AGAIN) if good else None


def _grant(client: RegisteredClient, account_id: UUID) -> OAuthGrant:
    # In one query: tokens of one moment must not be held against the routes of another.
    grant = OAuthGrant.objects.select_related("account").filter(pk=account_id).first()
    if grant is not None and not client.routes <= approved_routes(grant.account):
        raise AuthorizationUnavailable("the account was connected elsewhere meanwhile")
    if grant is None and not client.needs_consent and IntegratedAccount.objects.filter(pk=account_id).exists():
        # It was connected without a test, or its definition asked for another kind of authentication then.
        OAuthGrant.objects.get_or_create(pk=account_id)
        return _grant(client, account_id)
    if grant is None:
        raise ReauthenticationNeeded(f"nobody has consented at {client.vendor} yet")
    return grant


def _copy(grant: OAuthGrant, look_at: datetime | None = None) -> TokenCopy:
    access_token, refresh_token = grant.read_tokens()
    return TokenCopy(grant.version, access_token, look_at or grant.refresh_at, refresh_token)


def _take(grant: OAuthGrant, holder: UUID, now: datetime) -> bool:
    """Take the lease, unless somebody was faster; note a refresh that began and never ended."""
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    taken = OAuthGrant.objects.filter(free, pk=grant.pk, version=grant.version, refused_at=None).update(
        lease_holder=holder,
        lease_until=now + timedelta(seconds=lease_seconds()),
        refresh_began_at=now,
        interrupted_at=grant.interrupted_at or grant.refresh_began_at,
        updated_at=now,
    )
    return bool(taken)


def _leased(lease: Lease) -> QuerySet[OAuthGrant]:
    """Return the row that a lease was taken of; none where its tokens were replaced, or are gone and came anew."""
    return OAuthGrant.objects.filter(pk=lease.account_id, version=lease.version, created_at=lease.granted_at)


@transaction.atomic
def keep(lease: Lease, tokens: TokenSet) -> TokenCopy | None:
    """Save what the vendor gave; None when the tokens were replaced meanwhile, by whoever connected anew.

    It is the version that counts and not the lease: should the lease have run out, the vendor has answered all the
    same, and its newest answer is what it will accept.
    """
    grant = _leased(lease).select_for_update().first()
    if grant is None:
        return None
    now = timezone.now()
    grant.set_tokens(tokens, now)
    if lease.rejected:
        grant.renewed_at = now
    grant.save()
    return _copy(grant)


def fail(lease: Lease, problem: str, *, lost: bool) -> None:
    """Note that the vendor gave no new token now; `lost` tells that it may have given one that did not arrive."""
    now = timezone.now()
    mine = _leased(lease).filter(lease_holder=lease.holder)
    failures = mine.values_list("failures", flat=True).first() or 0
    noted: dict[str, object] = {"interrupted_at": now} if lost else {}
    mine.update(
        lease_holder=None,
        lease_until=None,
        refresh_began_at=None,
        failures=failures + 1,
        retry_at=now + timedelta(seconds=min(2**failures, LONGEST_BACKOFF)),
        problem=problem[:500],
        updated_at=now,
        **noted,
    )


def refuse(client: RegisteredClient, lease: Lease, refusal: TokenRefused | None) -> str:
    """Have the account connected again, since the vendor gives no token for it; return why.

    Noted once, and told to every process; whoever connected anew meanwhile is not disturbed.
    """
    now = timezone.now()
    with transaction.atomic():
        # The account before its grant, as whoever connects anew locks them.
        account = IntegratedAccount.objects.select_for_update().filter(pk=lease.account_id).first()
        grant = _leased(lease).select_for_update().first()
        if account is None or grant is None:
            return ""
        problem = _reason(client, grant, refusal)[:500]
        OAuthGrant.objects.filter(pk=grant.pk).update(
            lease_holder=None, lease_until=None, refresh_began_at=None, refused_at=now, problem=problem, updated_at=now
        )
        marked = IntegratedAccount.objects.filter(pk=account.pk, status=account.Status.ACTIVE).update(
            status=account.Status.NEEDS_REAUTH, revision=F("revision") + 1, updated_at=now
        )
        if marked:
            audit.record(ACTOR, "integrated_account.refused", account.audit_subject, {"reason": problem})
            announce(ChangeKind.ACCOUNT, account.pk)
    return problem


def _reason(client: RegisteredClient, grant: OAuthGrant, refusal: TokenRefused | None) -> str:
    if refusal is None:
        return f"{client.vendor}'s access token has ended, and it gave no refresh token to get another one with"
    if refusal.error in {"invalid_client", "unauthorized_client"}:
        return f"{client.vendor} does not accept the client's id and secret ({refusal})"
    if not client.needs_consent:
        return f"{client.vendor} gives the client no token ({refusal})"
    reason = f"{client.vendor} no longer accepts the refresh token ({refusal})"
    if grant.interrupted_at is not None:
        reason += (
            f". The outcome of a refresh on {grant.interrupted_at:%Y-%m-%d at %H:%M} UTC was lost on the way, "
            "so the vendor may have replaced the token then"
        )
    return reason


def store(account: IntegratedAccount, tokens: TokenSet) -> None:
    """Save the tokens of a connection that was just made, within the transaction that saves the account."""
    grant = OAuthGrant.objects.select_for_update().filter(pk=account.pk).first() or OAuthGrant(account=account)
    grant.tokens, grant.renewed_at, grant.refresh_expires_at = "", None, None  # nothing of before is kept
    grant.set_tokens(tokens, timezone.now())
    grant.save()


def forget(account: IntegratedAccount) -> None:
    """Delete the tokens of an account that goes elsewhere, within the transaction that moves it."""
    OAuthGrant.objects.filter(pk=account.pk).delete()


def ask_again(account_id: UUID) -> None:
    """Let the vendor be asked for tokens again although it refused them: a person wants to know."""
    OAuthGrant.objects.filter(pk=account_id).update(refused_at=None, retry_at=None)
