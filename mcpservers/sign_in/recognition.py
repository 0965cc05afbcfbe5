"""Recognise access tokens: what they let their client do, at which server, for whom.

What a token grants is computed from its connection and the person's present membership. It is kept until one of these
changes, and compared again a minute later in any case.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts import tokens
from accounts.caches.change_watch import change_watch
from accounts.caches.freshness import FreshCache
from accounts.changes import Change, ChangeKind, subscribe
from accounts.database.asides import note_aside
from accounts.database.threads import look_up
from accounts.models import Role
from mcpservers.models import AccessToken, PersonConnection
from mcpservers.sign_in.scopes import WRITE, grantable

# Clients that take a step up from the result of a call, and not from the HTTP status.
ASKED_BY_RESULT = frozenset({"chatgpt.com"})
# What a connection's role is computed from.
RIGHTS = ("connection__server__account", "connection__membership", "connection__user")
USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class PersonAccess:
    """What a person lets a client do at a server.

    `scopes` are the token's. `may_write` says whether the client could be granted `write`: the person did not choose
    reads only, and has a role that allows it. `asked_by_result` says how the client is asked for more.
    """

    token_id: int
    connection_id: UUID
    server_id: UUID
    user_id: int
    user_name: str
    client: str
    scopes: frozenset[str]
    may_write: bool
    asked_by_result: bool
    expires_at: datetime = field(repr=False)

    @property
    def writes(self) -> bool:
        """Whether the client may call tools that change something."""
        return self.may_write and WRITE in self.scopes

    def is_over(self, now: datetime) -> bool:
        return self.expires_at <= now


def _granted(checksum: str) -> PersonAccess | None:
    rows = AccessToken.objects.select_related("connection__client", *RIGHTS)
    row: Any = rows.filter(token_checksum=checksum).first()
    if row is None or row.is_expired() or row.connection.is_over:
        return None
    connection: PersonConnection = row.connection
    role = connection.role
    if role is None:
        return None
    _note_use(connection)
    ends = [row.expires, *([connection.ends_at] if connection.ends_at else [])]
    return PersonAccess(
        token_id=row.pk,
        connection_id=connection.pk,
        server_id=connection.server_id,
        user_id=connection.user_id,
        user_name=connection.user.get_username(),
        client=str(connection.client),
        # A token may be older than what the person decided last.
        scopes=connection.granted & {*row.scope.split()},
        may_write=may_write(connection, role),
        asked_by_result=connection.client.is_at(ASKED_BY_RESULT),
        expires_at=min(ends),
    )


def may_write(connection: PersonConnection, role: Role) -> bool:
    """Return whether a client could be granted `write` by a member with this role."""
    return not connection.reads_only and WRITE in grantable(role)


def _note_use(connection: PersonConnection) -> None:
    now = timezone.now()
    if connection.last_used_at is None or now - connection.last_used_at >= USE_NOTED_EVERY:
        used = PersonConnection.objects.filter(pk=connection.pk)
        note_aside(partial(used.update, last_used_at=now))


async def _load(checksum: str, _before: PersonAccess | None) -> PersonAccess | None:
    return await look_up(_granted, checksum)


_accesses: FreshCache[str, PersonAccess] = FreshCache(_load, name="access", watch=change_watch)


async def access_of(token: str) -> PersonAccess | None:
    """Return what an access token grants, or None; a fresh one costs no query."""
    if not tokens.is_well_formed(token, tokens.ACCESS_PREFIX):
        return None
    access = await _accesses.get(hashlib.sha256(token.encode()).hexdigest())
    return None if access is None or access.is_over(timezone.now()) else access


async def still_granted(token_ids: Collection[int]) -> dict[int, bool]:
    """Return which of these access tokens still open their servers, and whether each may write."""
    return await look_up(_still_granted, token_ids)


def _still_granted(token_ids: Collection[int]) -> dict[int, bool]:
    found = {}
    for row in AccessToken.objects.filter(pk__in=token_ids).select_related(*RIGHTS):
        role = row.connection.role
        if role is not None and not row.connection.is_over:
            found[row.pk] = may_write(row.connection, role)
    return found


def _forget(change: Change) -> None:
    if change.kind is ChangeKind.TOKEN:
        _accesses.forget(lambda access: change.may_be_of(access.connection_id))


def _follow(change: Change | None) -> None:
    """Have what changed elsewhere read again; None is an unknown change."""
    if change is None or change.kind is ChangeKind.TOKEN:
        _accesses.doubt(lambda access: change is None or change.may_be_of(access.connection_id))


subscribe(_forget)
change_watch.follow(_follow)
