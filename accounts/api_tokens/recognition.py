"""Recognise API tokens: find the row of a live one, and record when it was last used.

A token's rights are computed from its owner's membership at each look-up, so a missed notification is harmless: a
change takes effect at the next request over REST, and within a second elsewhere.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.utils import timezone

from accounts import tokens
from accounts.caches.freshness import FreshCache
from accounts.changes import Change, ChangeKind, subscribe
from accounts.database.asides import note_aside
from accounts.database.threads import look_up
from accounts.errors import AddressRefused
from accounts.models import ApiToken, Role
from accounts.notices import Notice, Troubles
from accounts.web.client_address import noted_address
from accounts.web.networks import address_of, holds

USE_NOTED_EVERY = timedelta(minutes=1)
# The longest chain of tokens, each issued by the previous one.
MOST_GENERATIONS = 5

_elsewhere = Troubles(Notice.TOKEN_ELSEWHERE)


def find_api_token(value: str, address: str) -> ApiToken | None:
    """Return the live token with this value, or None; record its use at most once a minute.

    `address` is the client's. Raises AddressRefused for a live token that may not be used from there.
    """
    # The checksum saves a query for mistyped and made-up tokens.
    if not tokens.is_well_formed(value, tokens.API_PREFIX):
        return None
    row = ApiToken.objects.live().with_owners().filter(digest=tokens.digest(value)).first()
    if row is None or not comes_from_live(row):
        return None
    seen = address_of(address)
    if row.networks and not holds(row.networks, seen):
        _tell_elsewhere(row, address)
        raise AddressRefused(str(seen or "an unknown address"))
    now = timezone.now()
    if row.last_used_at is None or now - row.last_used_at > USE_NOTED_EVERY:
        noted = str(seen) if seen else None
        used = ApiToken.objects.filter(pk=row.pk)
        note_aside(partial(used.update, last_used_at=now, last_used_address=noted))
    return row


def _tell_elsewhere(row: ApiToken, address: str) -> None:
    """Tell of a token that may have leaked: it was sent from outside its networks."""
    client = noted_address(address) or "-"
    sentence = "An API token was refused: it was sent from outside its networks."
    _elsewhere.happened((row.pk, client), sentence, {"token_id": str(row.pk), "client": client})


def comes_from_live(row: ApiToken) -> bool:
    """Return whether all ancestors of a token are live; a revoked one ends its descendants."""
    parent_id = row.parent_id
    for _ in range(MOST_GENERATIONS - 1):
        if parent_id is None:
            return True
        parent = ApiToken.objects.live().filter(pk=parent_id).first()
        if parent is None:
            return False
        parent_id = parent.parent_id
    return parent_id is None


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """The environment and role that a live API token grants, and whom it acts for, if it is personal."""

    token_id: UUID
    environment_id: UUID
    role: Role
    expires_at: datetime | None
    owner_id: int | None = None
    owner_name: str = ""

    def may(self, role: Role) -> bool:
        return self.role.includes(role)

    def is_over(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


def _granted(value: str, address: str) -> TokenGrant | None:
    row = find_api_token(value, address)
    role = row.present_role if row else None
    if row is None or role is None:
        return None
    return TokenGrant(row.pk, row.environment_id, role, row.expires_at, row.owner_id, row.owner_name)


async def _load(use: tuple[str, str], _before: TokenGrant | None) -> TokenGrant | None:
    return await look_up(_granted, *use)


# Keyed by value and address: a cached grant for one address must not admit the token from another.
_grants: FreshCache[tuple[str, str], TokenGrant] = FreshCache(_load, name="token")


async def grant_of(value: str, address: str) -> TokenGrant | None:
    """Return what a token grants, or None; query the database at most once a second for each token and address.

    Raises AddressRefused as `find_api_token` does.
    """
    if not tokens.is_well_formed(value, tokens.API_PREFIX):
        return None
    grant = await _grants.get((value, address))
    # A cached grant may expire before it is loaded again.
    return None if grant is None or grant.is_over(timezone.now()) else grant


async def still_open(token_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these tokens are live (one query, plus one for each ancestor)."""
    return await look_up(_still_open, token_ids)


def _still_open(token_ids: Collection[UUID]) -> set[UUID]:
    rows = ApiToken.objects.live().filter(pk__in=token_ids)
    return {row.pk for row in rows if comes_from_live(row)}


def bearer_token(authorization: str) -> str:
    """Return the token of an Authorization header (RFC 6750), or an empty string."""
    scheme, _, value = authorization.strip().partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def _forget(change: Change) -> None:
    if change.kind is ChangeKind.TOKEN:
        _grants.forget(lambda grant: change.may_be_of(grant.token_id))


subscribe(_forget)
