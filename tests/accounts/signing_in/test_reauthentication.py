"""The password is asked for again before what a browser left open must not be enough for."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pyotp
import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, Environment, IntegratedAccount, Invitation, Membership, Role, SecondFactor, User
from accounts.people.second_factors import begin_setup, confirm_setup
from mcpservers.models import MCPServer
from tests.admin_site import browser as admin_browser
from tests.pages import as_read
from tests.people import People
from tests.portal_site import browser, has_strict_policy

PASSWORD = "ana-pass-1"
ASKED = "Your password, please"
Form = dict[str, Any]


@pytest.fixture
def clock(time_machine: Any) -> Any:
    """A clock that goes on only when it is told to."""
    time_machine.move_to(timezone.now(), tick=False)
    return time_machine


@pytest.fixture
def ana(people: People, clock: Any) -> Client:
    """The owner, who signed in a quarter of an hour ago."""
    client = browser(people.owner)
    clock.shift(timedelta(minutes=15))
    return client


def carried(page: str) -> dict[str, list[str]]:
    """Return what the form of a page would send again."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page):
        if name != "csrfmiddlewaretoken":
            found.setdefault(unescape(name), []).append(unescape(value))
    return found


def is_asked(response: Any) -> bool:
    return response.status_code == 422 and ASKED in response.content.decode()


Case = Callable[[People, IntegratedAccount, MCPServer], tuple[str, Form, Callable[[], Any]]]


def tokens() -> int:
    return ApiToken.objects.count()


def codes_of(person: User) -> Any:
    row = SecondFactor.objects.filter(user=person).first()
    return (row.recovery_digests, row.confirmed_at) if row else None


def _with_factor(people: People) -> str:
    factor = begin_setup(people.owner)
    codes = confirm_setup(people.owner, pyotp.TOTP(factor.read_secret()).now())
    assert codes is not None
    return codes[0]


def _issue(people: People, account: IntegratedAccount, server: MCPServer) -> Any:
    return "/api-tokens/issue", {"name": "Nightly", "role": "viewer", "ends": "30"}, tokens


def _longest_life(people: People, account: IntegratedAccount, server: MCPServer) -> Any:
    return (
        "/api-tokens/longest-life",
        {"days": "365"},
        lambda: Environment.objects.get(pk=account.environment_id).token_days_max,
    )


def _invite(people: People, account: IntegratedAccount, server: MCPServer) -> Any:
    return "/people/invite", {"role": "viewer", "note": "Nina"}, Invitation.objects.count


def _create(people: People, account: IntegratedAccount, server: MCPServer) -> Any:
    form = {"name": "Agent", "access": "choose", "methods": ["read", "write"], "ends": "30", "time_zone": "UTC"}
    return f"/accounts/{account.pk}/mcp-servers/create", form, MCPServer.objects.count


def _rotate(people: People, account: IntegratedAccount, server: MCPServer) -> Any:
    path = f"/accounts/{account.pk}/mcp-servers/{server.pk}/rotate"
    return path, {"grace": "0"}, lambda: MCPServer.objects.get(pk=server.pk).last_four


def _reconnect(people: People, account: IntegratedAccount, server: MCPServer) -> Any:
    form = {"field_app_name": "other", "field_api_key": "fd-demo-key", "base_url": account.base_url}
    path = f"/accounts/{account.pk}/reconnect"
    return path, form, lambda: IntegratedAccount.objects.get(pk=account.pk).connection


def _recovery(people: People, account: IntegratedAccount, server: MCPServer) -> Any:
    return "/profile/recovery-codes", {"code": _with_factor(people)}, lambda: codes_of(people.owner)


def _drop(people: People, account: IntegratedAccount, server: MCPServer) -> Any:
    form = {"code": _with_factor(people), "password": PASSWORD}
    return "/profile/drop-second-factor", form, lambda: codes_of(people.owner)


