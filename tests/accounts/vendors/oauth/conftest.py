"""Accounts at an authorization server that does as a test tells it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone

from accounts.integrated_accounts.lifecycle import connect_account, save_account
from accounts.models import Environment, IntegratedAccount, Integration, OAuthGrant
from accounts.token_sets import TokenSet
from mcpservers.lifecycle import create_server
from tests.bundles import load_bundle
from tests.conftest import ThreadedServer
from tests.mcp_client import McpClient
from tests.mcpservers.conftest import upstream
from tests.vendors.authorization_server import FIELDS, AuthorizationServer, bundle

Consented = Callable[..., IntegratedAccount]
LIST, CREATE = "list_all_oauth_desk_tickets", "create_a_oauth_desk_ticket"


@pytest.fixture(scope="session")
def site_of_session() -> Iterator[tuple[AuthorizationServer, str]]:
    """One server for the session, and its address."""
    authority = AuthorizationServer()
    server = ThreadedServer(authority)
    yield authority, server.begin()
    server.end()


@pytest.fixture
def authority(site_of_session: tuple[AuthorizationServer, str]) -> Iterator[AuthorizationServer]:
    """The authorization server, with the API behind it."""
    site_of_session[0].reset()
    yield site_of_session[0]
    site_of_session[0].reset()


@pytest.fixture
def site(site_of_session: tuple[AuthorizationServer, str]) -> str:
    """Its address."""
    return site_of_session[1]


@pytest.fixture
def code_integration(db: None, site: str) -> Integration:
    """An integration that asks a person for consent."""
    return load_bundle(bundle(site, "code")).integration


@pytest.fixture
def client_integration(db: None, site: str) -> Integration:
    """An integration whose client gets tokens in its own name."""
    return load_bundle(bundle(site, "client")).integration


@pytest.fixture
def consented(transactional_db: None, environment: Environment, authority: AuthorizationServer, site: str) -> Consented:
    """Connects an account as a consent would, with tokens that the server knows."""

    def connected(**changed: object) -> IntegratedAccount:
        integration = load_bundle(bundle(site, "code")).integration
        authority.access["at-first"], authority.refresh["rt-first"] = timezone.now().timestamp() + 3600, "live"
        tokens = TokenSet("at-first", **{"refresh_token": "rt-first", "expires_in": 3600.0, **changed})  # type: ignore[arg-type]
        return connect_account(environment, integration, "tests", name="Desk", fields=FIELDS, tokens=tokens)

    return connected


@pytest.fixture
def account(consented: Consented) -> IntegratedAccount:
    """An account with tokens that are good for an hour."""
    return consented()


@pytest.fixture
def desk(account: IntegratedAccount, upstream: None) -> McpClient:
    """A client of a server with every tool of the account."""
    return client_of(account)


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


__all__ = ["upstream"]
