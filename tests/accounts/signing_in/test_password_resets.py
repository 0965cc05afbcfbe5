"""A new password for who lost theirs, by a link that only they get."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, PasswordReset, Session, User
from accounts.tasks import send_password_links
from tests.mail_server import UNWILLING, have_mail
from tests.people import People
from tests.portal_site import browser, has_strict_policy, shown
from tests.single_sign_on import give_factor

ADDRESS = "ana@example.com"
NEW = "quite-another-pass-1"
LINK = re.compile(r"/sign-in/new-password/pbpwd_[0-9A-Za-z]+")


@pytest.fixture(autouse=True)
def _mail_server(settings: Any) -> None:
    have_mail(settings)


@pytest.fixture
def ana(people: People) -> User:
    """Somebody with an address and a password."""
    people.owner.email = ADDRESS
    people.owner.save()
    return people.owner


def ask(address: str = ADDRESS) -> str:
    """Ask for a link; return the page."""
    return shown(Client().post("/sign-in/forgotten", {"email": address}))


def link() -> str:
    """Have the worker send, and return the link in the newest mail."""
    send_password_links()
    found = LINK.search(str(mail.outbox[-1].body))
    assert found
    return found.group()


def choose(path: str, password: str = NEW) -> str:
    """Choose a password; return the page."""
    return shown(Client().post(path, {"new_password1": password, "new_password2": password}))


def may_sign_in(password: str) -> bool:
    return Client().post("/sign-in", {"username": "ana", "password": password}).status_code == 302


def test_a_link_is_mailed_and_works_once(ana: User) -> None:
    assert "/sign-in/forgotten" in Client().get("/sign-in").content.decode()
    ask("Ana@Example.com")
    path = link()
    page = Client().get(path)
    assert has_strict_policy(page)
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert "A new password for ana" in shown(page)
    assert mail.outbox[-1].to == [ADDRESS]
    assert "Your password is changed" in choose(path)
    assert may_sign_in(NEW)
    assert not may_sign_in("ana-pass-1")
    assert "This link cannot be used" in choose(path, "yet-another-pass-1")
    assert may_sign_in(NEW)


def test_every_session_ends_and_nobody_is_signed_in(ana: User) -> None:
    client = browser(ana)
    ask()
    path = link()
    visitor = Client()
    visitor.post(path, {"new_password1": NEW, "new_password2": NEW})
    assert client.get("/accounts").status_code == 302
    assert visitor.get("/accounts").status_code == 302
    assert not Session.objects.filter(user=ana).exists()
    assert [*AuditEntry.objects.order_by("pk").values_list("action", flat=True)][-1] == "password.reset"


def test_a_second_factor_is_still_asked_for(ana: User) -> None:
    give_factor(ana)
    ask()
    choose(link())
    response = Client().post("/sign-in", {"username": "ana", "password": NEW})
    assert response.headers["Location"].startswith("/sign-in/code")


def test_the_page_says_the_same_whoever_it_is(ana: User) -> None:
    assert ask() == ask("nobody@example.com")
    send_password_links()
    assert len(mail.outbox) == 1


def test_who_has_no_password_or_is_deactivated_gets_none(ana: User) -> None:
    ana.set_unusable_password()
    ana.save()
    User.objects.create_user("gone", email=ADDRESS, password="gone-pass-1", is_active=False)
    ask()
    assert not PasswordReset.objects.exists()


def test_one_mail_in_ten_minutes(ana: User) -> None:
    ask()
    first = link()
    ask()
    assert send_password_links() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        ask()
        assert link() != first
        assert "This link cannot be used" in choose(first)


def test_a_link_ends_after_an_hour(ana: User) -> None:
    ask()
    path = link()
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert "This link cannot be used" in choose(path)
    assert may_sign_in("ana-pass-1")


def test_an_easy_password_is_refused_and_the_link_stays(ana: User) -> None:
    ask()
    path = link()
    assert "too short" in choose(path, "1")
    assert "Your password is changed" in choose(path)


def test_what_the_mail_server_refuses_is_tried_again(
    ana: User, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = UNWILLING
    ask()
    assert send_password_links() == 0
    assert not re.search(rf"pbpwd_\w|{ADDRESS}", caplog.text)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        assert "Your password is changed" in choose(link())


@pytest.mark.parametrize("changed", [{"MAIL_ENABLED": False}, {"PASSWORD_SIGN_IN": False}])
def test_without_mail_or_passwords_there_is_no_such_page(ana: User, settings: Any, changed: dict[str, bool]) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)
    assert Client().get("/sign-in/forgotten").status_code == 404
    assert "/sign-in/forgotten" not in Client().get("/sign-in").content.decode()


@pytest.mark.parametrize("token", ["x", "pbpwd_", "pbpwd_" + "0" * 49, "%00"])
def test_any_other_token_is_refused(ana: User, token: str) -> None:
    assert Client().get(f"/sign-in/new-password/{token}").status_code == 404


def test_the_address_is_changed_with_a_recent_password_only(ana: User) -> None:
    client = browser(ana)
    session = client.session
    session["password_given_at"] = "2026-01-01T00:00:00+00:00"
    session.save()
    client.post("/profile/details", {"first_name": "", "last_name": "", "email": "mallory@example.com"})
    ana.refresh_from_db()
    assert ana.email == ADDRESS


class TestWithoutMail:
    """A superuser makes the link in the admin, and hands it over."""

    def test_a_superuser_makes_a_link(self, ana: User) -> None:
        admin = browser(User.objects.create_superuser("root", password="root-pass-1"))
        page = f"/admin/accounts/user/{ana.pk}/password-link/"
        assert not LINK.search(admin.get(page).content.decode())
        assert not PasswordReset.objects.exists()
        made = admin.post(page)
        found = LINK.search(made.content.decode())
        assert found
        assert "no-store" in made.headers["Cache-Control"]
        assert AuditEntry.objects.filter(action="password.link_made", actor="root").exists()
        assert "Your password is changed" in choose(found.group())

    def test_staff_do_not(self, ana: User) -> None:
        staff = User.objects.create_user("sam", is_staff=True)
        staff.user_permissions.set(Permission.objects.all())
        assert browser(staff).post(f"/admin/accounts/user/{ana.pk}/password-link/").status_code == 403
        assert not PasswordReset.objects.exists()