CASES: dict[str, Case] = {
    "an API token": _issue,
    "a longer life of tokens": _longest_life,
    "an invitation": _invite,
    "an MCP server": _create,
    "a new URL": _rotate,
    "a connection": _reconnect,
    "recovery codes": _recovery,
    "no second factor": _drop,
}

# What is done shows a secret once, on the page itself; everything else leads to another page.
SHOWN_AT_ONCE = {"an API token", "an invitation", "an MCP server", "a new URL", "recovery codes"}


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_done_until_the_password_is_given_and_nothing_typed_is_lost(
    people: People, server: tuple[MCPServer, str], clock: Any, case: str
) -> None:
    path, form, state = CASES[case](people, server[0].account, server[0])
    client = browser(people.owner)
    clock.shift(timedelta(minutes=15))
    before = state()
    asked = client.post(path, form)
    assert is_asked(asked)
    assert state() == before
    assert "no-store" in asked.headers["Cache-Control"]
    assert has_strict_policy(asked)
    again = carried(asked.content.decode())
    assert again == {name: value if isinstance(value, list) else [value] for name, value in form.items()}
    wrong = client.post(path, {**again, "confirm_password": "wrong"})
    assert is_asked(wrong)
    assert "This is not your password" in wrong.content.decode()
    assert state() == before
    done = client.post(path, {**again, "confirm_password": PASSWORD})
    assert done.status_code == (200 if case in SHOWN_AT_ONCE else 302)
    assert state() != before


def test_a_password_holds_for_a_quarter_of_an_hour(ana: Client, clock: Any) -> None:
    form = {"name": "Nightly", "role": "viewer", "ends": "30"}
    assert ana.post("/api-tokens/issue", {**form, "confirm_password": PASSWORD}).status_code == 200
    clock.shift(timedelta(minutes=14, seconds=59))
    assert ana.post("/api-tokens/issue", form).status_code == 200
    clock.shift(timedelta(seconds=1))
    assert is_asked(ana.post("/api-tokens/issue", form))


def test_a_page_that_shows_a_secret_asks_before_it_is_read(ana: Client, people: People) -> None:
    asked = ana.get("/profile/second-factor")
    assert is_asked(asked)
    assert not SecondFactor.objects.filter(user=people.owner).exists()
    again = carried(asked.content.decode())
    led = ana.post("/profile/second-factor", {**again, "confirm_password": PASSWORD})
    assert led.headers["Location"] == "/profile/second-factor"
    shown = ana.get("/profile/second-factor").content.decode()
    assert SecondFactor.objects.get(user=people.owner).read_secret() in shown


def test_pages_that_only_ask_for_settings_open_without_it(ana: Client) -> None:
    assert ana.get("/api-tokens/issue").status_code == 200
    assert not is_asked(ana.get("/profile"))


def test_a_dialog_asks_inside_itself(ana: Client) -> None:
    headers = {"HX-Request": "true", "HX-Target": "dialog-body"}
    page = ana.post("/api-tokens/issue", {"name": "N", "role": "viewer", "ends": ""}, headers=headers)
    assert is_asked(page)
    shown = as_read(page.content.decode())
    assert "<html" not in shown
    assert 'hx-post="/api-tokens/issue" hx-target="#dialog-body"' in shown
    assert "HX-Request" in page.headers["Vary"]


def test_what_was_typed_is_escaped(ana: Client) -> None:
    typed = '"><script>alert(1)</script>\n'
    page = ana.post("/api-tokens/issue", {"name": typed, "role": "viewer", "ends": ""}).content.decode()
    assert "<script>alert" not in page
    assert carried(page)["name"] == [typed]


def test_guessing_here_is_under_the_limits_of_signing_in(ana: Client) -> None:
    form = {"name": "N", "role": "viewer", "ends": "", "confirm_password": "wrong"}
    answers = [ana.post("/api-tokens/issue", form) for _ in range(9)]
    assert [answer.status_code for answer in answers] == [422] * 7 + [429] * 2
    assert answers[-1].headers["Retry-After"] == "900"
    assert ana.post("/api-tokens/issue", {**form, "confirm_password": PASSWORD}).status_code == 429
    assert ApiToken.objects.count() == 0


