"""Connecting an account in the portal: fields of the definition, the test at the vendor, refusals."""

import pytest
from django.http.response import HttpResponseBase
from django.test import Client

from accounts.models import Environment, IntegratedAccount, Integration
from portal.accounts.forms import filled_link
from tests.fuse_desk import SIMULATOR_KEY
from tests.people import People
from tests.portal_site import browser, has_strict_policy

PATH = "/accounts/connect/fuse_desk"


def fields(simulator: str, **changes: str) -> dict[str, str]:
    """Return the form as somebody fills it in."""
    return {
        "name": "My desk",
        "field_app_name": "acme",
        "field_api_key": SIMULATOR_KEY,
        "base_url": f"{simulator}/api",
        **changes,
    }


@pytest.fixture
def ana(people: People, integration: Integration) -> Client:
    """The browser of an admin."""
    return browser(people.owner)


def shown(response: HttpResponseBase) -> str:
    """Return the page of a response."""
    return response.content.decode()  # type: ignore[attr-defined, no-any-return]


def test_only_admins_connect_accounts(people: People, integration: Integration, simulator: str) -> None:
    for person, status in (
        (people.owner, 200),
        (people.operator, 403),
        (people.teammate, 403),
    ):
        client = browser(person)
        assert client.get("/accounts/connect").status_code == status
        assert client.get(PATH).status_code == status
        assert ("Connect account" in shown(client.get("/accounts"))) is (status == 200)
    refused = browser(people.teammate).post(PATH, fields(simulator))
    assert refused.status_code == 403
    assert "This requires the role “admin” in Production, which you do not have." in shown(refused)
    assert not IntegratedAccount.objects.exists()


def test_an_outsider_connects_into_their_own_environment_only(
    people: People, integration: Integration, simulator: str
) -> None:
    browser(people.outsider).post(PATH, fields(simulator))
    assert IntegratedAccount.objects.get().environment == people.elsewhere


def test_the_choice_names_each_integration(ana: Client) -> None:
    page = shown(ana.get("/accounts/connect"))
    assert PATH in page
    assert "Help desk for teams that work from a CRM" in page


def test_the_form_asks_for_what_the_definition_declares(ana: Client) -> None:
    response = ana.get(PATH)
    page = shown(response)
    assert "App name" in page
    assert "For https://acme.fusedesk.com it is acme." in page
    assert 'type="password" name="field_api_key"' in page
    assert 'autocomplete="off"' in page
    assert has_strict_policy(response)
    assert response.headers["Cache-Control"] == "private, no-store"


def test_an_accepted_account_is_connected(ana: Client, environment: Environment, simulator: str) -> None:
    response = ana.post(PATH, fields(simulator))
    account = IntegratedAccount.objects.get()
    assert response.headers["Location"] == f"/accounts/{account.pk}"
    assert (account.name, account.environment, account.status) == ("My desk", environment, "active")
    assert account.checked_at is not None
    assert account.read_credentials() == {"api_key": SIMULATOR_KEY}
    assert "My desk is connected." in shown(ana.get(response.headers["Location"]))


def test_a_refusal_shows_the_vendor_s_own_words_and_keeps_all_but_secrets(ana: Client, simulator: str) -> None:
    response = ana.post(PATH, fields(simulator, field_api_key="not-the-key"))
    page = shown(response)
    assert response.status_code == 422
    assert "FuseDesk refused the connection with HTTP 401: " in page
    assert "X-FuseDesk-API-Key" in page
    assert 'value="My desk"' in page
    assert 'value="acme"' in page
    assert "not-the-key" not in page
    assert not IntegratedAccount.objects.exists()


def test_reasons_stand_beside_their_fields(ana: Client, simulator: str) -> None:
    response = ana.post(PATH, fields(simulator, field_app_name="acme.example/x", field_api_key="", name=""))
    page = shown(response)
    assert response.status_code == 422
    assert 'id="id_field_api_key_error"><li>API key is required.' in page
    assert "Give the account a name." in page
    assert 'value="acme.example/x"' in page


def test_a_value_of_the_wrong_form_is_refused_with_its_help(ana: Client, simulator: str) -> None:
    page = shown(ana.post(PATH, fields(simulator, field_app_name="acme.example/x")))
    assert 'id="id_field_app_name_error"><li>App name does not have the expected form.' in page


def test_the_link_to_the_vendor_is_filled_once_its_fields_are_known(ana: Client, simulator: str) -> None:
    assert 'href="https://{app_name}' not in shown(ana.get(PATH))
    page = shown(ana.post(PATH, fields(simulator, field_api_key="")))
    assert 'href="https://acme.fusedesk.com/app/#apikeys' in page


@pytest.mark.parametrize(
    ("template", "known", "link"),
    [
        ("https://{app}.example.com/keys", {"app": "acme"}, "https://acme.example.com/keys"),
        ("https://{app}.example.com/keys", {"app": "evil.com/"}, "https://evil.com%2F.example.com/keys"),
        ("https://{app}.example.com/keys", {"app": ""}, ""),
        ("https://{app}.example.com/keys", {}, ""),
        ("javascript:alert(1)", {}, ""),
        ("", {}, ""),
    ],
)
def test_a_link_leads_to_the_vendor_or_is_not_there(template: str, known: dict[str, str], link: str) -> None:
    assert filled_link(template, known) == link


def test_labels_and_help_of_a_definition_cannot_bring_markup(ana: Client, integration: Integration) -> None:
    field = integration.definition["connection_fields"][0]
    field |= {"label": "<img src=x>", "help": "<script>x</script>", "placeholder": '"><script>'}
    integration.definition["description"] = "<script>y</script>"
    integration.save()
    for path in (PATH, "/accounts/connect"):
        page = shown(ana.get(path))
        assert "<img" not in page
        assert "<script>" not in page


def test_a_definition_that_is_broken_is_a_page_that_says_so(ana: Client, integration: Integration) -> None:
    integration.definition = {"name": "broken"}
    integration.save()
    response = ana.get(PATH)
    assert response.status_code == 404
    assert "The definition of FuseDesk is not valid at present." in shown(response)


def test_without_an_integration_the_page_says_how_to_load_one(people: People) -> None:
    assert "load_integration" in shown(browser(people.owner).get("/accounts/connect"))
