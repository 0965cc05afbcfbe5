"""Tokens and the client's secret of an OAuth account stay where they were given for."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client

from accounts.errors import AuthorizationUnavailable
from accounts.integrated_accounts.check import check_account
from accounts.integrated_accounts.lifecycle import reconnect_account
from accounts.integrated_accounts.upkeep import connections_of
from accounts.models import Environment, IntegratedAccount, Integration, OAuthGrant
from accounts.vendors.calling import ask
from accounts.vendors.connection import Connection, connect
from accounts.vendors.upstream import Upstream
from tests.people import People
from tests.portal_site import browser, shown, vendor_address
from tests.rest import Rest, problem, reasons, token_of
from tests.vendors.recording import RecordingVendor
from tests.vendors.routed import FIELDS, SECRETS, client_at, connected, document, load

pytestmark = pytest.mark.django_db(transaction=True)
NEW = {"api_key": "the-second-api-key", "client_secret": "the-second-client-secret"}


def code_at(address: str) -> dict[str, object]:
    """Return the authentication of an integration that asks a person for consent."""
    return client_at(address, kind="oauth2_authorization_code", authorization_url=f"{address}/authorize")


@pytest.fixture
def client_account(environment: Environment, home: RecordingVendor) -> IntegratedAccount:
    """An account whose client gets tokens in its own name."""
    return connected(environment, load(document(home.address, client_at(home.address))))


@pytest.fixture
def ana(people: People) -> Client:
    return browser(people.owner)


def typed(**changed: str) -> dict[str, str]:
    fields = {f"field_{name}": value for name, value in FIELDS.items()}
    return {"name": "Desk", "base_url": "", **fields, **changed}


def consent(ana: Client, path: str, form: dict[str, str]) -> str:
    """Type a connection, consent at the vendor, and return the page that it leads back to."""
    address = vendor_address(ana, ana.post(path, form))
    state = parse_qs(urlsplit(address).query)["state"][0]
    answer = ana.get(f"/accounts/oauth/callback?code=a-code&state={state}")
    return shown(ana.get(answer.headers["Location"]))


@pytest.fixture
def code_account(ana: Client, home: RecordingVendor) -> IntegratedAccount:
    """An account that a person consented to."""
    load(document(home.address, code_at(home.address)))
    consent(ana, "/accounts/connect/routed_desk", typed())
    return IntegratedAccount.objects.get()


def now(account: IntegratedAccount) -> IntegratedAccount:
    return IntegratedAccount.objects.select_related("integration").get(pk=account.pk)


def connection_to(account: IntegratedAccount) -> Connection:
    return connect(now(account), now(account).integration.parsed())


def call(made: Connection) -> None:
    """Send one request over a connection."""

    async def send() -> None:
        async with Upstream() as upstream:
            await ask(made, "GET", "/tickets", upstream=upstream)

    asyncio.run(send())


def tokens_of(account: IntegratedAccount) -> tuple[str, ...]:
    return OAuthGrant.objects.get(pk=account.pk).read_tokens()


class TestConsented:
    """Authorization code: a person's tokens."""

    def test_neither_token_nor_secret_follows_a_new_address(
        self, code_account: IntegratedAccount, environment: Environment, away: RecordingVendor
    ) -> None:
        rest = Rest(token_of(environment))
        path = f"/integrated-account/{code_account.pk}"
        assert reasons(rest.patch(path, {"base_url": away.address})).keys() == {
            "connection.api_key",
            "connection.client_secret",
        }
        given = rest.patch(path, {"base_url": away.address, "connection": NEW})
        assert problem(given, 409)["type"] == "urn:patchbay:problem:consent-needed"
        assert (away.connections, now(code_account).base_url) == (0, "")

    def test_with_the_secrets_and_a_new_consent_it_moves_and_takes_no_token_along(
        self, ana: Client, code_account: IntegratedAccount, home: RecordingVendor, away: RecordingVendor
    ) -> None:
        before = tokens_of(code_account)
        home.forget()
        path = f"/accounts/{code_account.pk}/reconnect"
        refused = ana.post(path, typed(base_url=away.address, field_api_key="", field_client_secret=""))
        assert "Give it again: the account moves from" in shown(refused)
        form = typed(base_url=away.address, **{f"field_{name}": value for name, value in NEW.items()})
        assert "is connected again" in consent(ana, path, form)
        assert tokens_of(code_account) == (away.issued[0], f"r-{away.issued[0]}")
        assert not any(away.got(secret) for secret in [*SECRETS.values(), *before])
        assert home.connections == 0

    def test_a_button_that_asks_for_no_secret_moves_none(
        self, ana: Client, code_account: IntegratedAccount, away: RecordingVendor
    ) -> None:
        load(document(away.address, code_at(away.address)))
        answer = ana.post(f"/accounts/{code_account.pk}/consent")
        assert answer.headers["Location"] == f"/accounts/{code_account.pk}/settings"
        assert "give the secret ones again" in shown(ana.get(answer.headers["Location"]))
        assert away.connections == 0

    @pytest.mark.parametrize("reconnects", [False, True])
    def test_a_definition_that_changes_on_the_way_gets_neither_code_nor_secret(
        self,
        ana: Client,
        code_account: IntegratedAccount,
        away: RecordingVendor,
        home: RecordingVendor,
        reconnects: bool,
    ) -> None:
        path = f"/accounts/{code_account.pk}/reconnect" if reconnects else "/accounts/connect/routed_desk"
        address = vendor_address(ana, ana.post(path, typed()))
        load(document(home.address, {**code_at(home.address), "token_url": f"{away.address}/token"}))
        state = parse_qs(urlsplit(address).query)["state"][0]
        answer = ana.get(f"/accounts/oauth/callback?code=a-code&state={state}")
        assert "has changed meanwhile. Start again." in shown(ana.get(answer.headers["Location"]))
        assert (away.connections, IntegratedAccount.objects.count()) == (0, 1)

    def test_a_secret_that_is_called_open_on_the_way_is_not_shown(
        self, ana: Client, code_account: IntegratedAccount, home: RecordingVendor
    ) -> None:
        address = vendor_address(ana, ana.post("/accounts/connect/routed_desk", typed()))
        opened = document(home.address, code_at(home.address))
        opened["connection_fields"] = [{**field, "secret": False} for field in opened["connection_fields"]]
        load(opened)
        state = parse_qs(urlsplit(address).query)["state"][0]
        answer = ana.get(f"/accounts/oauth/callback?error=access_denied&state={state}")
        page = shown(ana.get(answer.headers["Location"]))
        assert not any(secret in page for secret in SECRETS.values())

    @pytest.mark.parametrize("moved", ["token_url", "authorization_url", "base_url"])
    def test_each_endpoint_is_a_route(
        self, code_account: IntegratedAccount, home: RecordingVendor, away: RecordingVendor, moved: str
    ) -> None:
        authentication = code_at(home.address)
        if moved in authentication:
            load(document(home.address, {**authentication, moved: f"{away.address}/x"}))
        else:
            load(document(away.address, authentication))
        assert now(code_account).status == "needs_reauth"
        assert connections_of([code_account.pk]) == []  # those that would be refreshed
        assert away.connections == 0


