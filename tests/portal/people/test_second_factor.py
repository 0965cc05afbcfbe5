"""Two-factor sign-in: set up, asked for, guarded against guessing, recovered, switched off."""

import re
from datetime import timedelta

import pyotp
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, SecondFactor, User
from accounts.people.second_factors import begin_setup, confirm_setup
from tests.people import People
from tests.portal_site import browser, has_strict_policy

PASSWORD = "ana-pass-1"


@pytest.fixture
def ana(people: People) -> Client:
    return browser(people.owner)


@pytest.fixture
def codes(people: People, time_machine: object) -> list[str]:
    """The recovery codes of the owner, whose second factor is on."""
    factor = begin_setup(people.owner)
    made = confirm_setup(people.owner, pyotp.TOTP(factor.read_secret()).now())
    assert made is not None
    # A code is good for one use: the next one is another.
    time_machine.move_to(timezone.now() + timedelta(minutes=1))  # type: ignore[attr-defined]
    return made


def code_of(user: User) -> str:
    return pyotp.TOTP(SecondFactor.objects.get(user=user).read_secret()).now()


def sign_in(username: str = "ana", password: str = PASSWORD, following: str = "") -> Client:
    client = Client()
    client.post(f"/sign-in?next={following}", {"username": username, "password": password, "next": following})
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/accounts").status_code == 200


class TestSettingUp:
    """A factor is in use once a code of it was given."""

    def test_a_code_takes_it_into_use_and_shows_recovery_codes_once(self, ana: Client, people: People) -> None:
        page = ana.get("/profile/second-factor")
        secret = SecondFactor.objects.get(user=people.owner).read_secret()
        assert secret in page.content.decode()
        assert "<svg" in page.content.decode()
        assert has_strict_policy(page)
        shown = ana.post("/profile/second-factor", {"code": pyotp.TOTP(secret).now()}).content.decode()
        codes = re.findall(r"[0-9a-f]{6}-[0-9a-f]{6}", shown)
        assert len(set(codes)) == 10
        assert "Two-factor sign-in" in ana.get("/profile").content.decode()
        assert not set(codes) & set(re.findall(r"[0-9a-f]{6}-[0-9a-f]{6}", ana.get("/profile").content.decode()))
        stored = str(SecondFactor.objects.values().get())
        assert secret not in stored
        assert not [code for code in codes if code in stored]
        assert AuditEntry.objects.latest("pk").action == "second_factor.enabled"

    def test_a_wrong_code_leaves_it_off_and_keeps_the_key(self, ana: Client, people: People) -> None:
        ana.get("/profile/second-factor")
        before = SecondFactor.objects.get(user=people.owner).read_secret()
        response = ana.post("/profile/second-factor", {"code": "000000"})
        assert response.status_code == 422
        assert before in response.content.decode()
        assert is_signed_in(sign_in())

    def test_one_in_use_is_not_replaced(self, ana: Client, codes: list[str], people: People) -> None:
        before = SecondFactor.objects.get(user=people.owner).secret
        assert ana.get("/profile/second-factor").status_code == 302
        assert SecondFactor.objects.get(user=people.owner).secret == before


