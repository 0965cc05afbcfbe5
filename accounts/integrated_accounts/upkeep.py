"""Refresh tokens that would end unused, so that no account is lost because nobody called it for a while."""

import asyncio
import logging
from uuid import UUID

from django.utils import timezone

from accounts.errors import AccountError
from accounts.models import IntegratedAccount
from accounts.vendors.connection import Connection, connect

logger = logging.getLogger(__name__)

AT_ONCE = 8


def due_accounts() -> list[UUID]:
    """Return the accounts whose tokens it is time to refresh, those that wait longest first."""
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
    """Return the connections of accounts; one that cannot be made is left out, and logged."""
    made = []
    for account in IntegratedAccount.objects.filter(pk__in=account_ids).select_related("integration"):
        try:
            made.append(connect(account, account.integration.parsed()))
        except AccountError as problem:
            logger.warning("the tokens of account %s were not refreshed: %s", account.pk, problem)
    return made


async def refresh(connections: list[Connection]) -> int:
    """Have each connection's credentials made current, some at once; return how many are."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def prepare(connection: Connection) -> bool:
        async with turns:
            try:
                await connection.authentication.prepare()
            except AccountError:
                return False  # noted in the account's row, and logged
            return True

    return sum(await asyncio.gather(*map(prepare, connections)))
