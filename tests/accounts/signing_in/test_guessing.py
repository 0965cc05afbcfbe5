"""Guessing passwords and codes: locked for one name from one place and for one place, slowed for one name."""

import threading
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from django.conf import settings as project
from django.http.response import HttpResponseBase
from django.test import Client
from django.utils import timezone

from accounts.errors import SignInRefused
from accounts.models import FailedSignIns, SecondFactor, Session, User
from accounts.people.second_factors import begin_setup, confirm_setup
from accounts.signing_in.names import sign_in_digest
from accounts.signing_in.turns import PasswordTurns
from accounts.tasks import prune_sign_ins
from tests.admin_site import browser as admin_browser
from tests.admin_site import listing, page, superuser
from tests.people import People

PASSWORD = "ana-pass-1"


@pytest.fixture
def clock(time_machine: Any) -> Any:
    """A clock that goes on only when it is told to."""
    time_machine.move_to(timezone.now(), tick=False)
    return time_machine


def attempt(
    name: str = "ana", password: str = "wrong", address: str = "198.51.100.1", client: Client | None = None
) -> HttpResponseBase:
    form = {"username": name, "password": password}
    return (client or Client()).post("/sign-in", form, REMOTE_ADDR=address)


def is_locked(response: HttpResponseBase) -> bool:
    return response.status_code == 429 and b"Sign-in is locked for now" in getattr(response, "content", b"")


def fail_often(name: str, address: str = "198.51.100.1", times: int = 8) -> HttpResponseBase:
    for _ in range(times):
        response = attempt(name, address=address)
    return response


def strangers_failed(name: str, times: int) -> None:
    """Have this many attempts with a name counted, from as many addresses as they took."""
    kind = FailedSignIns.Kind.NAME
    row, _ = FailedSignIns.objects.get_or_create(
        digest=sign_in_digest(kind, name), defaults={"kind": kind, "last_at": timezone.now()}
    )
    FailedSignIns.objects.filter(pk=row.pk).update(failures=times, last_at=timezone.now())


class TestOneNameFromOneAddress:
    """As before: eight failures, a quarter of an hour."""

    def test_it_is_locked_and_opens_again(self, people: People, clock: Any) -> None:
        assert is_locked(fail_often("ana"))
        locked = attempt(password=PASSWORD)
        assert is_locked(locked)
        assert locked.headers["Retry-After"] == "900"
        clock.shift(timedelta(minutes=15))
        assert attempt(password=PASSWORD).status_code == 302

    def test_attempts_while_locked_do_not_prolong_it(self, people: People, clock: Any) -> None:
        fail_often("ana")
        clock.shift(timedelta(minutes=14))
        assert is_locked(attempt())
        clock.shift(timedelta(minutes=1))
        assert attempt(password=PASSWORD).status_code == 302

    def test_signing_in_begins_the_count_anew(self, people: People) -> None:
        fail_often("ana", times=7)
        assert attempt(password=PASSWORD).status_code == 302
        assert attempt().status_code == 200
        assert FailedSignIns.objects.get(kind=FailedSignIns.Kind.PAIR).failures == 1

    @pytest.mark.parametrize("variant", ["ANA", "ａｎａ", "  ana ", "Ana"])
    def test_other_spellings_of_a_name_share_its_count(self, people: People, variant: str) -> None:
        fail_often("ana", times=7)
        assert is_locked(attempt(variant))

    def test_names_nobody_has_are_counted_alike(self, people: People) -> None:
        assert is_locked(fail_often("nobody"))

    @pytest.mark.parametrize(
        "other", ["2001:db8::2", "2001:db8:0:0:ffff::1", "2001:DB8::3%eth0"], ids=["near", "far", "zone"]
    )
    def test_a_customer_of_a_provider_is_one_address(self, people: People, other: str) -> None:
        fail_often("ana", "2001:db8::1")
        assert is_locked(attempt(password=PASSWORD, address=other))
        assert not is_locked(attempt(password=PASSWORD, address="2001:db8:0:1::1"))

    def test_an_address_is_the_same_in_both_spellings(self, people: People) -> None:
        fail_often("ana", "198.51.100.7")
        assert is_locked(attempt(password=PASSWORD, address="::ffff:198.51.100.7"))


def test_one_address_is_locked_over_all_names(people: People, settings: Any) -> None:
    settings.SIGN_IN_ADDRESS_FAILURE_LIMIT = 20
    for number in range(20):
        assert not is_locked(attempt(f"name-{number}"))
    assert is_locked(attempt(password=PASSWORD))
    assert attempt(password=PASSWORD, address="198.51.100.2").status_code == 302


def test_a_locked_address_leaves_nothing_of_the_names_that_it_goes_on_with(people: People, settings: Any) -> None:
    settings.SIGN_IN_ADDRESS_FAILURE_LIMIT = 20
    for number in range(20):
        attempt(f"name-{number}")
    kept = FailedSignIns.objects.count()
    for number in range(20):
        assert is_locked(attempt(f"another-{number}"))
    assert FailedSignIns.objects.count() == kept


