"""Over REST: an account whose vendor asks a person for consent."""

import pytest

from accounts.models import IntegratedAccount, Integration, OAuthGrant
from tests.accounts.vendors.oauth.grants import grant_of
from tests.rest import Rest, problem, token_of
from tests.vendors.authorization_server import FIELDS, AuthorizationServer
from tests.vendors.fixtures import Consented


@pytest.fixture
def rest(admin_token: str) -> Rest:
    """A program that may do everything."""
    return Rest(admin_token)


def test_connecting_says_which_page_does_it(
    rest: Rest, code_integration: Integration, authority: AuthorizationServer
) -> None:
    answer = rest.post("/integrated-account", {"integration": "oauth_desk", "name": "Desk", "connection": FIELDS})
    document = problem(answer, 409)
    assert document["type"] == "urn:patchbay:problem:consent-needed"
    assert document["portal_url"].endswith("/accounts/connect/oauth_desk")
    assert document["portal_url"] in document["detail"]
    assert not IntegratedAccount.objects.exists()


def test_fields_that_will_not_do_are_told_first(rest: Rest, code_integration: Integration) -> None:
    answer = rest.post("/integrated-account", {"integration": "oauth_desk", "name": "Desk", "connection": {}})
    assert [error["field"] for error in problem(answer, 400)["errors"]] == [f"connection.{name}" for name in FIELDS]


def test_an_account_shows_why_it_must_be_connected_again_and_where(consented: Consented) -> None:
    account = consented()
    rest, path = Rest(token_of(account.environment)), f"/integrated-account/{account.pk}"
    assert rest.get(path).json()["problem"] == ""
    OAuthGrant.objects.update(refused_at=account.updated_at, problem="OAuth Desk no longer accepts it")
    IntegratedAccount.objects.update(status="needs_reauth")
    shown = rest.get(path).json()
    assert (shown["status"], shown["problem"]) == ("needs_reauth", "OAuth Desk no longer accepts it")
    answer = rest.patch(path, {"connection": {"subdomain": "other", "client_secret": FIELDS["client_secret"]}})
    assert problem(answer, 409)["portal_url"].endswith(f"/accounts/{account.pk}/settings")
    assert account.connection["subdomain"] == "acme"


def test_no_answer_holds_a_token(consented: Consented) -> None:
    account = consented()
    content = Rest(token_of(account.environment)).get("/integrated-account").content.decode()
    assert "at-first" not in content
    assert "rt-first" not in content
    assert "at-first" not in grant_of(account).tokens
    assert "at-first" not in repr(grant_of(account))


def test_a_name_is_changed_without_consent(consented: Consented, authority: AuthorizationServer) -> None:
    account = consented()
    answer = Rest(token_of(account.environment)).patch(f"/integrated-account/{account.pk}", {"name": "Renamed"})
    assert answer.json()["name"] == "Renamed"
    assert authority.asked == []
