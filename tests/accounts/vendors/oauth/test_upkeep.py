"""The task that refreshes tokens which would end unused."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from accounts.models import IntegratedAccount, OAuthGrant
from accounts.tasks import refresh_grants
from config import settings as configured
from tests.accounts.vendors.oauth.grants import LIST, grant_of, let_pass, run
from tests.mcp_client import McpClient
from tests.vendors.authorization_server import AuthorizationServer
from tests.vendors.fixtures import Consented


def test_the_schedule_names_it() -> None:
    assert configured.CELERY_BEAT_SCHEDULE["refresh-grants"]["task"] == refresh_grants.name


def test_what_is_due_is_refreshed_and_nothing_else(account: IntegratedAccount, authority: AuthorizationServer) -> None:
    assert refresh_grants() == 0
    let_pass(account, 3600 - 55)
    assert refresh_grants() == 1
    assert refresh_grants() == 0
    assert authority.counts["refresh_token"] == 1
    assert grant_of(account).version == 2


def test_a_disabled_account_is_left_alone(account: IntegratedAccount, authority: AuthorizationServer) -> None:
    IntegratedAccount.objects.update(status="disabled")
    let_pass(account, 3600)
    assert refresh_grants() == 0
    assert authority.asked == []


def test_a_refusal_is_noted_and_not_asked_for_again(account: IntegratedAccount, authority: AuthorizationServer) -> None:
    authority.revoke()
    let_pass(account, 3600)
    assert (refresh_grants(), refresh_grants()) == (0, 0)
    assert len(authority.asked) == 1
    assert IntegratedAccount.objects.get().status == "needs_reauth"


def test_a_vendor_that_is_down_is_asked_again_after_a_pause(
    account: IntegratedAccount, authority: AuthorizationServer
) -> None:
    authority.refuses = (503, {})
    let_pass(account, 3600)
    assert (refresh_grants(), refresh_grants()) == (0, 0)
    assert len(authority.asked) == 1
    let_pass(account, 2)
    refresh_grants()
    assert len(authority.asked) == 2
    assert grant_of(account).failures == 2


def test_one_account_that_fails_does_not_hold_up_the_others(
    consented: Consented, authority: AuthorizationServer
) -> None:
    accounts = [consented() for _ in range(3)]
    OAuthGrant.objects.filter(pk=accounts[0].pk).update(tokens="gone.AAAA")
    IntegratedAccount.objects.filter(pk=accounts[1].pk).update(credentials="gone.AAAA")
    authority.grace = True
    for account in accounts:
        let_pass(account, 3600)
    assert refresh_grants() == 1


@contextmanager
def failures_unsaved(account: IntegratedAccount) -> Iterator[None]:
    """Have the database refuse to count a failed refresh of an account."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER unsaved BEFORE UPDATE OF failures ON accounts_oauthgrant "
            f"WHEN NEW.account_id = '{account.pk.hex}' BEGIN SELECT RAISE(ABORT, 'not saved'); END"
        )
        try:
            yield
        finally:
            cursor.execute("DROP TRIGGER unsaved")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the trigger is in SQLite's words")
def test_an_outcome_that_cannot_be_saved_does_not_end_the_refreshes_of_the_others(
    consented: Consented, authority: AuthorizationServer
) -> None:
    accounts = [consented() for _ in range(3)]
    for account in accounts:
        let_pass(account, 3600)
    authority.refuses = (503, {})
    with failures_unsaved(accounts[0]):
        assert refresh_grants() == 0
    assert [grant_of(account).failures for account in accounts] == [0, 1, 1]


async def test_the_task_and_calls_cause_one_refresh(
    account: IntegratedAccount, desk: McpClient, authority: AuthorizationServer
) -> None:
    authority.hold = threading.Event()
    await run(let_pass, account, 3600)
    task = asyncio.create_task(asyncio.to_thread(refresh_grants))
    calls = [asyncio.create_task(desk.value(LIST)) for _ in range(8)]
    await authority.is_asked()
    authority.hold.set()
    assert await task == 1
    await asyncio.gather(*calls)
    assert len(authority.asked) == 1
