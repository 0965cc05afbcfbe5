"""Get the token for an account's next request: the stored one, or a new one, which is requested only once.

Within an event loop, all calls that need the same token await one task. Across loops, processes and machines, the lease
in the row decides which one requests it (accounts/vendors/oauth/grants.py); the others poll the row for the new token.
"""

import asyncio
import contextvars
import logging
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar
from uuid import UUID, uuid4

from channels.db import database_sync_to_async
from django.db import DatabaseError

from accounts.database.outages import refusal_for
from accounts.errors import (
    AuthorizationUnavailable,
    CredentialsUnreadable,
    ReauthenticationNeeded,
    TokenRefused,
    TokensUnreadable,
    UpstreamFailure,
)
from accounts.metrics import TOKEN_REFRESHES
from accounts.token_sets import TokenSet
from accounts.vendors.oauth import grants, token_endpoint
from accounts.vendors.oauth.client import ClientAtVendor
from accounts.vendors.oauth.grants import Lease, TokenCopy
from accounts.vendors.routes import SecretRoute

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
Wanted = tuple[UUID, int | None, frozenset[SecretRoute]]

# Seconds between two reads of the row while another process renews; a refresh takes a fraction of a second.
SHORTEST_PAUSE, LONGEST_PAUSE, GROWTH = 0.02, 0.25, 1.4
# Pauses before attempts to save new tokens: if they are lost, the account may have to be reconnected.
KEEPING_PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0)

# Threads of its own: a refresh must neither wait behind other database work nor end with the request that caused it.
_threads = ThreadPoolExecutor(2, thread_name_prefix="grants")
_under_way: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Wanted, asyncio.Task[TokenCopy]]]"
_under_way = weakref.WeakKeyDictionary()


async def usable_token(client: ClientAtVendor, account_id: UUID, *, rejected: int | None = None) -> TokenCopy:
    """Return a valid token: a new one if it is due for renewal, or if `rejected` is the current version.

    Raises ReauthenticationNeeded, AuthorizationUnavailable and TokensUnreadable.
    """
    tasks = _under_way.setdefault(asyncio.get_running_loop(), {})
    wanted = (account_id, rejected, client.routes)
    task = tasks.get(wanted)
    if task is None:
        # In a context of its own, since it outlives the request that began it.
        task = asyncio.create_task(_get(client, account_id, rejected), context=contextvars.Context())
        tasks[wanted] = task
        task.add_done_callback(lambda _: tasks.pop(wanted, None))
        # Or asyncio would log a failure that nobody waits for any more.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return await asyncio.shield(task)


async def _get(client: ClientAtVendor, account_id: UUID, rejected: int | None) -> TokenCopy:
    holder = uuid4()
    for pause in _pauses():
        seen = await _look(client, account_id, holder, rejected)
        if isinstance(seen, Lease):
            seen = await _renew(client, seen)
        if seen is not None:
            return seen
        await asyncio.sleep(pause)
    raise AuthorizationUnavailable("another process has been getting a new token for too long")


async def _look(
    client: ClientAtVendor, account_id: UUID, holder: UUID, rejected: int | None
) -> TokenCopy | Lease | None:
    try:
        with _outages(account_id, "the account's tokens could not be read from the database"):
            return await _in_thread(grants.look, client, account_id, holder, rejected)
    except CredentialsUnreadable as unreadable:
        logger.error("the tokens of account %s cannot be decrypted: %s; see check_keys", account_id, unreadable)
        raise TokensUnreadable(f"its stored tokens cannot be decrypted: {unreadable}") from None


@contextmanager
def _outages(account_id: UUID, words: str) -> Iterator[None]:
    """Translate DatabaseError to AuthorizationUnavailable."""
    try:
        yield
    except DatabaseError as error:
        if refusal_for(error) is None:
            logger.exception("no new token for account %s: %s", account_id, words)
        raise AuthorizationUnavailable(words) from None


def _pauses() -> Iterator[float]:
    """Yield growing pauses, for as long as the lease of a crashed process may last."""
    pause, left = SHORTEST_PAUSE, grants.lease_seconds() + LONGEST_PAUSE
    while left > 0:
        yield pause
        left -= pause
        pause = min(pause * GROWTH, LONGEST_PAUSE)


async def _renew(client: ClientAtVendor, lease: Lease) -> TokenCopy | None:
    """Request a token and save it at once; None if the row must be read again."""
    try:
        if client.needs_consent:
            tokens = await token_endpoint.refresh(client, lease.refresh_token)
        else:
            tokens = await token_endpoint.client_credentials(client)
    except TokenRefused as refusal:
        TOKEN_REFRESHES.labels("refused").inc()
        # Once the lease has run out, the vendor is asked again, and refuses again.
        with _outages(lease.account_id, "its authorization server's refusal could not be saved in the database"):
            problem = await _in_thread(grants.refuse, client, lease, refusal)
        if not problem:
            return None  # reconnected meanwhile
        raise ReauthenticationNeeded(problem) from None
    except UpstreamFailure as failure:
        TOKEN_REFRESHES.labels("failed").inc()
        problem = _words(failure)
        logger.warning("no new token for account %s: %s", lease.account_id, problem)
        with _outages(lease.account_id, problem):
            await _in_thread(grants.fail, lease, problem, lost=failure.may_have_arrived)
        return None  # the row now says when to retry; the current token may still be valid
    TOKEN_REFRESHES.labels("renewed").inc()
    return await _keep(lease, tokens)


async def _keep(lease: Lease, tokens: TokenSet) -> TokenCopy | None:
    """Save the tokens, with retries: a brief failure of the database must not cost an account its connection."""
    for pause in KEEPING_PAUSES:
        await asyncio.sleep(pause)
        try:
            return await _in_thread(grants.keep, lease, tokens)
        except DatabaseError as failure:
            logger.error("new tokens of account %s are not saved yet: %s", lease.account_id, type(failure).__name__)
    raise AuthorizationUnavailable("a new token could not be saved")


def _words(failure: UpstreamFailure) -> str:
    if isinstance(failure, AuthorizationUnavailable):
        return str(failure)
    return f"its authorization server gave no new token ({failure})"


async def _in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    run: Any = database_sync_to_async(function, thread_sensitive=False, executor=_threads)
    result: T = await run(*args, **kwargs)
    return result
