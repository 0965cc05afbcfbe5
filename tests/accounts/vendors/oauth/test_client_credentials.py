"""OAuth 2.0 client credentials: connected like a key, in the portal and over REST, and used through MCP."""

import pytest
from django.test import Client

from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import Environment, IntegratedAccount, Integration
from tests.accounts.vendors.oauth.grants import LIST, client_of, grant_of, let_pass, run
from tests.bundles import load_bundle
from tests.people import People
from tests.portal_site import browser
from tests.rest import Rest, problem
from tests.vendors.authorization_server import CLIENT_SECRET, FIELDS, AuthorizationServer, bundle

FORM = {**{f"field_{name}": value for name, value in FIELDS.items()}, "name": "Robot", "base_url": ""}


@pytest.fixture
def ana(people: People, client_integration: Integration, authority: AuthorizationServer) -> Client:
    """The browser of an admin."""
    return browser(people.owner)


def test_the_first_token_is_had_in_the_connection_test_and_kept(ana: Client, authority: AuthorizationServer) -> None:
    response = ana.post("/accounts/connect/oauth_desk", FORM)
    account = IntegratedAccount.objects.get()
    assert response.headers["Location"] == f"/accounts/{account.pk}"
    assert authority.asked == [
        {"grant_type": "client_credentials", "scope": "tickets.read", "audience": "https://desk.example"}
    ]
    assert grant_of(account).read_tokens()[0] in authority.access


def test_a_client_that_is_refused_is_told_beside_the_form(ana: Client, authority: AuthorizationServer) -> None:
    response = ana.post("/accounts/connect/oauth_desk", {**FORM, "field_client_secret": "wrong-secret"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "OAuth Desk gave no access token (invalid_client: Not •••)" in page
    assert "wrong-secret" not in page
    assert not IntegratedAccount.objects.exists()


@pytest.mark.parametrize("way", ["basic", "post"])
def test_the_client_identifies_itself_as_the_definition_says(
    environment: Environment, authority: AuthorizationServer, site: str, way: str
) -> None:
    authority.client_authentication = way
    integration = load_bundle(bundle(site, "client", way)).integration
    connect_account(environment, integration, "tests", name="Robot", fields=FIELDS)
    assert authority.counts["client_credentials"] == 1


def test_it_is_connected_over_rest(
    admin_token: str, client_integration: Integration, authority: AuthorizationServer
) -> None:
    rest = Rest(admin_token)
    answer = rest.post("/integrated-account", {"integration": "oauth_desk", "name": "Robot", "connection": FIELDS})
    assert answer.status_code == 201
    assert (answer.json()["status"], answer.json()["problem"]) == ("active", "")
    assert CLIENT_SECRET not in answer.content.decode()
    changed = rest.patch(f"/integrated-account/{answer.json()['id']}", {"connection": {"subdomain": "other"}})
    assert changed.status_code == 200
    assert authority.counts["client_credentials"] == 2
    refused = rest.patch(f"/integrated-account/{answer.json()['id']}", {"connection": {"client_secret": "wrong-one"}})
    assert "wrong-one" not in problem(refused, 400)["detail"]


class TestCalls:
    """The account's tools."""

    @pytest.fixture
    def robot(
        self, transactional_db: None, environment: Environment, authority: AuthorizationServer, site: str
    ) -> IntegratedAccount:
        """A connected account."""
        integration = load_bundle(bundle(site, "client")).integration
        return connect_account(environment, integration, "tests", name="Robot", fields=FIELDS)

    async def test_a_new_token_is_had_without_a_refresh_token(
        self, robot: IntegratedAccount, authority: AuthorizationServer, upstream: None
    ) -> None:
        desk = await run(client_of, robot)
        await run(let_pass, robot, 3600)
        await desk.value(LIST)
        authority.end_access()
        await desk.value(LIST)
        assert authority.counts["client_credentials"] == 3

    async def test_an_account_that_was_not_tested_gets_its_token_with_the_first_call(
        self, robot: IntegratedAccount, authority: AuthorizationServer, upstream: None
    ) -> None:
        await run(lambda: grant_of(robot).delete())
        await (await run(client_of, robot)).value(LIST)
        assert authority.counts["client_credentials"] == 2

    async def test_a_client_that_is_withdrawn_marks_the_account_and_a_check_brings_it_back(
        self, robot: IntegratedAccount, authority: AuthorizationServer, people: People, upstream: None
    ) -> None:
        desk = await run(client_of, robot)
        authority.refuses = (401, {"error": "invalid_client"})
        authority.end_access()
        assert "must be connected again" in await desk.failure(LIST)
        ana = await run(browser, people.owner)
        page = await run(ana.get, f"/accounts/{robot.pk}")
        assert f"/accounts/{robot.pk}/settings#connection-title" in page.content.decode()
        await run(ana.post, f"/accounts/{robot.pk}/check")
        assert (await run(IntegratedAccount.objects.get)).status == "needs_reauth"
        authority.refuses = None
        await run(ana.post, f"/accounts/{robot.pk}/check")
        assert (await run(IntegratedAccount.objects.get)).status == "active"
        await desk.value(LIST)
