"""The settings of an account: name, connection, disabling; and testing the connection from the overview."""

import pytest
from django.test import Client

from accounts.models import AuditEntry, IntegratedAccount
from tests.fuse_desk import SIMULATOR_KEY
from tests.people import People
from tests.portal_site import browser


@pytest.fixture
def ana(people: People) -> Client:
    """The browser of an admin."""
    return browser(people.owner)


def test_only_admins_reach_the_settings_and_outsiders_find_nothing(people: People, account: IntegratedAccount) -> None:
    paths = [f"/accounts/{account.pk}/{last}" for last in ("rename", "time-zone", "reconnect", "enable", "disable")]
    for person, status in ((people.operator, 403), (people.teammate, 403), (people.outsider, 404)):
        client = browser(person)
        assert client.get(f"/accounts/{account.pk}/settings").status_code == status
        assert [client.post(path, {"name": "Taken"}).status_code for path in paths] == [status] * 5
        assert "/settings" not in client.get(f"/accounts/{account.pk}").content.decode()
    account.refresh_from_db()
    assert (account.name, account.status) == ("Acme FuseDesk", "active")
    assert browser(people.owner).get(f"/accounts/{account.pk}/settings").status_code == 200


def test_an_account_is_renamed(ana: Client, account: IntegratedAccount) -> None:
    response = ana.post(f"/accounts/{account.pk}/rename", {"name": "Acme support"})
    account.refresh_from_db()
    assert account.name == "Acme support"
    assert "The account is called Acme support now." in ana.get(response.headers["Location"]).content.decode()


def test_a_name_that_is_empty_is_refused_beside_its_field(ana: Client, account: IntegratedAccount) -> None:
    response = ana.post(f"/accounts/{account.pk}/rename", {"name": "  "})
    assert response.status_code == 422
    assert "Give the account a name." in response.content.decode()


def test_stored_secrets_are_never_shown(ana: Client, account: IntegratedAccount) -> None:
    page = ana.get(f"/accounts/{account.pk}/settings").content.decode()
    assert SIMULATOR_KEY not in page
    assert 'value="acme"' in page
    assert "Leave empty to keep the present one" in page


def test_a_secret_that_is_left_empty_stays(ana: Client, account: IntegratedAccount) -> None:
    form = {"field_app_name": "acme2", "field_api_key": "", "base_url": account.base_url}
    response = ana.post(f"/accounts/{account.pk}/reconnect", form)
    assert response.headers["Location"] == f"/accounts/{account.pk}/settings"
    account.refresh_from_db()
    assert account.connection == {"app_name": "acme2"}
    assert account.read_credentials() == {"api_key": SIMULATOR_KEY}


def test_credentials_that_the_vendor_refuses_change_nothing(ana: Client, account: IntegratedAccount) -> None:
    form = {"field_app_name": "acme", "field_api_key": "not-the-key", "base_url": account.base_url}
    response = ana.post(f"/accounts/{account.pk}/reconnect", form)
    page = response.content.decode()
    assert response.status_code == 422
    assert "FuseDesk refused the connection with HTTP 401" in page
    assert "not-the-key" not in page
    account.refresh_from_db()
    assert account.read_credentials() == {"api_key": SIMULATOR_KEY}


def test_an_address_that_may_not_be_called_is_refused(ana: Client, account: IntegratedAccount) -> None:
    form = {"field_app_name": "acme", "field_api_key": "new-key", "base_url": "http://169.254.169.254/latest"}
    response = ana.post(f"/accounts/{account.pk}/reconnect", form)
    assert response.status_code == 422
    assert 'id="id_base_url_error"><li>FuseDesk was not asked' in response.content.decode()


def test_disabling_can_be_undone_from_its_message(ana: Client, account: IntegratedAccount) -> None:
    response = ana.post(f"/accounts/{account.pk}/disable")
    account.refresh_from_db()
    assert account.status == "disabled"
    page = ana.get(response.headers["Location"]).content.decode()
    assert f'action="/accounts/{account.pk}/enable"' in page
    assert "Undo" in page
    ana.post(f"/accounts/{account.pk}/enable")
    account.refresh_from_db()
    assert account.status == "active"


def test_a_check_tells_that_the_connection_works(ana: Client, account: IntegratedAccount) -> None:
    account.status = account.Status.NEEDS_REAUTH
    account.save()
    response = ana.post(f"/accounts/{account.pk}/check")
    account.refresh_from_db()
    assert (account.status, account.checked_at is not None) == ("active", True)
    assert "FuseDesk answered: the connection works." in ana.get(response.headers["Location"]).content.decode()
    assert AuditEntry.objects.filter(action="integrated_account.checked").exists()


def test_a_check_that_the_vendor_refuses_asks_for_new_credentials(ana: Client, account: IntegratedAccount) -> None:
    account.set_credentials({"api_key": "revoked"})
    account.save()
    response = ana.post(f"/accounts/{account.pk}/check")
    account.refresh_from_db()
    assert account.status == "needs_reauth"
    page = ana.get(response.headers["Location"]).content.decode()
    assert "HTTP 401" in page
    assert "Reconnect…" in page


def test_a_check_leaves_a_disabled_account_disabled(ana: Client, account: IntegratedAccount) -> None:
    account.status = account.Status.DISABLED
    account.save()
    ana.post(f"/accounts/{account.pk}/check")
    account.refresh_from_db()
    assert account.status == "disabled"


def test_operators_check_and_viewers_do_not(people: People, account: IntegratedAccount) -> None:
    path = f"/accounts/{account.pk}/check"
    assert browser(people.operator).post(path).status_code == 302
    assert browser(people.teammate).post(path).status_code == 403
    assert browser(people.outsider).post(path).status_code == 404


def test_credentials_under_a_lost_key_say_what_to_do(ana: Client, account: IntegratedAccount) -> None:
    account.credentials = "k0." + account.credentials.partition(".")[2]
    account.save()
    checked = ana.post(f"/accounts/{account.pk}/check")
    assert "give every secret field again" in ana.get(checked.headers["Location"]).content.decode()
    form = {"field_app_name": "acme", "field_api_key": "", "base_url": account.base_url}
    refused = ana.post(f"/accounts/{account.pk}/reconnect", form)
    assert refused.status_code == 422
    assert "give every secret field again" in refused.content.decode()
    accepted = ana.post(f"/accounts/{account.pk}/reconnect", {**form, "field_api_key": SIMULATOR_KEY})
    assert accepted.status_code == 302


def test_the_time_zone_is_set_and_an_unknown_one_refused(ana: Client, account: IntegratedAccount) -> None:
    path = f"/accounts/{account.pk}/time-zone"
    response = ana.post(path, {"time_zone": "Europe/Berlin"})
    account.refresh_from_db()
    assert account.time_zone == "Europe/Berlin"
    shown = ana.get(response.headers["Location"]).content.decode()
    assert "The time zone of Acme FuseDesk is Europe/Berlin now." in shown
    assert 'value="Europe/Berlin"' in shown
    refused = ana.post(path, {"time_zone": "Berlin"})
    assert refused.status_code == 422
    assert "Did you mean Europe/Berlin?" in refused.content.decode()
    account.refresh_from_db()
    assert account.time_zone == "Europe/Berlin"
