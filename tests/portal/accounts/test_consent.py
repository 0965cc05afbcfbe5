"""Connecting an account in the portal at a vendor that asks a person for consent: there, back, and what can fail."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http.response import HttpResponseBase
from django.test import Client
from pytest_django import Settings

from accounts.models import Environment, IntegratedAccount, Integration, OAuthGrant
from mcpservers.lifecycle import create_server
from mcpservers.models import MCPServer
from portal.accounts import consent as consents
from tests.accounts.vendors.oauth.grants import grant_of
from tests.people import People
from tests.portal_site import browser, shown, shown_for, vendor_address
from tests.vendors.authorization_server import CLIENT_ID, CLIENT_SECRET, AuthorizationServer

CONNECT = "/accounts/connect/oauth_desk"
CONNECTION = {
    "field_subdomain": "acme",
    "field_client_id": CLIENT_ID,
    "field_client_secret": CLIENT_SECRET,
    "base_url": "",
}
OTHER = {**CONNECTION, "field_subdomain": "other"}
FORM = {"name": "My desk", **CONNECTION}


@pytest.fixture
def ana(people: People, code_integration: Integration, authority: AuthorizationServer) -> Client:
    """The browser of an admin."""
    return browser(people.owner)


def answer_of(authority: AuthorizationServer, address: str) -> str:
    """Consent at the vendor; return where the browser is sent."""
    target = urlsplit(authority.consent(urlsplit(address).query))
    return f"{target.path}?{target.query}"


def connect(client: Client, authority: AuthorizationServer, **changed: str) -> HttpResponseBase:
    """Go the whole way, and return what the callback answers."""
    address = vendor_address(client, client.post(CONNECT, {**FORM, **changed}))
    return client.get(answer_of(authority, address))


def failure(client: Client, response: HttpResponseBase) -> str:
    """Return the page where a person begins again, after checking that it keeps what was typed, without secrets."""
    assert response.headers["Location"] == CONNECT
    page = shown(client.get(CONNECT))
    assert 'value="My desk"' in page
    assert 'value="acme"' in page
    assert CLIENT_SECRET not in page
    assert not IntegratedAccount.objects.exists()
    assert "My desk" not in shown(client.get(CONNECT))
    return page


class TestTheWayThere:
    """The form, and the page that leads to the vendor."""

    def test_the_form_shows_which_redirect_uri_to_register(self, ana: Client, settings: Settings) -> None:
        settings.PUBLIC_URL = "https://patchbay.example.com"
        page = shown(ana.get(CONNECT))
        assert 'value="https://patchbay.example.com/accounts/oauth/callback"' in page
        assert "You are at http://testserver, but OAuth Desk will send you back" in re.sub("</?code>", "", page)
        assert "Test and connect" not in page

    def test_the_page_says_where_one_goes_and_what_is_asked_for(self, ana: Client, site: str) -> None:
        page = shown(ana.get(ana.post(CONNECT, FORM).headers["Location"]))
        assert urlsplit(site).netloc in page
        assert "tickets.read" in page
        assert "My desk" in page
        assert CLIENT_SECRET not in page

    def test_the_address_holds_what_the_standards_ask_for(self, ana: Client, site: str) -> None:
        address = vendor_address(ana, ana.post(CONNECT, FORM))
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{site}/authorize?tenant=acme&")
        assert len(asked.pop("state")) > 40
        assert len(asked.pop("code_challenge")) == 43
        assert asked == {
            "tenant": "acme",
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": consents.redirect_uri(),
            "scope": "tickets.read offline_access",
            "code_challenge_method": "S256",
            "access_type": "offline",
        }

    def test_each_consent_has_its_own_state_and_challenge(self, ana: Client) -> None:
        one, other = (parse_qs(urlsplit(vendor_address(ana, ana.post(CONNECT, FORM))).query) for _ in range(2))
        assert one["state"] != other["state"]
        assert one["code_challenge"] != other["code_challenge"]

    def test_fields_that_will_not_do_are_refused_before_anybody_is_sent_away(self, ana: Client) -> None:
        response = ana.post(CONNECT, {**FORM, "field_subdomain": "evil.example/x", "field_client_secret": ""})
        assert response.status_code == 422
        assert "Client secret is required." in shown(response)

    def test_a_vendor_without_https_is_not_gone_to(self, ana: Client, settings: Settings) -> None:
        settings.UPSTREAM_PRIVATE_HOSTS = frozenset()
        response = ana.post(CONNECT, FORM)
        assert response.status_code == 422
        assert "Takes an address that begins with https://" in shown(response)

    def test_what_the_session_keeps_is_encrypted(self, ana: Client) -> None:
        ana.post(CONNECT, FORM)
        assert CLIENT_SECRET not in str(dict(ana.session))
        assert len(ana.session[consents.BEGUN]) == 1

    def test_only_so_many_are_kept(self, ana: Client) -> None:
        for _ in range(consents.MOST_AT_ONCE + 2):
            ana.post(CONNECT, FORM)
        assert len(ana.session[consents.BEGUN]) == consents.MOST_AT_ONCE

    def test_only_admins_go_there(self, people: People, code_integration: Integration) -> None:
        assert browser(people.operator).post(CONNECT, FORM).status_code == 403


class TestTheWayBack:
    """The vendor's answer."""

    @pytest.mark.parametrize("issuer", [None, "SITE"])
    def test_an_account_is_connected(
        self, ana: Client, authority: AuthorizationServer, environment: Environment, site: str, issuer: str | None
    ) -> None:
        authority.issuer = issuer and site
        response = connect(ana, authority)
        account = IntegratedAccount.objects.get()
        assert response.headers["Location"] == f"/accounts/{account.pk}"
        assert (account.name, account.environment, account.status) == ("My desk", environment, "active")
        assert account.scopes == ["tickets.read"]
        assert account.connection == {"subdomain": "acme", "client_id": CLIENT_ID}
        grant = grant_of(account)
        assert grant.version == 1
        assert grant.read_tokens()[0] in authority.access
        assert "at-" not in grant.tokens
        assert "My desk is connected." in shown(ana.get(response.headers["Location"]))
        assert ana.session[consents.BEGUN] == {}

    def test_an_answer_is_taken_once(self, ana: Client, authority: AuthorizationServer) -> None:
        answer = answer_of(authority, vendor_address(ana, ana.post(CONNECT, FORM)))
        ana.get(answer)
        again = ana.get(answer)
        assert again.headers["Location"] == "/accounts"
        assert "it was used already" in shown(ana.get("/accounts"))
        assert IntegratedAccount.objects.count() == 1

    @pytest.mark.parametrize("state", ["", "x", "x.y", "KEY.", "KEY.another", "KEY"])
    def test_an_answer_with_another_state_is_refused(
        self, ana: Client, authority: AuthorizationServer, state: str
    ) -> None:
        address = vendor_address(ana, ana.post(CONNECT, FORM))
        right = parse_qs(urlsplit(address).query)["state"][0]
        answer = answer_of(authority, address).replace(right, state.replace("KEY", right.partition(".")[0]))
        assert ana.get(answer).headers["Location"] == "/accounts"
        assert not IntegratedAccount.objects.exists()

    def test_an_answer_is_refused_in_another_session_of_anybody(
        self, ana: Client, people: People, authority: AuthorizationServer
    ) -> None:
        answer = answer_of(authority, vendor_address(ana, ana.post(CONNECT, FORM)))
        for somebody in (people.owner, people.outsider):
            assert browser(somebody).get(answer).headers["Location"] == "/accounts"
        assert "/sign-in" in Client().get(answer).headers["Location"]
        assert authority.asked == []

    def test_what_one_person_began_is_nothing_to_another_in_the_same_browser(
        self, ana: Client, people: People, authority: AuthorizationServer
    ) -> None:
        answer = answer_of(authority, vendor_address(ana, ana.post(CONNECT, FORM)))
        begun = ana.session[consents.BEGUN]
        other = browser(people.operator)
        session = other.session
        session[consents.BEGUN] = begun
        session.save()
        assert other.get(answer).headers["Location"] == "/accounts"
        assert authority.asked == []

    def test_after_ten_minutes_it_is_over(self, ana: Client, authority: AuthorizationServer, people: People) -> None:
        answer = answer_of(authority, vendor_address(ana, ana.post(CONNECT, FORM)))
        key = next(iter(ana.session[consents.BEGUN]))
        begun = consents.begun(ana.session, people.owner, key)
        assert begun is not None
        session = ana.session
        old = consents.Consent(**{**begun.__dict__, "began_at": begun.began_at - consents.LIFETIME_SECONDS})
        consents.begin(session, people.owner, old)
        session.save()
        assert ana.get(answer).headers["Location"] == "/accounts"
        assert ana.get(f"/accounts/oauth/consent/{key}").headers["Location"] == "/accounts"
        assert authority.asked == []

    def test_somebody_who_is_no_admin_any_more_connects_nothing(
        self, ana: Client, authority: AuthorizationServer, people: People, environment: Environment
    ) -> None:
        answer = answer_of(authority, vendor_address(ana, ana.post(CONNECT, FORM)))
        people.owner.memberships.update(role="viewer")
        assert ana.get(answer).status_code == 403
        assert authority.asked == []

    def test_the_environment_is_the_one_it_was_begun_in(
        self, ana: Client, authority: AuthorizationServer, people: People, environment: Environment
    ) -> None:
        people.elsewhere.memberships.create(user=people.owner, role="admin")
        ana.post("/environment", {"environment": str(environment.pk)})
        answer = answer_of(authority, vendor_address(ana, ana.post(CONNECT, {**FORM, **shown_for(environment)})))
        ana.post("/environment", {"environment": str(people.elsewhere.pk)})
        ana.get(answer)
        assert IntegratedAccount.objects.get().environment == environment