class TestOneNameFromEverywhere:
    """Strangers slow a person down in a browser that is not known, and never keep anybody out."""

    def test_many_addresses_lead_to_a_wait_that_the_page_tells(self, people: People, clock: Any) -> None:
        for number in range(8):
            attempt(address=f"198.51.100.{number}")
        slowed = attempt(password=PASSWORD, address="203.0.113.1")
        assert slowed.status_code == 429
        assert int(slowed.headers["Retry-After"]) == 2
        shown = slowed.content.decode()  # type: ignore[attr-defined]
        assert 'data-wait="2"' in shown
        assert 'value="ana"' in shown
        assert PASSWORD not in shown
        clock.shift(2)
        assert attempt(password=PASSWORD, address="203.0.113.1").status_code == 302

    def test_a_wait_is_good_for_one_attempt(self, people: People, clock: Any) -> None:
        strangers_failed("ana", 100)
        assert attempt(address="203.0.113.1").status_code == 429
        clock.shift(16)
        assert attempt(address="203.0.113.1").status_code == 200
        assert attempt(address="203.0.113.1").status_code == 429

    @pytest.mark.parametrize("failures", [8, 1_000_000])
    def test_no_number_of_failures_keeps_the_person_out_of_a_new_browser(
        self, people: People, clock: Any, failures: int
    ) -> None:
        strangers_failed("ana", failures)
        first = attempt(password=PASSWORD, address="203.0.113.1")
        wait = int(first.headers["Retry-After"])
        assert first.status_code == 429
        assert 1 <= wait <= 16
        # Meanwhile strangers go on; the wait is each address's own.
        for number in range(5):
            attempt(address=f"198.51.100.{number}")
        clock.shift(wait)
        assert attempt(password=PASSWORD, address="203.0.113.1").status_code == 302

    def test_asking_too_early_does_not_begin_the_wait_anew(self, people: People, clock: Any) -> None:
        strangers_failed("ana", 10_000)
        attempt(password=PASSWORD)
        clock.shift(10)
        assert int(attempt(password=PASSWORD).headers["Retry-After"]) == 6
        clock.shift(6)
        assert attempt(password=PASSWORD).status_code == 302

    def test_a_known_browser_waits_for_nobody(self, people: People, clock: Any) -> None:
        known = Client()
        assert attempt(password=PASSWORD, client=known).status_code == 302
        known.post("/sign-out")
        strangers_failed("ana", 10_000)
        fail_often("ana", times=9)
        assert attempt(password=PASSWORD, client=known).status_code == 302

    def test_a_known_browser_of_one_person_is_a_strangers_to_another(self, people: People) -> None:
        known = Client()
        attempt("tim", "tim-pass-1", client=known)
        known.post("/sign-out")
        strangers_failed("ana", 10_000)
        assert attempt(password=PASSWORD, client=known).status_code == 429

    def test_guessing_in_a_known_browser_is_limited_too(self, people: People) -> None:
        known = Client()
        attempt(password=PASSWORD, client=known)
        known.post("/sign-out")
        for _ in range(8):
            response = attempt(client=known)
        assert is_locked(response)
        for _ in range(8):
            response = attempt(client=known)
        assert is_locked(response)
        assert is_locked(attempt(password=PASSWORD, client=known))

    @pytest.mark.parametrize("forged", ["x", "e30:abc:def", "\x00", "a" * 5000])
    def test_a_forged_cookie_makes_no_known_browser(self, people: People, forged: str) -> None:
        client = Client()
        client.cookies[project.DEVICE_COOKIE_NAME] = forged
        strangers_failed("ana", 10_000)
        assert attempt(password=PASSWORD, client=client).status_code == 429

    def test_the_cookie_alone_opens_nothing(self, people: People) -> None:
        known = Client()
        attempt(password=PASSWORD, client=known)
        thief = Client()
        thief.cookies[project.DEVICE_COOKIE_NAME] = known.cookies[project.DEVICE_COOKIE_NAME].value
        assert thief.get("/accounts").status_code == 302