class TestSigningIn:
    """The password alone does not open anything."""

    def test_the_password_leads_to_the_code_and_the_code_inside(self, codes: list[str], people: People) -> None:
        client = sign_in(following="/people")
        assert not is_signed_in(client)
        assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/sign-in")
        response = client.post("/sign-in/code?next=/people", {"code": code_of(people.owner), "next": "/people"})
        assert response.headers["Location"] == "/people"
        assert is_signed_in(client)

    def test_a_code_works_once(self, codes: list[str], people: People) -> None:
        code = code_of(people.owner)
        assert sign_in().post("/sign-in/code", {"code": code}).status_code == 302
        again = sign_in()
        assert again.post("/sign-in/code", {"code": code}).status_code == 422
        assert not is_signed_in(again)

    def test_a_recovery_code_works_once(self, codes: list[str]) -> None:
        assert sign_in().post("/sign-in/code", {"code": f" {codes[0].upper()} "}).status_code == 302
        assert sign_in().post("/sign-in/code", {"code": codes[0]}).status_code == 422
        assert sign_in().post("/sign-in/code", {"code": codes[1]}).status_code == 302

    def test_guessing_is_locked_out_even_for_the_right_code(
        self, codes: list[str], people: People, time_machine: object
    ) -> None:
        client = sign_in()
        for _ in range(5):
            client.post("/sign-in/code", {"code": "000000"})
        locked = client.post("/sign-in/code", {"code": code_of(people.owner)})
        assert "Too many wrong codes" in locked.content.decode()
        time_machine.shift(60)  # type: ignore[attr-defined]
        assert client.post("/sign-in/code", {"code": code_of(people.owner)}).status_code == 302

    def test_without_a_password_there_is_no_code_to_give(self, codes: list[str], people: People) -> None:
        assert Client().post("/sign-in/code", {"code": code_of(people.owner)}).headers["Location"] == reverse("sign-in")

    def test_the_step_is_over_after_five_minutes(self, codes: list[str], people: People, time_machine: object) -> None:
        client = sign_in()
        time_machine.shift(301)  # type: ignore[attr-defined]
        assert client.post("/sign-in/code", {"code": code_of(people.owner)}).headers["Location"] == reverse("sign-in")
        assert not is_signed_in(client)

    def test_a_password_that_changes_meanwhile_ends_it(self, codes: list[str], people: People) -> None:
        client = sign_in()
        people.owner.set_password("another-pass-1")
        people.owner.save()
        client.post(reverse("sign-in-code"), {"code": codes[0]})
        assert client.get("/profile").status_code == 302

    def test_it_leads_to_no_other_site(self, codes: list[str], people: People) -> None:
        client = sign_in()
        response = client.post("/sign-in/code", {"code": code_of(people.owner), "next": "https://evil.example/"})
        assert response.headers["Location"] == "/accounts"


class TestChanging:
    """What makes signing in easier takes proof."""

    def test_switching_off_takes_password_and_code(self, ana: Client, codes: list[str], people: People) -> None:
        for form in (
            {"password": "wrong", "code": codes[0]},
            {"password": PASSWORD, "code": "000000"},
        ):
            assert ana.post("/profile/drop-second-factor", form).status_code == 422
        assert SecondFactor.objects.filter(user=people.owner).exists()
        ana.post("/profile/drop-second-factor", {"password": PASSWORD, "code": codes[1]})
        assert not SecondFactor.objects.filter(user=people.owner).exists()
        assert is_signed_in(sign_in())

    def test_new_recovery_codes_replace_the_old_ones(self, ana: Client, codes: list[str], people: People) -> None:
        assert ana.post("/profile/recovery-codes", {"code": "000000"}).status_code == 422
        shown = ana.post("/profile/recovery-codes", {"code": code_of(people.owner)}).content.decode()
        fresh = re.findall(r"[0-9a-f]{6}-[0-9a-f]{6}", shown)
        assert not set(fresh) & set(codes)
        assert sign_in().post("/sign-in/code", {"code": codes[0]}).status_code == 422
        assert sign_in().post("/sign-in/code", {"code": fresh[0]}).status_code == 302


def test_a_password_changes_against_the_present_one(ana: Client, people: People) -> None:
    form = {"old_password": "wrong", "new_password1": "quite-another-9", "new_password2": "quite-another-9"}
    assert ana.post("/profile/password", form).status_code == 422
    assert ana.post("/profile/password", {**form, "old_password": PASSWORD}).status_code == 302
    assert is_signed_in(ana)
    assert is_signed_in(sign_in(password="quite-another-9"))
    assert not is_signed_in(sign_in())


def test_details_are_escaped_where_they_are_shown(ana: Client) -> None:
    ana.post("/profile/details", {"first_name": "<script>alert(1)</script>", "last_name": "", "email": ""})
    for page in ("/profile", "/people"):
        assert "<script>alert" not in ana.get(page).content.decode()


def test_people_who_are_no_staff_do_not_loop_at_the_admin(people: People) -> None:
    assert browser(people.teammate).get("/admin/", follow=True).status_code == 403
