"""Signing in and out of the portal."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.people import People
from tests.portal_site import browser, has_strict_policy

PASSWORD = "ana-pass-1"


def sign_in(client: Client, name: str = "ana", password: str = PASSWORD, after: str = "") -> str:
    """Send the form; return where it leads, or the page that it came back with."""
    response = client.post("/sign-in", {"username": name, "password": password, "next": after})
    return response.headers.get("Location", "") or response.content.decode()


def test_names_of_the_paths_are_what_settings_expect() -> None:
    assert (reverse("sign-in"), reverse("sign-out"), reverse("accounts")) == ("/sign-in", "/sign-out", "/accounts")


def test_whoever_signs_in_lands_on_their_accounts(people: People) -> None:
    assert sign_in(Client()) == "/accounts"


def test_the_page_that_was_asked_for_opens_after_signing_in(people: People) -> None:
    client = Client()
    asked = client.get("/accounts?q=acme")
    assert asked.headers["Location"] == "/sign-in?next=/accounts%3Fq%3Dacme"
    assert sign_in(client, after="/accounts?q=acme") == "/accounts?q=acme"


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"])
def test_another_site_is_never_where_signing_in_leads(people: People, after: str) -> None:
    assert sign_in(Client(), after=after) == "/accounts"


def test_a_refusal_does_not_tell_which_part_was_wrong(people: People) -> None:
    User.objects.create_user("gone", password="gone-pass-1", is_active=False)
    pages = [
        sign_in(Client(), "ana", "wrong"),
        sign_in(Client(), "nobody", "wrong"),
        sign_in(Client(), "gone", "gone-pass-1"),
    ]
    assert all("This name and password do not match." in page for page in pages)
    assert 'value="ana"' in pages[0]
    assert all("wrong" not in page for page in pages)


def test_attempts_are_locked_after_too_many_failures_even_with_the_right_password(
    people: People, settings: pytest.FixtureRequest
) -> None:
    settings.SIGN_IN_FAILURE_LIMIT = 3  # type: ignore[attr-defined]
    client = Client()
    for _ in range(3):
        page = sign_in(client, password="wrong")
    assert "Sign-in is locked for now" in page
    response = client.post("/sign-in", {"username": "ana", "password": PASSWORD})
    assert response.status_code == 429
    assert "Wait 15 minutes" in response.content.decode()
    assert has_strict_policy(response)
    assert sign_in(Client(), "tim", "tim-pass-1") == "/accounts"


def test_signing_out_takes_a_post_and_ends_the_session(people: People) -> None:
    client = browser(people.owner)
    assert client.get("/sign-out").status_code == 405
    assert client.get("/accounts").status_code == 200
    assert client.post("/sign-out").headers["Location"] == "/sign-in"
    assert client.get("/accounts").status_code == 302


def test_who_is_signed_in_does_not_see_the_form_again(people: People) -> None:
    assert browser(people.owner).get("/sign-in").headers["Location"] == "/accounts"


def test_the_sign_in_page_is_strict_and_kept_in_no_cache(db: None) -> None:
    response = Client().get("/sign-in/")
    assert has_strict_policy(response)
    assert "no-store" in response.headers["Cache-Control"]


def test_the_first_page_leads_to_the_accounts(people: People) -> None:
    assert browser(people.owner).get("/").headers["Location"] == "/accounts"


def test_an_expired_session_sends_the_whole_page_of_a_script_to_sign_in(people: People) -> None:
    response = Client().get(
        "/accounts", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/accounts?q=a"}
    )
    assert response.headers["HX-Redirect"] == "/sign-in?next=/accounts%3Fq%3Da"


def test_a_form_without_its_token_is_refused_with_words(people: People) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.owner)
    response = client.post("/environment", {"environment": "x"})
    assert response.status_code == 403
    assert "This form is out of date" in response.content.decode()
    assert has_strict_policy(response)
