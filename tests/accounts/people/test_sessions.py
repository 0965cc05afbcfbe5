"""Sessions: kept by digest, listed, ended, over after a while; and the cookies that open them."""

import os
import subprocess
import sys
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as project
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.base import UpdateError
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Session, User
from accounts.people.devices import device_of
from accounts.people.sessions import SessionStore, session_digest
from accounts.tasks import prune_sign_ins
from mcpservers.models import MCPServer
from tests.admin_site import act, staff, superuser
from tests.admin_site import browser as admin_browser
from tests.people import People
from tests.portal_site import browser

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PASSWORD = "ana-pass-1"


def sign_in(name: str = "ana", password: str = PASSWORD, **headers: str) -> Client:
    client = Client(headers=headers)
    assert client.post("/sign-in", {"username": name, "password": password}).headers["Location"] == "/accounts"
    return client


@pytest.fixture
def clock(time_machine: Any) -> Any:
    """A clock that goes on only when it is told to."""
    time_machine.move_to(timezone.now(), tick=False)
    return time_machine


def row_of(client: Client) -> Session:
    return Session.objects.get(digest=session_digest(client.cookies[project.SESSION_COOKIE_NAME].value))


def is_signed_in(client: Client) -> bool:
    return client.get("/accounts").status_code == 200


def everything_kept() -> list[str]:
    """Return each value of each row of each table, as a backup has them."""
    kept = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                for value in row:
                    if isinstance(value, bytes | memoryview):
                        kept += [bytes(value).hex(), bytes(value).decode("latin-1")]
                    elif value is not None:
                        kept.append(str(value))
    return kept


class TestBackup:
    """What the database holds opens no session."""

    def test_no_value_of_any_table_opens_a_session(self, people: People) -> None:
        client = sign_in()
        key = client.cookies[project.SESSION_COOKIE_NAME].value
        kept = everything_kept()
        assert len(kept) > 50
        assert not [value for value in kept if key in value]
        for value in set(kept):
            assert not SessionStore(value).load(), value
        row = row_of(client)
        for value in (bytes(row.digest).hex(), str(row.pk), row.pk.hex, row.data):
            thief = Client()
            thief.cookies[project.SESSION_COOKIE_NAME] = value
            assert thief.get("/profile").status_code == 302, value
        assert is_signed_in(client)

    def test_djangos_own_table_stays_empty(self, people: People) -> None:
        sign_in()
        assert apps.get_model("sessions", "Session").objects.count() == 0
        assert Session.objects.filter(user=people.owner).count() == 1

    def test_cookies_of_another_key_open_nothing(self, people: People, settings: Any) -> None:
        client = sign_in()
        settings.TOKEN_KEY = "another-key-of-the-same-installation"
        assert not is_signed_in(client)

    @pytest.mark.parametrize("cookie", ["", "x", "\x00" * 40, "a" * 5000, "ü" * 40, "../../etc/passwd"])
    def test_made_up_cookies_are_nobodys(self, people: People, cookie: str) -> None:
        client = Client()
        client.cookies[project.SESSION_COOKIE_NAME] = cookie
        assert client.get("/accounts").status_code == 302


