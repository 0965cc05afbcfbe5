"""Accounts whose tokens a test lets end, and what their rows say."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from channels.db import database_sync_to_async

from accounts.integrated_accounts.lifecycle import save_account
from accounts.models import IntegratedAccount, OAuthGrant
from mcpservers.lifecycle import create_server
from tests.mcp_client import McpClient

LIST, CREATE = "list_all_oauth_desk_tickets", "create_a_oauth_desk_ticket"


async def run(function: Callable[..., Any], *args: object) -> Any:
    """Do something with the database."""
    return await database_sync_to_async(function)(*args)


def client_of(account: IntegratedAccount) -> McpClient:
    """Return a client of a new server with every tool of an account."""
    return McpClient(create_server(account, "tests", name="Desk", methods=[], tags=[])[1])


def grant_of(account: IntegratedAccount) -> OAuthGrant:
    """Return the tokens' row as it is now."""
    return OAuthGrant.objects.get(pk=account.pk)


def let_pass(account: IntegratedAccount, seconds: float) -> None:
    """Let time pass for an account: what its tokens' row says of the time moves into the past."""
    grant = grant_of(account)
    moments = (
        "expires_at", "refresh_at", "refresh_expires_at", "renewed_at", "lease_until", "refresh_began_at", "retry_at",
    )  # fmt: skip
    for name in moments:
        moment = getattr(grant, name)
        if moment is not None:
            setattr(grant, name, moment - timedelta(seconds=seconds))
    grant.save()
    # What this process holds is dated by the clock: told of a change, it looks at the row.
    save_account(IntegratedAccount.objects.get(pk=account.pk), {"name"})
