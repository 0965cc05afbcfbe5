"""Choosing an environment, and what somebody without one sees."""

from django.contrib.auth.models import Permission

from accounts.models import Environment, IntegratedAccount, Membership, Role, User
from tests.pages import as_read
from tests.people import People
from tests.portal_site import browser


def page(user: User, path: str = "/accounts") -> str:
    """Return a page as somebody sees it."""
    return as_read(browser(user).get(path).content.decode())


def test_only_environments_of_the_visitor_are_offered(people: People) -> None:
    assert "Elsewhere" not in page(people.owner)
    Membership.objects.create(environment=people.elsewhere, user=people.owner, role=Role.VIEWER)
    assert "Elsewhere" in page(people.owner)


def test_the_chosen_environment_stays_chosen(people: People, account: IntegratedAccount) -> None:
    Membership.objects.create(environment=people.elsewhere, user=people.owner, role=Role.ADMIN)
    client = browser(people.owner)
    client.post("/environment", {"environment": str(account.environment_id)})
    assert account.name in client.get("/accounts").content.decode()
    client.post("/environment", {"environment": str(people.elsewhere.pk)})
    assert account.name not in client.get("/accounts").content.decode()


def test_an_environment_of_others_cannot_be_chosen(people: People, environment: Environment) -> None:
    client = browser(people.outsider)
    client.post("/environment", {"environment": str(environment.pk)})
    assert "Production" not in client.get("/accounts").content.decode()


def test_opening_an_account_chooses_its_environment(people: People, account: IntegratedAccount) -> None:
    Membership.objects.create(environment=account.environment, user=people.outsider, role=Role.VIEWER)
    client = browser(people.outsider)
    assert "Connect your first account" in client.get("/accounts").content.decode()
    client.get(f"/accounts/{account.pk}")
    assert account.name in client.get("/accounts").content.decode()


def test_rights_follow_the_environment_and_not_the_person(people: People, account: IntegratedAccount) -> None:
    Membership.objects.create(environment=account.environment, user=people.outsider, role=Role.VIEWER)
    client = browser(people.outsider)
    assert client.get("/accounts/connect").status_code == 200
    assert client.get(f"/accounts/{account.pk}/settings").status_code == 403
    assert client.get("/accounts/connect").status_code == 403


def test_somebody_without_an_environment_is_told_what_to_do(db: None) -> None:
    nora = User.objects.create_user("nora")
    shown = page(nora)
    assert "You belong to no environment yet" in shown
    assert "signed in as <strong>nora</strong>" in shown
    assert browser(nora).get("/accounts/connect").status_code == 403


def test_staff_without_an_environment_are_led_to_make_one_if_they_may(db: None) -> None:
    stan = User.objects.create_user("stan", is_staff=True)
    assert "/admin/accounts/environment/" not in page(stan)
    stan.user_permissions.add(Permission.objects.get(codename="add_environment"))
    assert "/admin/accounts/environment/" in page(stan)


def test_only_staff_see_the_way_to_the_admin(people: People) -> None:
    assert "/admin/" not in page(people.owner)
    people.owner.is_staff = True
    people.owner.save()
    assert "/admin/" in page(people.owner)
