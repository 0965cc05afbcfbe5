"""Environments that are entered with a second factor only."""

import pytest
from django.test import Client

from accounts.models import AuditEntry, Environment, IntegratedAccount, Membership, Role
from accounts.people.members import accounts_of, may, require_second_factor
from tests.people import People
from tests.portal_site import browser, shown, shown_for
from tests.single_sign_on import give_factor

SET_UP = "/profile/second-factor"


@pytest.fixture
def tim(people: People, environment: Environment) -> Client:
    """The browser of a member who has no second factor, of an environment that takes one."""
    require_second_factor(environment, people.owner, True)
    return browser(people.teammate)


@pytest.mark.parametrize("page", ["/accounts", "/activity", "/people", "/api-tokens", "/audit", "/accounts/ID"])
def test_who_has_none_is_led_to_set_one_up(tim: Client, account: IntegratedAccount, page: str) -> None:
    response = tim.get(page.replace("ID", str(account.pk)))
    assert response.headers["Location"] == SET_UP
    page = shown(tim.get(SET_UP))
    assert "Production takes two-factor sign-in" in page
    assert account.name not in page


def test_who_has_one_enters(tim: Client, people: People) -> None:
    give_factor(people.teammate)
    assert tim.get("/accounts").status_code == 200


def test_nothing_of_it_is_seen_before(tim: Client, people: People, account: IntegratedAccount) -> None:
    assert account.name not in shown(tim.get("/search?q=acme"))
    assert tim.get("/profile").status_code == 200
    assert not accounts_of(people.teammate).exists()
    assert not may(people.teammate, account.environment, Role.VIEWER)
    assert tim.get("/activity/export").status_code == 404


def test_a_fragment_leads_the_whole_page_there(tim: Client) -> None:
    response = tim.get("/people", headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"] == SET_UP


def test_other_environments_are_entered_as_ever(tim: Client, people: People, environment: Environment) -> None:
    Membership.objects.create(environment=people.elsewhere, user=people.teammate)
    page = shown(tim.get("/accounts"))
    assert "takes two-factor sign-in" in page
    assert tim.post("/environment", {"environment": str(environment.pk)}).headers["Location"] == SET_UP
    assert tim.post("/environment", {"environment": str(people.elsewhere.pk)}).headers["Location"] == "/accounts"


def test_outsiders_learn_nothing_of_it(tim: Client, people: People, account: IntegratedAccount) -> None:
    assert browser(people.outsider).get(f"/accounts/{account.pk}").status_code == 404


def test_admins_say_whether_it_is_required(people: People, environment: Environment) -> None:
    ana = browser(people.owner)
    give_factor(people.owner)
    for required in ("1", "0"):
        ana.post("/people/second-factor", {"required": required, **shown_for(environment)})
        environment.refresh_from_db()
        assert environment.second_factor_required is (required == "1")
    assert AuditEntry.objects.filter(action="environment.changed", actor="ana").count() == 2


@pytest.mark.parametrize("name", ["operator", "teammate", "outsider"])
def test_nobody_else_does(people: People, environment: Environment, name: str) -> None:
    client = browser(getattr(people, name))
    client.post("/people/second-factor", {"required": "1", **shown_for(environment)})
    environment.refresh_from_db()
    assert not environment.second_factor_required