class TestOwnSessions:
    """The list on the profile page, and what can be done there."""

    def test_the_list_says_which_browsers_and_from_where(self, people: People) -> None:
        first = sign_in(**{"User-Agent": FIREFOX})
        second = Client(headers={"User-Agent": "<script>alert(1)</script>" * 500}, REMOTE_ADDR="::ffff:203.0.113.9")
        second.post("/sign-in", {"username": "ana", "password": PASSWORD})
        page = first.get("/profile").content.decode()
        assert "Firefox on Linux" in page
        assert "203.0.113.9" in page
        assert "::ffff" not in page
        assert "<script>alert" not in page
        assert page.count("this one") == 1

    def test_each_can_be_ended_and_is_refused_at_its_next_request(self, people: People) -> None:
        here, there = sign_in(), sign_in()
        row = row_of(there)
        assert here.post(f"/profile/sessions/{row.pk}/end").headers["Location"] == "/profile"
        assert is_signed_in(here)
        assert not is_signed_in(there)
        assert AuditEntry.objects.filter(action="session.ended", actor="ana").exists()

    def test_the_present_one_can_be_ended_too(self, people: People) -> None:
        here = sign_in()
        row = Session.objects.get(user=people.owner)
        assert here.post(f"/profile/sessions/{row.pk}/end").headers["Location"] == "/sign-in"
        assert not is_signed_in(here)

    def test_nobody_sees_or_ends_those_of_others(self, people: People) -> None:
        row = row_of(sign_in())
        for person in (people.teammate, people.outsider):
            other = browser(person)
            assert str(row.pk) not in other.get("/profile").content.decode()
            assert other.post(f"/profile/sessions/{row.pk}/end").status_code == 404
        assert Client().post(f"/profile/sessions/{row.pk}/end").status_code == 302
        assert Session.objects.filter(pk=row.pk).exists()

    def test_signing_out_everywhere_ends_all_of_one_person_and_none_of_others(self, people: People) -> None:
        own = [sign_in() for _ in range(3)]
        other = browser(people.teammate)
        assert own[0].get("/profile/sessions/end-all").status_code == 405
        assert own[0].post("/profile/sessions/end-all").headers["Location"] == "/sign-in"
        assert not any(is_signed_in(client) for client in own)
        assert is_signed_in(other)

    def test_a_request_under_way_does_not_bring_an_ended_session_back(self, people: People) -> None:
        client = sign_in()
        session = client.session
        session["something"] = 1
        Session.objects.all().delete()
        with pytest.raises(UpdateError):
            session.save()
        assert Session.objects.count() == 0

    def test_another_password_ends_all_others(self, people: People) -> None:
        here, there = sign_in(), sign_in()
        form = {"old_password": PASSWORD, "new_password1": "quite-another-9", "new_password2": "quite-another-9"}
        assert here.post("/profile/password", form).status_code == 302
        assert is_signed_in(here)
        assert not is_signed_in(there)
        assert Session.objects.filter(user=people.owner).count() == 1

    def test_one_of_an_old_password_is_not_listed(self, people: People) -> None:
        sign_in()
        people.owner.set_password("set-by-a-superuser-1")
        people.owner.save()
        page = sign_in(password="set-by-a-superuser-1").get("/profile").content.decode()
        assert page.count("Sign out<span") == 1

    def test_the_deactivated_are_refused_at_once(self, people: People) -> None:
        client = sign_in()
        User.objects.filter(pk=people.owner.pk).update(is_active=False)
        assert not is_signed_in(client)


class TestLimits:
    """A session ends when it is not used, and in any case."""

    def test_an_idle_one_ends(self, people: People, clock: Any) -> None:
        client = sign_in()
        clock.shift(project.SESSION_IDLE - timedelta(minutes=1))
        assert is_signed_in(client)
        clock.shift(project.SESSION_IDLE - timedelta(minutes=1))
        assert is_signed_in(client)
        clock.shift(project.SESSION_IDLE + timedelta(seconds=1))
        assert not is_signed_in(client)

    def test_one_in_constant_use_ends_all_the_same(self, people: People, clock: Any) -> None:
        client = sign_in()
        hours = 0
        while is_signed_in(client):
            client.post("/profile/details", {"first_name": "Ana", "last_name": "", "email": ""})
            clock.shift(timedelta(hours=6))
            hours += 6
            assert hours <= 168
        assert hours == 168

    def test_another_password_does_not_prolong_it(self, people: People, clock: Any, settings: Any) -> None:
        settings.SESSION_IDLE = timedelta(0)
        client = sign_in()
        clock.shift(timedelta(hours=167))
        form = {"old_password": PASSWORD, "new_password1": "quite-another-9", "new_password2": "quite-another-9"}
        assert client.post("/profile/password", form).status_code == 302
        assert is_signed_in(client)
        clock.shift(timedelta(hours=1))
        assert not is_signed_in(client)

    def test_idle_time_can_be_left_unlimited(self, people: People, clock: Any, settings: Any) -> None:
        settings.SESSION_IDLE = timedelta(0)
        client = sign_in()
        clock.shift(timedelta(hours=167))
        assert is_signed_in(client)

    def test_a_page_that_asks_by_itself_keeps_no_session_alive(
        self, people: People, server: tuple[MCPServer, str], clock: Any
    ) -> None:
        client = sign_in()
        row = server[0]
        poll = f"/accounts/{row.account_id}/mcp-servers/{row.pk}/connection"
        for _ in range(3):
            clock.shift(project.SESSION_IDLE / 3 - timedelta(seconds=10))
            assert client.get(poll).status_code == 200
        clock.shift(timedelta(minutes=1))
        assert client.get(poll).status_code == 302

    def test_use_is_written_at_most_once_a_minute(self, people: People, clock: Any) -> None:
        client = sign_in()
        began = Session.objects.get().last_used_at
        clock.shift(59)
        client.get("/accounts")
        assert Session.objects.get().last_used_at == began
        clock.shift(1)
        client.get("/accounts")
        assert Session.objects.get().last_used_at == began + timedelta(minutes=1)

    @pytest.mark.parametrize("how", ["command", "task"])
    def test_ended_ones_are_pruned(self, people: People, clock: Any, how: str) -> None:
        sign_in()
        clock.shift(project.SESSION_IDLE / 2)
        live = sign_in()
        clock.shift(project.SESSION_IDLE / 2 + timedelta(minutes=1))
        if how == "command":
            call_command("clearsessions")
        else:
            assert prune_sign_ins() >= 1
        assert Session.objects.count() == 1
        assert is_signed_in(live)


