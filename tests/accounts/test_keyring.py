"""The key ring: a stored secret opens in its own row alone, under a key that is there."""

import base64
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from django.conf import settings as configured
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from accounts.encryption import KeyRing
from accounts.errors import CredentialsUnreadable
from accounts.models import IntegratedAccount

CONTEXT = "integrated-account:1"


def pair(key_id: str, byte: bytes = b"a") -> str:
    return f"{key_id}:{base64.urlsafe_b64encode(byte * 32).decode()}"


RING = KeyRing([pair("k1")])


@given(st.text())
def test_a_text_comes_back_as_it_was(text: str) -> None:
    assert RING.decrypt(RING.encrypt(text, context=CONTEXT), context=CONTEXT) == text


def test_a_stored_text_names_its_key_and_shows_nothing_else() -> None:
    stored = RING.encrypt("fd-demo-key", context=CONTEXT)
    assert stored.startswith("k1.")
    assert "fd-demo-key" not in stored
    assert stored != RING.encrypt("fd-demo-key", context=CONTEXT)


def test_a_text_moved_to_another_row_is_refused() -> None:
    stored = RING.encrypt("secret", context=CONTEXT)
    with pytest.raises(CredentialsUnreadable, match="belong to another account"):
        RING.decrypt(stored, context="integrated-account:2")


@pytest.mark.parametrize(
    "change",
    [
        lambda stored: stored[:-2],
        lambda stored: stored[:10] + ("A" if stored[10] != "A" else "B") + stored[11:],
        lambda stored: stored[:10] + "!" + stored[10:],
        lambda stored: stored + "AAAA",
        lambda stored: "k1.",
        lambda stored: "k1.AAAA",
        lambda stored: "k1.é",
    ],
)
def test_a_changed_text_is_refused(change: Callable[[str], str]) -> None:
    with pytest.raises(CredentialsUnreadable, match="were changed"):
        RING.decrypt(change(RING.encrypt("secret", context=CONTEXT)), context=CONTEXT)


@pytest.mark.parametrize("stored", ["", "k9.AAAA", "nonsense"])
def test_a_text_under_a_key_that_is_gone_is_refused_with_the_settings_name(stored: str) -> None:
    with pytest.raises(CredentialsUnreadable, match="CREDENTIAL_KEYS"):
        RING.decrypt(stored, context=CONTEXT)


def test_the_first_key_encrypts_and_every_key_decrypts() -> None:
    old = KeyRing([pair("old")])
    both = KeyRing([pair("new", b"b"), pair("old")])
    stored = old.encrypt("secret", context=CONTEXT)
    assert both.decrypt(stored, context=CONTEXT) == "secret"
    assert (both.primary, both.is_current(stored)) == ("new", False)
    assert both.is_current(both.encrypt("secret", context=CONTEXT))
    with pytest.raises(CredentialsUnreadable):
        old.decrypt(both.encrypt("secret", context=CONTEXT), context=CONTEXT)


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [""],
        ["k1"],
        ["k1:"],
        [":" + pair("x")[2:]],
        ["k1:c2hvcnQ="],
        ["k1:" + "A" * 43],
        ["k 1" + pair("x")[1:]],
        ["é" + pair("x")[1:]],
        [pair("k1") + "!"],
        [pair("k1"), pair("k1", b"b")],
    ],
)
def test_keys_that_cannot_be_used_are_refused_with_the_settings_name(pairs: list[str]) -> None:
    with pytest.raises(ImproperlyConfigured, match="CREDENTIAL_KEYS"):
        KeyRing(pairs)


def test_a_key_that_cannot_be_used_stops_the_start() -> None:
    environment = {**os.environ, "CREDENTIAL_KEYS": "k1:tooshort"}
    started = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=configured.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode != 0
    assert "CREDENTIAL_KEYS takes id:key pairs" in started.stderr
    assert "tooshort" not in started.stderr


class TestAccounts:
    """The same, on the rows that hold credentials."""

    def test_no_column_of_an_account_holds_its_secret(self, account: IntegratedAccount) -> None:
        row = IntegratedAccount.objects.filter(pk=account.pk).values().get()
        assert "fd-demo-key" not in str(row)
        assert "fd-demo-key" not in repr(account)
        assert account.read_credentials() == {"api_key": "fd-demo-key"}

    def test_credentials_copied_to_another_account_are_refused(self, account: IntegratedAccount) -> None:
        other = IntegratedAccount(environment=account.environment, integration=account.integration, name="Other")
        other.credentials = account.credentials
        with pytest.raises(CredentialsUnreadable):
            other.read_credentials()

    def test_an_account_is_put_under_the_primary_key_once(self, account: IntegratedAccount, settings: Settings) -> None:
        settings.CREDENTIAL_KEYS = [pair("k2", b"c"), *settings.CREDENTIAL_KEYS]
        assert account.encrypt_again()
        assert not account.encrypt_again()
        assert account.credentials.startswith("k2.")
        assert account.read_credentials() == {"api_key": "fd-demo-key"}
