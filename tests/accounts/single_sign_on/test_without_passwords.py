"""PASSWORD_SIGN_IN=0: passwords are refused, except for one superuser's."""

import os
import subprocess
import sys

import pytest
from django.conf import settings as configured
from django.test import Client
from pytest_django import Settings

from accounts.models import Environment, Role, User
from accounts.people.invitations import invite
from tests.people import People
from tests.portal_site import browser, shown
from tests.single_sign_on import give_factor, sign_on
from tests.vendors.identity_provider import KnobbedProvider

PASSWORD = "root-pass-1"


@pytest.fixture(autouse=True)
def _without_passwords(settings: Settings) -> None:
    settings.PASSWORD_SIGN_IN = False
    settings.BREAK_GLASS_USER = "root"


def sign_in(name: str, password: str) -> int:
    return Client().post("/sign-in", {"username": name, "password": password}).status_code


def test_only_the_one_superuser_uses_a_password(people: People) -> None:
    for name in ("root", "other"):
        User.objects.create_superuser(name, password=PASSWORD)
    assert sign_in("root", PASSWORD) == 302
    assert sign_in("other", PASSWORD) == 200
    assert sign_in("ana", "ana-pass-1") == 200
    assert sign_in("root", "wrong") == 200


def test_the_name_alone_is_not_enough(people: People) -> None:
    User.objects.create_user("root", password=PASSWORD, is_staff=True)
    assert sign_in("root", PASSWORD) == 200


def test_a_refusal_does_not_tell_that_the_password_was_right(people: People) -> None:
    for password in ("ana-pass-1", "x"):
        page = shown(Client().post("/sign-in", {"username": "ana", "password": password}))
        assert "This name and password do not match." in page


def test_the_page_offers_the_providers_and_an_emergency_access(acme: KnobbedProvider) -> None:
    page = shown(Client().get("/sign-in"))
    assert page.index("Sign in with Acme") < page.index("Emergency access")


def test_the_profile_offers_no_password(acme: KnobbedProvider, environment: Environment) -> None:
    client = Client()
    sign_on(client, acme)
    assert "Change password" not in shown(client.get("/profile"))


def test_a_second_factor_is_removed_with_a_code_alone(acme: KnobbedProvider) -> None:
    client = Client()
    sign_on(client, acme)
    ida = User.objects.get()
    give_factor(ida)
    factor = ida.second_factor
    code = factor.new_recovery_codes()[0]
    factor.save()
    client.post("/profile/drop-second-factor", {"code": code})
    assert not User.objects.filter(second_factor__isnull=False).exists()


def test_an_invitation_makes_no_password(people: People) -> None:
    path = str(invite(people.elsewhere, people.outsider, role=Role.VIEWER).path)
    page = shown(Client().get(path))
    assert "Sign in with your organisation" in page
    assert "Create my account" not in page
    form = {"username": "new", "password1": "a-long-pass-1", "password2": "a-long-pass-1"}
    assert Client().post(f"{path}/join", form).headers["Location"] == path
    assert not User.objects.filter(username="new").exists()


def test_who_confirms_an_action_is_led_to_the_provider(
    acme: KnobbedProvider, people: People, settings: Settings
) -> None:
    client = browser(people.owner)
    people.owner.identities.create(issuer=acme.issuer, subject="ana")
    session = client.session
    session["password_given_at"] = "2026-01-01T00:00:00+00:00"
    session.save()
    page = client.get("/profile/second-factor")
    assert 'href="/sign-in/with/acme?again=1&amp;next=%2Fprofile%2Fsecond-factor"' in page.content.decode()
    assert "Your password" not in shown(page).partition("<h1")[2].partition("</h1>")[2]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "PASSWORD_SIGN_IN=0 takes OIDC_PROVIDERS"),
        ({"BREAK_GLASS_USER": "root"}, "PASSWORD_SIGN_IN=0 takes OIDC_PROVIDERS"),
        ({"OIDC_PROVIDERS": '[{"name": "a"}]'}, "OIDC_PROVIDERS is not a usable JSON list of providers: 0.label"),
        ({"OIDC_PROVIDERS": '[{"client_secret": ["s3cret"]}]'}, "OIDC_PROVIDERS is not a usable JSON list"),
        ({"OIDC_PROVIDERS": "s3cret"}, "OIDC_PROVIDERS is not a usable JSON list"),
    ],
)
def test_a_setting_that_cannot_be_used_stops_the_start(changed: dict[str, str], words: str) -> None:
    environ = {**os.environ, "PASSWORD_SIGN_IN": "0", **changed}
    command = [sys.executable, "manage.py", "check"]
    run = subprocess.run(command, cwd=configured.BASE_DIR, env=environ, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert words in run.stderr
    assert "s3cret" not in run.stderr + run.stdout