class TestAdmin:
    """Superusers end the sessions of others; staff do not."""

    def test_a_superuser_ends_somebodys_sessions_with_a_trace(self, people: People) -> None:
        own = [sign_in(), sign_in()]
        root = admin_browser(superuser())
        assert "2 sessions ended" in act(root, "end_their_sessions", people.owner)
        assert not any(is_signed_in(client) for client in own)
        entry = AuditEntry.objects.get(action="session.ended")
        assert (entry.actor, entry.target_name, entry.details) == ("root", "ana", {"sessions": 2})

    def test_staff_cannot(self, people: People) -> None:
        own = sign_in()
        act(admin_browser(staff("accounts.view_user", "accounts.change_user")), "end_their_sessions", people.owner)
        assert is_signed_in(own)


def test_the_migration_ends_sessions_of_before_and_drops_what_was_typed(transactional_db: None) -> None:
    migration = import_module("accounts.migrations.0006_sessions")
    old = apps.get_model("sessions", "Session")
    old.objects.create(session_key="a" * 32, session_data="x", expire_date=timezone.now() + timedelta(days=1))
    kind = ContentType.objects.create(app_label="axes", model="accessattempt")
    Permission.objects.create(content_type=kind, codename="view_accessattempt", name="Can view")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE axes_accessattempt (id integer, post_data text)")
        cursor.execute("INSERT INTO axes_accessattempt VALUES (1, 'username=ana')")
    for _ in range(2):  # an installation that never had the tables goes through it too
        with connection.schema_editor() as editor:
            migration.forget_cookies(apps, editor)
            migration.drop_attempts(apps, editor)
    assert old.objects.count() == 0
    assert "axes_accessattempt" not in connection.introspection.table_names()
    assert not Permission.objects.filter(codename="view_accessattempt").exists()


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/140.0 Safari/604.1", "Chrome on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("", "An unknown program"),
        ("\x00\u202e" * 10_000, "An unknown program"),
    ],
)
def test_devices_are_named_in_words_of_our_own(agent: str, words: str) -> None:
    assert device_of(agent) == words


COOKIES = """
import django
django.setup()
from django.conf import settings
from django.test import Client
print(settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.DEVICE_COOKIE_NAME)
print(settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SESSION_COOKIE_DOMAIN)
"""


@pytest.mark.parametrize(
    ("address", "names", "secure"),
    [
        ("https://patchbay.example.com", "__Host-sessionid __Host-csrftoken __Host-device", "True True None"),
        ("http://127.0.0.1:8000", "sessionid csrftoken device", "False False None"),
    ],
)
def test_names_of_the_cookies_hold_them_to_https_and_the_host(
    tmp_path: Path, address: str, names: str, secure: str
) -> None:
    environ = {"PATH": os.environ["PATH"], "PUBLIC_URL": address, "DATA_DIR": str(tmp_path)}
    made = subprocess.run(
        [sys.executable, "-c", COOKIES],
        env={**environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        cwd=project.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout.splitlines() == [names, secure]


def test_over_https_all_three_cookies_fit_their_prefix(people: People, settings: Any) -> None:
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    settings.DEVICE_COOKIE_NAME = "__Host-device"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client = Client()
    client.get("/sign-in", secure=True)
    client.post("/sign-in", {"username": "ana", "password": PASSWORD}, secure=True)
    assert {"__Host-sessionid", "__Host-csrftoken", "__Host-device"} <= set(client.cookies)
    for name, cookie in client.cookies.items():
        assert name.startswith("__Host-")
        assert cookie["secure"]
        assert (cookie["path"], cookie["domain"]) == ("/", "")
        assert cookie["httponly"] or name == "__Host-csrftoken"
