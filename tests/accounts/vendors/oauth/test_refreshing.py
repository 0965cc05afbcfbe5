"""Refresh of an account's tokens: when, once however many ask, and what the outcomes mean."""

import asyncio
import json
import threading
from codecs import BOM_UTF8
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from accounts.integrated_accounts.lifecycle import reconnect_account, set_enabled
from accounts.models import AuditEntry, IntegratedAccount
from accounts.token_sets import TokenSet
from accounts.vendors.connection import connect
from accounts.vendors.oauth import grants
from tests.accounts.vendors.oauth.grants import CREATE, LIST, client_of, grant_of, let_pass, run
from tests.mcp_client import McpClient
from tests.vendors.authorization_server import FIELDS, AuthorizationServer
from tests.vendors.fixtures import Consented

# Ways to write the answer of a token endpoint that are not what RFC 6749 says.
WRITTEN: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "a form": lambda answer: urlencode(answer).encode(),
    "a form on a line": lambda answer: urlencode(answer).encode() + b"\r\n",
    "a form that escapes nothing": lambda answer: "&".join(f"{name}={answer[name]}" for name in answer).encode(),
    "a form with a mark": lambda answer: BOM_UTF8 + urlencode(answer).encode(),
    "JSON with a mark": lambda answer: BOM_UTF8 + json.dumps(answer).encode(),
    "UTF-16": lambda answer: json.dumps(answer).encode("utf-16"),
}


def told_refused(caplog: pytest.LogCaptureFixture) -> list[tuple[str, ...]]:
    """Return the accounts that operators were told of, each with its id and vendor."""
    lines = [line for line in caplog.records if getattr(line, "notice", "") == "credentials_refused"]
    return [tuple(getattr(line, name, "") for name in ("account", "account_id", "vendor")) for line in lines]


class TestAheadOfExpiry:
    """Tokens that are about to end."""

    async def test_a_good_token_is_used_without_asking_for_another(
        self, desk: McpClient, authority: AuthorizationServer
    ) -> None:
        assert (await desk.value(LIST))["result"] == [{"id": 1}]
        await desk.value(LIST)
        assert authority.asked == []

    def test_the_time_of_the_refresh_is_spread_over_two_minutes(self, account: IntegratedAccount) -> None:
        grant = grant_of(account)
        assert grant.expires_at
        assert grant.refresh_at
        early = grant.expires_at - grant.refresh_at
        assert timedelta(seconds=60) <= early <= timedelta(seconds=180)

    async def test_a_token_that_ends_soon_is_refreshed_before_the_call(
        self, desk: McpClient, account: IntegratedAccount, authority: AuthorizationServer
    ) -> None:
        await run(let_pass, account, 3600 - 55)
        await desk.value(LIST)
        assert authority.counts["refresh_token"] == 1
        assert authority.counts["unauthorized"] == 0
        grant = await run(grant_of, account)
        assert grant.version == 2
        assert grant.read_tokens()[1] != "rt-first"
        await desk.value(LIST)
        assert authority.counts["refresh_token"] == 1

    @pytest.mark.parametrize("write", WRITTEN, ids=str)
    async def test_tokens_are_read_however_they_are_written(
        self, desk: McpClient, account: IntegratedAccount, authority: AuthorizationServer, write: str
    ) -> None:
        authority.writes, authority.media_type = WRITTEN[write], "text/plain"
        await run(let_pass, account, 3600)
        await desk.value(LIST)
        grant = await run(grant_of, account)
        assert grant.expires_at
        access, refresh = grant.read_tokens()
        assert access in authority.access
        assert authority.refresh[refresh] == "live"

    async def test_a_short_life_is_not_refreshed_all_the_time(
        self, consented: Consented, upstream: None, authority: AuthorizationServer
    ) -> None:
        account = await run(lambda: consented(expires_in=60.0))
        client = await run(client_of, account)
        for _ in range(3):
            await client.value(LIST)
        assert authority.asked == []

    async def test_a_token_without_an_end_is_used_until_the_vendor_refuses_it(
        self, consented: Consented, upstream: None, authority: AuthorizationServer
    ) -> None:
        authority.expires_in = None
        account = await run(lambda: consented(expires_in=None))
        client = await run(client_of, account)
        await client.value(LIST)
        authority.end_access()
        await client.value(LIST)
        assert authority.counts["refresh_token"] == 1

    async def test_a_vendor_that_does_not_rotate_keeps_its_refresh_token(
        self, desk: McpClient, account: IntegratedAccount, authority: AuthorizationServer
    ) -> None:
        authority.rotates = False
        for _ in range(2):
            await run(let_pass, account, 3600)
            await desk.value(LIST)
        assert authority.counts["refresh_token"] == 2
        assert (await run(grant_of, account)).read_tokens()[1] == "rt-first"

    async def test_the_end_of_the_refresh_token_is_heeded_too(
        self, desk: McpClient, account: IntegratedAccount, authority: AuthorizationServer
    ) -> None:
        authority.expires_in, authority.refresh_expires_in = None, 30 * 86400
        authority.end_access()
        await desk.value(LIST)
        grant = await run(grant_of, account)
        assert timedelta(days=28) < grant.refresh_at - timezone.now() < timedelta(days=30)


