"""The keys of a process are held against the database: the first start registers, other keys are refused."""

import base64
import re
import threading
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import override_settings
from pytest_django.fixtures import Settings

from accounts.errors import KeysUnusable
from accounts.keys.register import settle_keys
from accounts.keys.sealed import PLACES
from accounts.models import IntegratedAccount, KeyCheck, LanguageModel, SecondFactor
from accounts.people.second_factors import begin_setup
from tests.people import People

pytestmark = pytest.mark.django_db
OTHER = "another-key-of-which-nobody-knows-0123456789"
RING = {
    key_id: f"{key_id}:{base64.urlsafe_b64encode(letter * 32).decode()}"
    for key_id, letter in (("k1", b"1"), ("k2", b"2"), ("k3", b"3"))
}


def current() -> set[str]:
    return set(KeyCheck.objects.filter(retired_at=None).values_list("name", flat=True))


def refused() -> KeysUnusable:
    with pytest.raises(KeysUnusable) as caught:
        settle_keys()
    return caught.value


def test_the_first_start_registers_each_key_and_the_next_finds_them(settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = [RING["k1"], RING["k2"]]
    settle_keys()
    assert current() == {"TOKEN_KEY", "SECRET_KEY", "CREDENTIAL_KEYS:k1", "CREDENTIAL_KEYS:k2"}
    before = list(KeyCheck.objects.values())
    settle_keys()
    assert list(KeyCheck.objects.values()) == before


def test_no_check_value_is_the_same_twice_or_holds_its_key(settings: Settings) -> None:
    settle_keys()
    first = {bytes(check.value) for check in KeyCheck.objects.all()}
    KeyCheck.objects.all().delete()
    settle_keys()
    assert not first & {bytes(check.value) for check in KeyCheck.objects.all()}
    stored = str(list(KeyCheck.objects.values()))
    assert settings.TOKEN_KEY not in stored
    assert settings.SECRET_KEY not in stored


@pytest.mark.parametrize(
    ("name", "value", "meaning"),
    [
        ("TOKEN_KEY", OTHER, "every MCP URL, API token"),
        ("TOKEN_KEY", "", "every MCP URL, API token"),
        ("SECRET_KEY", OTHER, "every sign-in"),
        ("CREDENTIAL_KEYS", [f"k1:{RING['k2'].partition(':')[2]}"], "1 stored text is unreadable"),
    ],
)
def test_another_key_is_refused_in_one_sentence_that_names_it_and_the_backup(
    account: IntegratedAccount, settings: Settings, name: str, value: Any, meaning: str
) -> None:
    settle_keys()
    setattr(settings, name, value)
    sentence = str(refused())
    assert name in sentence
    assert meaning in sentence
    assert "backup" in sentence
    assert f"{name.lower().replace('_', '-')}.secret in {settings.DATA_DIR}" in sentence
    assert len(re.findall(r"\.(?: |$)", sentence)) == 1
    assert OTHER not in sentence


def test_in_production_the_sentence_points_to_the_environment_s_backup(settings: Settings) -> None:
    settle_keys()
    settings.LOCAL, settings.TOKEN_KEY = False, OTHER
    assert "the environment's: deploy/.env, the cluster's Secret" in str(refused())


def test_all_wrong_keys_are_in_the_one_sentence(settings: Settings) -> None:
    settle_keys()
    settings.TOKEN_KEY = settings.SECRET_KEY = OTHER
    assert refused().names == ["TOKEN_KEY", "SECRET_KEY"]


def test_a_key_that_texts_are_encrypted_under_may_not_be_missing(
    account: IntegratedAccount, people: People, settings: Settings
) -> None:
    begin_setup(people.owner)
    model = LanguageModel(name="Claude", api="anthropic", base_url="https://api.anthropic.com/v1", model="claude-x")
    model.set_key("sk-1")
    model.save()
    settle_keys()
    settings.CREDENTIAL_KEYS = [RING["k2"]]
    sentence = str(refused())
    assert "the key k1 of CREDENTIAL_KEYS is missing, under which 3 stored texts are encrypted" in sentence
    SecondFactor.objects.all().delete()
    model.delete()
    account.delete()
    settle_keys()
    assert current() == {"TOKEN_KEY", "SECRET_KEY", "CREDENTIAL_KEYS:k2"}


def test_every_model_that_encrypts_is_looked_at() -> None:
    encrypting = {model for model in apps.get_models() if hasattr(model, "encrypt_again")}
    assert encrypting == {model for model, _ in PLACES}


class TestRotation:
    def test_a_secret_key_whose_predecessor_is_a_fallback_takes_over(self, settings: Settings) -> None:
        settle_keys()
        settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], OTHER
        settle_keys()
        settings.SECRET_KEY_FALLBACKS = []
        settle_keys()
        assert KeyCheck.objects.filter(name="SECRET_KEY").count() == 2

    def test_one_that_was_replaced_is_refused_and_its_day_told(self, settings: Settings) -> None:
        earlier = settings.SECRET_KEY
        settle_keys()
        settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [earlier], OTHER
        settle_keys()
        settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [], earlier
        assert "SECRET_KEY is one that another key replaced on 20" in str(refused())
        settings.SECRET_KEY_FALLBACKS = [OTHER]  # going back is a rotation too
        settle_keys()

    def test_the_ring_rotates_without_a_refusal(self, account: IntegratedAccount, settings: Settings) -> None:
        first = settings.CREDENTIAL_KEYS[0]
        settle_keys()
        settings.CREDENTIAL_KEYS = [RING["k2"], first]
        settle_keys()
        assert account.encrypt_again()
        account.save()
        settings.CREDENTIAL_KEYS = [RING["k2"]]
        settle_keys()
        assert "CREDENTIAL_KEYS:k1" not in current()
        # An earlier backup is read with the earlier key.
        settings.CREDENTIAL_KEYS = [RING["k2"], first]
        settle_keys()
        assert {"CREDENTIAL_KEYS:k1", "CREDENTIAL_KEYS:k2"} <= current()


class TestEarlierReleases:
    """A database in which keys were used and none is registered."""

    def test_keys_that_decrypt_a_sample_are_registered(self, account: IntegratedAccount) -> None:
        settle_keys()
        assert "CREDENTIAL_KEYS:k1" in current()

    def test_a_key_that_decrypts_nothing_is_refused(self, account: IntegratedAccount, settings: Settings) -> None:
        settings.CREDENTIAL_KEYS = [f"k1:{RING['k3'].partition(':')[2]}"]
        assert refused().names == ["CREDENTIAL_KEYS:k1"]
        assert current() == set()

    def test_a_missing_key_is_refused(self, account: IntegratedAccount, settings: Settings) -> None:
        settings.CREDENTIAL_KEYS = [RING["k2"]]
        assert refused().names == ["CREDENTIAL_KEYS:k1"]


@pytest.mark.django_db(transaction=True)
def test_of_first_starts_at_once_with_other_keys_one_wins_and_the_others_are_refused() -> None:
    together, outcomes = threading.Barrier(4), []

    def start() -> None:
        together.wait(10)
        try:
            settle_keys()
            outcomes.append("started")
        except KeysUnusable:
            outcomes.append("refused")
        finally:
            connection.close()

    # Two processes of each key: settings belong to the process, so both pairs begin one after the other.
    for key in ("first-key-" * 5, "second-key-" * 5):
        with override_settings(TOKEN_KEY=key):
            threads = [threading.Thread(target=start) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
    assert outcomes == ["started"] * 4 + ["refused"] * 4
    assert KeyCheck.objects.filter(name="TOKEN_KEY").count() == 1