def test_another_persons_password_does_not_do(ana: Client) -> None:
    form = {"name": "N", "role": "viewer", "ends": "", "confirm_password": "tim-pass-1"}
    assert is_asked(ana.post("/api-tokens/issue", form))


def test_the_password_reaches_neither_the_view_nor_the_database(ana: Client, people: People) -> None:
    form = {"name": "N", "role": "viewer", "ends": "", "confirm_password": PASSWORD}
    assert PASSWORD not in ana.post("/api-tokens/issue", form).content.decode()
    assert PASSWORD not in str(list(ApiToken.objects.values()))


def test_it_gives_nobody_a_right_that_they_lack(people: People, clock: Any) -> None:
    form = {"name": "N", "role": "admin", "kind": "service", "ends": "30", "confirm_password": "tim-pass-1"}
    tim = browser(people.teammate)
    clock.shift(timedelta(hours=1))
    assert tim.post("/api-tokens/issue", form).status_code == 422
    assert tim.post("/people/invite", {**form, "role": "viewer"}).status_code == 403
    assert Client().post("/api-tokens/issue", form).status_code == 302
    assert ApiToken.objects.count() == 0


class TestAdmin:
    """Rights and passwords in the admin."""

    @pytest.fixture
    def root(self, clock: Any, db: None) -> Client:
        """A superuser who signed in an hour ago."""
        person = User.objects.create_user("root", password="root-pass-1", is_staff=True, is_superuser=True)
        client = admin_browser(person)
        clock.shift(timedelta(hours=1))
        return client

    @pytest.mark.parametrize(
        "path",
        [
            "/admin/accounts/user/add/",
            "/admin/accounts/user/{user}/change/",
            "/admin/accounts/user/{user}/password/",
            "/admin/accounts/user/{user}/delete/",
            "/admin/accounts/user/",
            "/admin/auth/group/add/",
            "/admin/auth/group/{group}/change/",
            "/admin/auth/group/",
            "/admin/accounts/environment/{environment}/change/",
            "/admin/accounts/environment/{environment}/invite/",
        ],
    )
    def test_changes_ask_for_it(self, root: Client, people: People, environment: Environment, path: str) -> None:
        group = Group.objects.create(name="Editors")
        address = path.format(user=people.owner.pk, group=group.pk, environment=environment.pk)
        assert root.get(address).status_code == 200
        before = (User.objects.count(), Group.objects.count(), User.objects.get(pk=people.owner.pk).password)
        asked = root.post(address, {"name": "x", "username": "x", "post": "yes"})
        assert is_asked(asked)
        assert before == (User.objects.count(), Group.objects.count(), User.objects.get(pk=people.owner.pk).password)

    def test_with_it_the_change_is_made(self, root: Client) -> None:
        permissions = [str(pk) for pk in Permission.objects.order_by("pk").values_list("pk", flat=True)[:2]]
        form = {"name": "Editors", "permissions": permissions}
        asked = root.post("/admin/auth/group/add/", form)
        again = carried(asked.content.decode())
        assert again["permissions"] == permissions
        root.post("/admin/auth/group/add/", {**again, "confirm_password": "root-pass-1"})
        assert Group.objects.get(name="Editors").permissions.count() == 2


def test_changing_who_belongs_to_an_environment_asks_for_it(ana: Client, people: People) -> None:
    row = Membership.objects.get(user=people.teammate)
    assert is_asked(ana.post(f"/people/{row.pk}/role", {"role": "admin"}))
    assert Membership.objects.get(pk=row.pk).role == Role.VIEWER


@pytest.mark.parametrize("path", ["/people/put-back/1", "/accounts/{account}/consent"])
def test_other_changes_ask_for_it_too(ana: Client, account: IntegratedAccount, path: str) -> None:
    assert is_asked(ana.post(path.format(account=account.pk)))