class TestAfterA401:
    """Tokens that the vendor refuses before their time."""

    async def test_the_call_is_made_once_more_with_a_new_token(
        self, desk: McpClient, authority: AuthorizationServer
    ) -> None:
        authority.end_access()
        assert (await desk.value(CREATE, {"title": "A"})) is not None
        assert (authority.counts["api"], authority.counts["refresh_token"]) == (3, 1)

    async def test_a_new_token_that_is_refused_at_once_does_not_cause_another_refresh(
        self, desk: McpClient, authority: AuthorizationServer
    ) -> None:
        authority.expires_in = -1  # the API takes none of its tokens
        authority.end_access()
        for _ in range(3):
            assert "must be connected again: OAuth Desk refuses its credentials" in await desk.failure(LIST)
        assert authority.counts["refresh_token"] == 1

    async def test_a_token_that_another_process_got_is_taken_without_asking(
        self, desk: McpClient, account: IntegratedAccount, authority: AuthorizationServer
    ) -> None:
        await desk.value(LIST)

        def elsewhere() -> None:
            authority.end_access()
            authority.access["at-second"] = timezone.now().timestamp() + 3600
            lease = grants.Lease(account.pk, account.pk, 1, grant_of(account).created_at, False, "rt-first")
            grants.keep(lease, TokenSet("at-second", "rt-second", 3600.0))

        await run(elsewhere)
        await desk.value(LIST)
        assert authority.asked == []


class TestOnce:
    """Many who ask at the same moment."""

    @pytest.mark.parametrize("expired", [True, False], ids=["expired", "refused"])
    async def test_64_calls_at_once_cause_one_refresh(
        self, desk: McpClient, account: IntegratedAccount, authority: AuthorizationServer, expired: bool
    ) -> None:
        authority.end_access()
        if expired:
            await run(let_pass, account, 3600)
        await asyncio.gather(*(desk.value(LIST) for _ in range(64)))
        assert authority.counts["refresh_token"] == 1
        assert len(authority.asked) == 1

    async def test_two_servers_of_an_account_share_its_token(
        self, desk: McpClient, account: IntegratedAccount, authority: AuthorizationServer
    ) -> None:
        other = await run(client_of, account)
        await run(let_pass, account, 3600)
        await asyncio.gather(*(client.value(LIST) for client in (desk, other) for _ in range(8)))
        assert authority.counts["refresh_token"] == 1

    async def test_other_event_loops_wait_for_the_one_that_asks(
        self, desk: McpClient, account: IntegratedAccount, authority: AuthorizationServer
    ) -> None:
        authority.hold = threading.Event()
        await run(let_pass, account, 3600)
        stored = await run(lambda: IntegratedAccount.objects.select_related("integration").get())

        def in_a_loop_of_its_own() -> None:
            asyncio.run(connect(stored, stored.integration.parsed()).authentication.prepare())

        others = asyncio.gather(*(asyncio.to_thread(in_a_loop_of_its_own) for _ in range(4)))
        call = asyncio.create_task(desk.value(LIST))
        await authority.is_asked()
        authority.hold.set()
        await asyncio.gather(call, others)
        assert len(authority.asked) == 1

    async def test_a_caller_that_goes_away_does_not_take_the_refresh_away_from_the_others(
        self, desk: McpClient, account: IntegratedAccount, authority: AuthorizationServer
    ) -> None:
        authority.hold = threading.Event()
        await run(let_pass, account, 3600)
        first = asyncio.create_task(desk.value(LIST))
        await authority.is_asked()
        second = asyncio.create_task(desk.value(LIST))
        first.cancel()
        authority.hold.set()
        await second
        assert authority.counts["refresh_token"] == 1
        assert (await run(grant_of, account)).version == 2


