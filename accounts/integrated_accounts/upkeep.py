"""Refresh tokens before they expire, so that no account is lost through disuse."""

import asyncio
import logging
from uuid import UUID

from django.utils import timezone

from accounts.errors import AccountError
from accounts.models import IntegratedAccount
from accounts.vendors.connection import Connection, connect

logger = logging.getLogger(__name__)

AT_ONCE = 8  # refreshes


def due_accounts() -> list[UUID]:
    """Return the accounts whose tokens are due for a refresh, the longest overdue first."""
    now = timezone.now()
    return list(
        IntegratedAccount.objects.filter(
            status=IntegratedAccount.Status.ACTIVE, grant__refresh_at__lte=now, grant__refused_at=None
        )
        .exclude(grant__retry_at__gt=now)
        .order_by("grant__refresh_at")
        .values_list("pk", flat=True)
    )


def connections_of(account_ids: list[UUID]) -> list[Connection]:
    """Return the accounts' connections; one that cannot be built is logged and left out."""
    made = []
    for account in IntegratedAccount.objects.filter(pk__in=account_ids).select_related("integration"):
        try:
            made.append(connect(account, account.integration.parsed()))
        except AccountError as problem:
            logger.warning("the tokens of account %s were not refreshed: %s", account.pk, problem)
    return made


async def refresh(connections: list[Connection]) -> int:
    """Refresh each connection's credentials, AT_ONCE at a time; return how many are current."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def prepare(connection: Connection) -> bool:
        async with turns:
            try:
                await connection.authentication.prepare()
            except AccountError:
                return False  # already saved in the account's row, and logged
            return True

    return sum(await asyncio.gather(*map(prepare, connections)))
