"""Find out whether a vendor that refused a call refuses the account's credentials, and mark the account if it does.

A 401 may concern a single operation: some vendors send it where a scope or a plan is missing, or while their own
sign-in is disturbed. An account that is marked stays out of use until a person acts, so the definition's connection
test is asked first, which needs nothing but valid credentials.
"""

import asyncio
import contextvars
import time
import weakref
from enum import Enum, auto
from uuid import UUID

from cachetools import TTLCache
from channels.db import database_sync_to_async
from django.db import DatabaseError, transaction

from accounts import audit
from accounts.definition import Definition
from accounts.errors import ConnectionRefused
from accounts.models import IntegratedAccount
from accounts.notices import tell_refused
from accounts.vendors.connection import Connection
from accounts.vendors.connection_test import CREDENTIALS_REFUSED, check_connection

ACTOR = "refused call"
# An account is tested at most once in so many seconds, however many of its calls are refused, unless a refusal could
# not be saved.
TESTED_EVERY = 60.0


class Standing(Enum):
    """What a vendor holds of an account's credentials."""

    REFUSED = auto()
    ACCEPTED = auto()
    UNKNOWN = auto()


Wanted = tuple[UUID, int]
_lately: TTLCache[Wanted, Standing] = TTLCache(maxsize=4096, ttl=TESTED_EVERY, timer=time.monotonic)
_under_way: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Wanted, asyncio.Task[Standing]]]"
_under_way = weakref.WeakKeyDictionary()


async def standing_of(connection: Connection, definition: Definition) -> Standing:
    """Return what the vendor's connection test says of the credentials; if it refuses them, the account is marked."""
    wanted = (connection.account_id, connection.revision)
    known = _lately.get(wanted)
    if known is not None:
        return known
    tasks = _under_way.setdefault(asyncio.get_running_loop(), {})
    task = tasks.get(wanted)
    if task is None:
        # In a context of its own, since it serves every call that waits for it, and outlives the first.
        task = asyncio.create_task(_tested(connection, definition), context=contextvars.Context())
        tasks[wanted] = task
        task.add_done_callback(lambda _: tasks.pop(wanted, None))
    return await asyncio.shield(task)


async def _tested(connection: Connection, definition: Definition) -> Standing:
    """Test the credentials, mark the account if they are refused, and remember the outcome."""
    standing = Standing.ACCEPTED
    try:
        await check_connection(connection, definition)
    except ConnectionRefused as refused:
        standing = Standing.UNKNOWN
        if refused.status in CREDENTIALS_REFUSED:
            standing = Standing.REFUSED
            try:
                await database_sync_to_async(mark_refused)(connection, refused)
            except DatabaseError:
                return standing  # not remembered, so that the next refused call tries to mark the account again
    _lately[connection.account_id, connection.revision] = standing
    return standing


@transaction.atomic
def mark_refused(connection: Connection, refused: ConnectionRefused) -> None:
    """Mark an account as needing reconnection, once, unless it was changed since the connection was made."""
    account = IntegratedAccount.objects.select_for_update().filter(pk=connection.account_id).first()
    if account is None or account.status != account.Status.ACTIVE or account.revision != connection.revision:
        return
    account.mark_refused(str(refused))
    account.save(update_fields={"status", "refusal"})
    details = {"status": refused.status, "reason": account.refusal}
    audit.record(ACTOR, "integrated_account.refused", account.audit_subject, details)
    transaction.on_commit(lambda: tell_refused(connection.party, account.refusal))