class TestRefusals:
    """An authorization server that gives no token."""

    async def test_a_revoked_grant_has_the_account_connected_again(
        self, desk: McpClient, account: IntegratedAccount, authority: AuthorizationServer
    ) -> None:
        authority.revoke()
        for _ in range(2):
            words = await desk.failure(LIST)
            assert words == (
                "The account 'Desk' must be connected again. Do not try again: ask the person to open the account "
                "in Patchbay and connect it again."
            )
        assert len(authority.asked) == 1
        stored = await run(IntegratedAccount.objects.select_related("grant").get)
        assert stored.status == "needs_reauth"
        assert stored.problem.startswith("OAuth Desk no longer accepts the refresh token (invalid_grant: ")

    async def test_many_who_are_refused_mark_the_account_once_and_the_operator_is_told_once(
        self,
        desk: McpClient,
        account: IntegratedAccount,
        authority: AuthorizationServer,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        authority.revoke()
        await asyncio.gather(*(desk.failure(LIST) for _ in range(16)))
        assert len(authority.asked) == 1
        assert await AuditEntry.objects.filter(action="integrated_account.refused").acount() == 1
        assert told_refused(caplog) == [("Desk", str(account.pk), "OAuth Desk")]

    async def test_an_account_that_is_switched_on_again_is_asked_about_again_and_marked_again(
        self, desk: McpClient, account: IntegratedAccount, authority: AuthorizationServer
    ) -> None:
        authority.revoke()
        await desk.failure(LIST)

        def switch_off_and_on() -> str:
            stored = IntegratedAccount.objects.select_related("grant").get()
            assert stored.problem
            set_enabled(stored, "ana", enabled=False)
            set_enabled(stored, "ana", enabled=True)
            return stored.problem

        assert await run(switch_off_and_on) == ""
        await desk.failure(LIST)
        assert len(authority.asked) == 2
        assert (await run(IntegratedAccount.objects.get)).status == "needs_reauth"

    async def test_a_client_that_is_refused_is_told_apart_and_its_secret_is_not_told(
        self, desk: McpClient, account: IntegratedAccount, authority: AuthorizationServer
    ) -> None:
        authority.client_authentication = "post"
        authority.end_access()
        await desk.failure(LIST)
        problem = (await run(grant_of, account)).problem
        assert problem == "OAuth Desk does not accept the client's id and secret (invalid_client: Not •••)"

    async def test_without_a_refresh_token_the_end_of_the_token_is_the_end(
        self, consented: Consented, upstream: None, authority: AuthorizationServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        account = await run(lambda: consented(refresh_token=""))
        client = await run(client_of, account)
        await run(let_pass, account, 3600 - 50)
        await client.value(LIST)
        await run(let_pass, account, 60)
        await client.failure(LIST)
        assert authority.asked == []
        assert "issued no refresh token" in (await run(grant_of, account)).problem
        assert told_refused(caplog) == [("Desk", str(account.pk), "OAuth Desk")]

    @pytest.mark.parametrize(
        "refuses",
        [
            (503, {"error": "invalid_grant"}),
            (429, {"error": "invalid_grant"}),
            (404, {}),
            (302, {}),
            (400, {"error": "temporarily_unavailable"}),
            (200, {"hello": "world"}),
            (200, {"access_token": "a b"}),
            (200, {"access_token": "a\r\nX-Evil: 1"}),
            (200, {"access_token": "a", "token_type": "dpop"}),
        ],
        ids=str,
    )
    async def test_a_server_that_is_out_of_order_is_not_a_refusal(
        self,
        desk: McpClient,
        account: IntegratedAccount,
        authority: AuthorizationServer,
        refuses: tuple[int, dict[str, str]],
    ) -> None:
        authority.refuses = refuses
        await run(let_pass, account, 3600)
        words = await desk.failure(LIST)
        assert "No access token could be obtained from OAuth Desk: its authorization server" in words
        assert "You may try once more" in words
        assert "Nothing was changed" in await desk.failure(CREATE, {"title": "A"})
        assert len(authority.asked) == 1  # the second call comes within the pause
        assert (await run(IntegratedAccount.objects.get)).status == "active"
        authority.refuses = None
        await run(let_pass, account, 60)
        await desk.value(LIST)

    @pytest.mark.parametrize("page", ["<a href='/?a=1&error=x&access_token=y'>Sign in</a>", "a=1&error=x y", "=", "&"])
    async def test_a_page_is_no_form_whatever_address_it_holds(
        self, desk: McpClient, account: IntegratedAccount, authority: AuthorizationServer, page: str
    ) -> None:
        authority.writes = lambda _: page.encode()
        await run(let_pass, account, 3600)
        assert "its authorization server answered with no token" in await desk.failure(LIST)

    async def test_a_refusal_in_a_form_is_told_in_the_vendors_words(
        self, desk: McpClient, authority: AuthorizationServer
    ) -> None:
        authority.refuses = (200, {"error": "bad_refresh_token", "error_description": "It & its kin are gone."})
        authority.writes, authority.media_type = (lambda answer: urlencode(answer).encode()), "text/plain"
        authority.end_access()
        await desk.failure(LIST)
        problem = await run(lambda: IntegratedAccount.objects.get().problem)
        assert "bad_refresh_token: It & its kin are gone" in problem

    @pytest.mark.parametrize(
        "refuses", [(200, {"ok": False, "error": "bad_refresh_token"}), (403, {}), (401, {"error": {"code": "gone"}})]
    )
    async def test_other_ways_to_refuse_are_understood(
        self,
        desk: McpClient,
        account: IntegratedAccount,
        authority: AuthorizationServer,
        refuses: tuple[int, dict[str, str]],
    ) -> None:
        authority.refuses = refuses
        authority.end_access()
        await desk.failure(LIST)
        assert (await run(IntegratedAccount.objects.get)).status == "needs_reauth"

    async def test_while_no_new_token_can_be_had_the_present_one_is_used_to_its_end(
        self, desk: McpClient, account: IntegratedAccount, authority: AuthorizationServer
    ) -> None:
        authority.refuses = (503, {})
        await run(let_pass, account, 3600 - 50)
        for _ in range(3):
            await desk.value(LIST)
        assert len(authority.asked) == 1
        grant = await run(grant_of, account)
        assert (grant.failures, grant.problem) == (1, "its authorization server answered with HTTP 503")

    async def test_a_person_who_connects_again_meanwhile_is_not_disturbed(
        self, desk: McpClient, account: IntegratedAccount, authority: AuthorizationServer
    ) -> None:
        authority.refuses = (400, {"error": "invalid_grant"})
        authority.hold = threading.Event()
        authority.end_access()
        call = asyncio.create_task(desk.value(LIST))
        await authority.is_asked()
        authority.access["at-again"] = timezone.now().timestamp() + 3600
        stored = await run(IntegratedAccount.objects.select_related("integration").get)
        tokens = TokenSet("at-again", "rt-again", 3600.0)
        await run(lambda: reconnect_account(stored, "ana", fields=FIELDS, tokens=tokens))
        authority.hold.set()
        await call
        assert (await run(IntegratedAccount.objects.get)).status == "active"
        assert (await run(grant_of, account)).read_tokens() == ("at-again", "rt-again")