class TestOtherDoors:
    """Whatever asks for a password or a code counts."""

    def test_the_admin_has_no_page_of_its_own_that_checks_a_password(self) -> None:
        root = admin_browser(superuser())
        guessed = {"old_password": "guess", "new_password1": "abc-pass-99", "new_password2": "abc-pass-99"}
        for path in ("/admin/password_change/", "/admin/password_change/done/"):
            for answer in (root.get(path), root.post(path, guessed)):
                assert answer.headers["Location"] == "/profile"

    def test_the_admins_door_is_the_same(self, people: People) -> None:
        fail_often("ana")
        asked = Client().post("/admin/login/", {"username": "ana", "password": PASSWORD})
        assert asked.headers["Location"].startswith("/sign-in")
        assert Client().get("/admin/").headers["Location"].startswith("/admin/login/")

    def test_codes_are_counted_with_passwords(self, people: People, clock: Any) -> None:
        factor = begin_setup(people.owner)
        confirm_setup(people.owner, pyotp.TOTP(factor.read_secret()).now())
        clock.shift(60)
        for _ in range(2):
            client = Client()
            assert attempt(password=PASSWORD, client=client).status_code == 302
            for _ in range(4):
                response = client.post("/sign-in/code", {"code": "000000"}, REMOTE_ADDR="198.51.100.1")
        assert is_locked(response)
        clock.shift(timedelta(minutes=14))
        assert is_locked(attempt(password=PASSWORD))
        clock.shift(timedelta(minutes=1))
        client = Client()
        assert attempt(password=PASSWORD, client=client).status_code == 302
        code = pyotp.TOTP(SecondFactor.objects.get(user=people.owner).read_secret()).now()
        assert client.post("/sign-in/code", {"code": code}).headers["Location"] == "/accounts"

    @pytest.mark.parametrize(
        ("path", "form"),
        [
            ("/profile/password", {"old_password": "wrong", "new_password1": "x", "new_password2": "x"}),
            ("/profile/drop-second-factor", {"password": "wrong", "code": "000000"}),
        ],
    )
    def test_passwords_on_the_profile_are_counted(self, people: People, path: str, form: dict[str, str]) -> None:
        factor = begin_setup(people.owner)
        confirm_setup(people.owner, pyotp.TOTP(factor.read_secret()).now())
        client = Client()
        client.force_login(people.owner)
        shown = [client.post(path, form).content.decode() for _ in range(9)]
        assert "This is not your password." in shown[0]
        assert "too many attempts" in shown[-1]


class TestWhatIsKept:
    """Counts, and nothing that was typed."""

    def test_neither_passwords_nor_unknown_names_are_kept(self, people: People) -> None:
        attempt("my-password-typed-as-a-name\r\nFORGED line", "secret-guess-7")
        kept = str(list(FailedSignIns.objects.values()))
        assert "my-password" not in kept
        assert "FORGED" not in kept
        assert "secret-guess-7" not in kept
        assert "198.51.100.1" in kept
        assert Session.objects.count() == 0

    def test_counts_are_pruned_once_they_mean_nothing(self, people: People, clock: Any) -> None:
        fail_often("ana")
        clock.shift(timedelta(minutes=14))
        attempt("tim")
        assert prune_sign_ins() == 0
        clock.shift(timedelta(minutes=2))
        prune_sign_ins()
        assert {row.user for row in FailedSignIns.objects.exclude(kind="network")} == {people.teammate}

    def test_a_superuser_sees_them_and_lifts_a_lock(self, people: People) -> None:
        fail_often("ana")
        root = admin_browser(superuser())
        shown = root.get(listing(FailedSignIns)).content.decode()
        assert "One name from one address" in shown
        assert "198.51.100.1" in shown
        row = FailedSignIns.objects.get(kind="pair")
        root.post(page(row, "delete"), {"post": "yes"})
        FailedSignIns.objects.filter(kind="name").delete()
        assert attempt(password=PASSWORD).status_code == 302


class TestManyAtOnce:
    """Parallel attempts are no way around a limit, and take no more than a few cores' work."""

    @pytest.mark.django_db(transaction=True)
    def test_attempts_at_the_same_moment_are_all_counted(self, people: People) -> None:
        passed = []
        start = threading.Barrier(4)

        def guess() -> None:
            start.wait(10)
            for _ in range(5):
                response = attempt()
                passed.append(not is_locked(response) and response.status_code == 200)

        threads = [threading.Thread(target=guess) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sum(passed) <= 8

    def test_few_passwords_are_checked_at_once_and_the_line_is_short(self) -> None:
        turns = PasswordTurns(at_once=2, waiting=0)
        with turns.take(), turns.take(), pytest.raises(SignInRefused, match="Too many people"), turns.take():
            pass
        with turns.take():
            pass

    def test_a_turn_that_does_not_come_in_time_is_given_up(self) -> None:
        turns = PasswordTurns(at_once=1, waiting=1, seconds=0.01)
        with turns.take(), pytest.raises(SignInRefused, match="Too many people"), turns.take():
            pass
        with turns.take():
            pass

    def test_a_turn_that_did_not_come_is_no_failure(self, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
        turns = PasswordTurns(at_once=1, waiting=0)
        monkeypatch.setattr("accounts.signing_in.backend.strangers", turns)
        with turns.take():
            response = attempt(password=PASSWORD)
        assert response.status_code == 429
        assert b"Nothing was checked yet" in response.content  # type: ignore[attr-defined]
        assert FailedSignIns.objects.get(kind="pair").failures == 0
        assert attempt(password=PASSWORD).status_code == 302


def test_a_command_may_check_a_password_without_a_request(people: People) -> None:
    assert Client().login(username="ana", password=PASSWORD)
    assert User.objects.get(username="ana").check_password(PASSWORD)
