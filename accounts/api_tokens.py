"""Recognise API tokens: find the row of one that still opens something, and note when it was last used."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from channels.db import database_sync_to_async
from django.utils import timezone

from accounts import tokens
from accounts.changes import Change, Kind, subscribe
from accounts.freshness import FreshCache
from accounts.models import ApiToken, Role

USE_NOTED_EVERY = timedelta(minutes=1)


def find_api_token(value: str) -> ApiToken | None:
    """Return the live token of this value, noting its use at most once a minute; None when there is none."""
    if not tokens.is_well_formed(value, tokens.API_PREFIX):
        return None
    live = ApiToken.objects.live().select_related("environment", "created_by")
    row = live.filter(digest=tokens.digest(value)).first()
    now = timezone.now()
    if row is not None and (row.last_used_at is None or now - row.last_used_at > USE_NOTED_EVERY):
        ApiToken.objects.filter(pk=row.pk).update(last_used_at=now)
    return row


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """What a live API token opens."""

    token_id: UUID
    environment_id: UUID
    role: Role
    expires_at: datetime | None

    def may(self, role: Role) -> bool:
        """Tell whether this token may do what `role` may."""
        return self.role.includes(role)


async def _load(value: str, _before: TokenGrant | None) -> TokenGrant | None:
    row = await database_sync_to_async(find_api_token)(value)
    return row and TokenGrant(row.pk, row.environment_id, Role(row.role), row.expires_at)


_grants: FreshCache[str, TokenGrant] = FreshCache(_load, name="token")


async def grant_of(value: str) -> TokenGrant | None:
    """Return what a token opens, asking the database at most once a second for each; None when it opens nothing."""
    if not tokens.is_well_formed(value, tokens.API_PREFIX):
        return None
    grant = await _grants.get(value)
    if grant is None or (grant.expires_at is not None and grant.expires_at <= timezone.now()):
        return None
    return grant


def bearer_token(authorization: str) -> str:
    """Return the token of an Authorization header (RFC 6750), or nothing."""
    scheme, _, value = authorization.strip().partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def _forget(change: Change) -> None:
    if change.kind is Kind.TOKEN:
        _grants.forget(lambda grant: grant.token_id == change.id)


subscribe(_forget)
