"""The row of an account's tokens: read it, take the lease to renew them, save the vendor's answer.

A lease in the row, taken by one conditional UPDATE, keeps two processes from refreshing at once. It needs only the
database, so it works with and without Redis, and it records, committed before the vendor is asked, that a refresh is
under way. All functions use the database.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.errors import AuthorizationUnavailable, ReauthenticationNeeded, TokenRefused
from accounts.models import IntegratedAccount, OAuthGrant
from accounts.notices import Party, tell_refused
from accounts.token_sets import TokenSet
from accounts.vendors.oauth.client import ClientAtVendor
from accounts.vendors.oauth.token_endpoint import token_seconds
from accounts.vendors.routes import approved_routes

ACTOR = "token refresh"
# How many seconds the lease outlives the longest request for a token.
LEASE_RESERVE = 10.0
# If a new token is refused this soon, like the previous one, its age is not the cause.
AFTER_RENEWAL = timedelta(seconds=60)
# While another process renews, a token that is still valid is used, and the row read again after this time.
LOOK_AGAIN = timedelta(seconds=1)
LONGEST_BACKOFF = 60


@dataclass(frozen=True, slots=True)
class TokenCopy:
    """A process's copy of an access token, used until `look_at`; None means until the vendor refuses it."""

    version: int
    access_token: str = field(repr=False)
    look_at: datetime | None
    # Only so that it can be masked in answers.
    refresh_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Lease:
    """The exclusive right to renew one version of an account's tokens, until it runs out."""

    account_id: UUID
    holder: UUID
    version: int
    granted_at: datetime
    rejected: bool
    refresh_token: str = field(repr=False)


def lease_seconds() -> float:
    """Return after how many seconds a lease runs out if its holder does not end it."""
    return token_seconds() + LEASE_RESERVE


def look(client: ClientAtVendor, account_id: UUID, holder: UUID, rejected: int | None) -> TokenCopy | Lease | None:
    """Return a valid token, or the lease to get one; None while another holder has the lease.

    `rejected` is the version of a token that the vendor answered with 401, None if no token was refused.
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
            return None  # reconnected meanwhile
        raise ReauthenticationNeeded(problem)
    if grant.retry_at is not None and now < grant.retry_at:
        if good:
            return _copy(grant, grant.retry_at)
        raise AuthorizationUnavailable(f"{grant.problem}; it is asked again in a moment")
    if not grant.is_leased(now) and _take(grant, holder, now):
        return Lease(account_id, holder, grant.version, grant.created_at, refused, refresh_token)
    return _copy(grant, now + LOOK_AGAIN) if good else None


def _grant(client: ClientAtVendor, account_id: UUID) -> OAuthGrant:
    # In one query, so that tokens and routes are from the same moment.
    grant = OAuthGrant.objects.select_related("account").filter(pk=account_id).first()
    if grant is not None and not client.routes <= approved_routes(grant.account):
        raise AuthorizationUnavailable("the account was connected elsewhere meanwhile")
    if grant is None and not client.needs_consent and IntegratedAccount.objects.filter(pk=account_id).exists():
        # It was connected without a test, or under a definition with another kind of authentication.
        OAuthGrant.objects.get_or_create(pk=account_id)
        return _grant(client, account_id)
    if grant is None:
        raise ReauthenticationNeeded(f"nobody has consented at {client.vendor} yet")
    return grant


def _copy(grant: OAuthGrant, look_at: datetime | None = None) -> TokenCopy:
    access_token, refresh_token = grant.read_tokens()
    return TokenCopy(grant.version, access_token, look_at or grant.refresh_at, refresh_token)


def _take(grant: OAuthGrant, holder: UUID, now: datetime) -> bool:
    """Take the lease unless another holder was faster; note a previous refresh that never ended as interrupted."""
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
    """Return the row of a lease; empty if its tokens were replaced, or deleted and stored anew."""
    return OAuthGrant.objects.filter(pk=lease.account_id, version=lease.version, created_at=lease.granted_at)


@transaction.atomic
def keep(lease: Lease, tokens: TokenSet) -> TokenCopy | None:
    """Save the vendor's tokens; return None if a reconnection has replaced the row's tokens meanwhile.

    The version decides, not the lease: even if the lease has run out, the vendor has answered, and it will accept only
    its newest answer.
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
    """Note that the vendor gave no new token; `lost` says that it may have issued one that did not arrive."""
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


def refuse(client: ClientAtVendor, lease: Lease, refusal: TokenRefused | None) -> str:
    """Mark the account as needing reconnection, since the vendor refuses it a token; return why.

    This is recorded and told once, and announced to every process. An account that was reconnected meanwhile is left
    unchanged, and the result is empty.
    """
    now = timezone.now()
    with transaction.atomic():
        # Locks the account before its grant, in the order of a reconnection.
        account = IntegratedAccount.objects.select_for_update().filter(pk=lease.account_id).first()
        grant = _leased(lease).select_for_update().first()
        if account is None or grant is None:
            return ""
        problem = _reason(client, grant, refusal)[:500]
        OAuthGrant.objects.filter(pk=grant.pk).update(
            lease_holder=None, lease_until=None, refresh_began_at=None, refused_at=now, problem=problem, updated_at=now
        )
        marked = IntegratedAccount.objects.filter(pk=account.pk, status=account.Status.ACTIVE).update(
            status=account.Status.NEEDS_REAUTH
        )
        if marked:
            audit.record(ACTOR, "integrated_account.refused", account.audit_subject, {"reason": problem})
            party = Party(account.pk, account.name, client.vendor)
            transaction.on_commit(lambda: tell_refused(party, problem))
    return problem


def _reason(client: ClientAtVendor, grant: OAuthGrant, refusal: TokenRefused | None) -> str:
    if refusal is None:
        return f"{client.vendor}'s access token has expired, and it issued no refresh token to get another one with"
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
    """Save the tokens of a new connection, within the transaction that saves the account."""
    grant = OAuthGrant.objects.select_for_update().filter(pk=account.pk).first() or OAuthGrant(account=account)
    grant.tokens, grant.renewed_at, grant.refresh_expires_at = "", None, None  # keep nothing of the previous connection
    grant.set_tokens(tokens, timezone.now())
    grant.save()


def forget(account: IntegratedAccount) -> None:
    """Delete the tokens of an account that moves elsewhere, within the transaction that moves it."""
    OAuthGrant.objects.filter(pk=account.pk).delete()


def ask_again(account: IntegratedAccount) -> None:
    """Allow another request for tokens, at a person's wish, although the vendor refused the last one."""
    OAuthGrant.objects.filter(pk=account.pk).update(refused_at=None, retry_at=None)
    # A row that was loaded before still tells of the refusal.
    account._state.fields_cache.pop("grant", None)