class TestClientCredentials:
    """The client's own tokens."""

    def test_a_move_takes_new_tokens_and_leaves_the_old_ones(
        self, client_account: IntegratedAccount, home: RecordingVendor, away: RecordingVendor
    ) -> None:
        before = tokens_of(client_account)
        home.forget()
        reconnect_account(now(client_account), "tests", fields=NEW, base_url=away.address)
        call(connection_to(client_account))
        assert away.got(away.issued[0])
        assert not any(away.got(secret) for secret in [*SECRETS.values(), *before])
        assert home.connections == 0

    def test_a_move_without_a_test_leaves_no_token_that_would_be_sent(
        self, client_account: IntegratedAccount, away: RecordingVendor
    ) -> None:
        before = tokens_of(client_account)
        reconnect_account(now(client_account), "tests", fields=NEW, base_url=away.address, verify=False)
        assert not OAuthGrant.objects.exists()
        call(connection_to(client_account))
        assert not any(away.got(token) for token in before if token)

    def test_an_older_connection_does_not_get_what_was_given_for_the_new_address(
        self, client_account: IntegratedAccount, home: RecordingVendor, away: RecordingVendor
    ) -> None:
        older = connection_to(client_account)  # as a process holds it that has not heard of the change yet
        reconnect_account(now(client_account), "tests", fields=NEW, base_url=away.address)
        home.forget()
        with pytest.raises(AuthorizationUnavailable, match="connected elsewhere meanwhile"):
            call(older)
        assert home.connections == 0

    def test_a_refresh_that_was_under_way_gives_nothing_to_the_new_address(
        self, client_account: IntegratedAccount, home: RecordingVendor, away: RecordingVendor
    ) -> None:
        OAuthGrant.objects.all().delete()  # so that a token is asked for
        home.issued.clear()

        def move(_: str) -> None:
            home.on_issue = None
            reconnect_account(now(client_account), "tests", fields=NEW, base_url=away.address, verify=False)
            # Whoever calls the new address takes the lease of a row that looks like the one before.
            OAuthGrant.objects.get_or_create(pk=client_account.pk)
            connection.close()

        home.on_issue = move
        with pytest.raises(AuthorizationUnavailable):
            call(connection_to(client_account))
        call(connection_to(client_account))
        assert home.issued
        assert not any(away.got(token) for token in home.issued)
        assert away.got(away.issued[-1])

    def test_another_token_endpoint_stops_the_account(
        self, client_account: IntegratedAccount, home: RecordingVendor, away: RecordingVendor
    ) -> None:
        load(document(home.address, client_at(away.address)))
        assert now(client_account).status == "needs_reauth"
        assert away.connections == 0

    def test_a_refusal_before_the_stop_is_not_forgotten_when_the_definition_changes_back(
        self, client_account: IntegratedAccount, home: RecordingVendor, away: RecordingVendor
    ) -> None:
        load(document(away.address, client_at(away.address)))
        OAuthGrant.objects.update(refused_at=now(client_account).updated_at, problem="Routed Desk gives no token")
        load(document(home.address, client_at(home.address)))
        stored = now(client_account)
        assert (stored.status, stored.problem) == ("needs_reauth", "Routed Desk gives no token")

    def test_a_test_that_was_under_way_when_the_definition_changed_does_not_call_it_active(
        self, client_account: IntegratedAccount, home: RecordingVendor, away: RecordingVendor
    ) -> None:
        OAuthGrant.objects.all().delete()

        def change(_: str) -> None:
            load(document(away.address, client_at(away.address)))
            connection.close()

        home.on_issue = change
        check_account(now(client_account), "tests")
        assert now(client_account).status == "needs_reauth"
        assert away.connections == 0


def test_an_integration_that_no_longer_asks_for_tokens_leaves_none_behind(
    client_account: IntegratedAccount, home: RecordingVendor
) -> None:
    integration: Integration = load(document(home.address))
    reconnect_account(now(client_account), "tests", fields=NEW)
    assert integration.parsed().authentication.kind == "api_key"
    assert not OAuthGrant.objects.exists()