class TestFailures:
    """What goes wrong at the vendor is told in words, and nothing that was typed is lost but secrets."""

    @pytest.mark.parametrize(
        ("error", "words"),
        [
            ("access_denied", "Access was not granted there. Start again"),
            ("invalid_scope", "does not grant the scopes"),
            ("something_new", "ask the vendor's support what this means"),
        ],
    )
    def test_a_refusal_is_told_in_words(
        self, ana: Client, authority: AuthorizationServer, error: str, words: str
    ) -> None:
        authority.consent_error = error
        response = connect(ana, authority)
        raw = ana.get(CONNECT).content.decode()
        assert "<b>wanted" not in raw
        page = html.unescape(raw)
        assert words in page
        assert f"OAuth Desk refused: “{error}”." in page
        assert 'value="acme"' in page
        assert response.headers["Location"] == CONNECT

    def test_an_answer_of_another_authorization_server_is_refused(
        self, ana: Client, authority: AuthorizationServer
    ) -> None:
        authority.issuer = "https://evil.example"
        page = failure(ana, connect(ana, authority))
        assert "The answer came from “https://evil.example”" in page
        assert authority.asked == []

    def test_an_issuer_that_the_definition_names_is_the_only_one(
        self, ana: Client, authority: AuthorizationServer, code_integration: Integration, site: str
    ) -> None:
        code_integration.definition["authentication"]["issuer"] = "https://login.example"
        code_integration.save()
        authority.issuer = site
        assert "which is not where you were sent" in failure(ana, connect(ana, authority))
        authority.issuer = "https://login.example"
        connect(ana, authority)
        assert IntegratedAccount.objects.count() == 1

    def test_a_client_secret_that_is_wrong_is_told(self, ana: Client, authority: AuthorizationServer) -> None:
        page = failure(ana, connect(ana, authority, field_client_secret="wrong-secret"))
        assert "OAuth Desk gave no access token (invalid_client" in page
        assert "wrong-secret" not in page

    def test_an_authorization_server_that_is_down_is_told(self, ana: Client, authority: AuthorizationServer) -> None:
        authority.refuses = (503, {})
        assert "could not be reached: its authorization server answered with HTTP 503" in failure(
            ana, connect(ana, authority)
        )

    def test_a_token_that_the_api_refuses_connects_nothing(self, ana: Client, authority: AuthorizationServer) -> None:
        authority.api_status = 403
        assert "refused the connection with HTTP 403" in failure(ana, connect(ana, authority))
        assert not OAuthGrant.objects.exists()

    def test_a_code_that_was_not_made_for_this_verifier_is_refused(
        self, ana: Client, authority: AuthorizationServer
    ) -> None:
        address = vendor_address(ana, ana.post(CONNECT, FORM))
        other = vendor_address(ana, ana.post(CONNECT, FORM))
        code = parse_qs(urlsplit(answer_of(authority, other)).query)["code"][0]
        own = parse_qs(urlsplit(address).query)["state"][0]
        page = failure(ana, ana.get("/accounts/oauth/callback", {"state": own, "code": code}))
        assert "invalid_grant" in page


class TestReconnecting:
    """An account that is there already."""

    @pytest.fixture
    def account(self, ana: Client, authority: AuthorizationServer) -> IntegratedAccount:
        """An account whose consent was withdrawn."""
        connect(ana, authority)
        account = IntegratedAccount.objects.get()
        account.status = account.Status.NEEDS_REAUTH
        account.save()
        OAuthGrant.objects.update(refused_at=account.updated_at, problem="OAuth Desk no longer accepts it")
        return account

    def test_one_button_leads_there_and_everything_stays(
        self, ana: Client, account: IntegratedAccount, authority: AuthorizationServer
    ) -> None:
        server, _ = create_server(account, "tests", name="Agent", methods=[], tags=[])
        for page in ("/accounts", f"/accounts/{account.pk}"):
            assert f'action="/accounts/{account.pk}/consent"' in shown(ana.get(page))
        assert "OAuth Desk no longer accepts it." in shown(ana.get(f"/accounts/{account.pk}"))
        response = ana.get(answer_of(authority, vendor_address(ana, ana.post(f"/accounts/{account.pk}/consent"))))
        assert response.headers["Location"] == f"/accounts/{account.pk}"
        page = shown(ana.get(f"/accounts/{account.pk}"))
        assert "My desk is connected again. Its MCP servers and their URLs are as they were." in page
        stored = IntegratedAccount.objects.select_related("grant").get()
        assert (stored.status, stored.problem, stored.grant.version) == ("active", "", 2)
        assert MCPServer.objects.get().digest == server.digest

    def test_new_fields_are_kept_once_the_vendor_has_accepted_them(
        self, ana: Client, account: IntegratedAccount, authority: AuthorizationServer
    ) -> None:
        address = vendor_address(ana, ana.post(f"/accounts/{account.pk}/reconnect", OTHER))
        account.refresh_from_db()
        assert account.connection["subdomain"] == "acme"
        ana.get(answer_of(authority, address))
        account.refresh_from_db()
        assert account.connection["subdomain"] == "other"
        assert account.read_credentials() == {"client_secret": CLIENT_SECRET}

    def test_a_refusal_changes_nothing_and_shows_what_was_typed(
        self, ana: Client, account: IntegratedAccount, authority: AuthorizationServer
    ) -> None:
        authority.consent_error = "access_denied"
        address = vendor_address(ana, ana.post(f"/accounts/{account.pk}/reconnect", OTHER))
        response = ana.get(answer_of(authority, address))
        assert response.headers["Location"] == f"/accounts/{account.pk}/settings"
        page = shown(ana.get(response.headers["Location"]))
        assert "Access was not granted there." in page
        assert 'value="other"' in page
        account.refresh_from_db()
        assert (account.status, account.connection["subdomain"]) == ("needs_reauth", "acme")

    def test_only_admins_reconnect(self, people: People, account: IntegratedAccount) -> None:
        for person, status in ((people.operator, 403), (people.teammate, 403), (people.outsider, 404)):
            client = browser(person)
            assert client.post(f"/accounts/{account.pk}/consent").status_code == status
            assert "/consent" not in client.get(f"/accounts/{account.pk}").content.decode()
