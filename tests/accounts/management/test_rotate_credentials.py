"""The command that puts every account's credentials under the primary key."""

import base64
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.errors import CredentialsUnreadable
from accounts.models import IntegratedAccount, LanguageModel, OAuthGrant, SecondFactor
from accounts.people.second_factors import begin_setup
from accounts.token_sets import TokenSet
from tests.fuse_desk import SIMULATOR_KEY
from tests.people import People

pytestmark = pytest.mark.django_db
FRESH = "k2:" + base64.urlsafe_b64encode(b"2" * 32).decode()


def rotate(*arguments: str) -> str:
    out = StringIO()
    call_command("rotate_credentials", *arguments, stdout=out)
    return out.getvalue()


def key_of(account: IntegratedAccount) -> str:
    account.refresh_from_db()
    return account.credentials.partition(".")[0]


def test_every_account_goes_under_the_primary_key_and_can_still_be_read(
    account: IntegratedAccount, settings: Settings
) -> None:
    settings.CREDENTIAL_KEYS = [FRESH, *settings.CREDENTIAL_KEYS]
    assert "1 of 1 account encrypted again under key k2" in rotate()
    settings.CREDENTIAL_KEYS = [FRESH]
    assert key_of(account) == "k2"
    assert account.read_credentials() == {"api_key": SIMULATOR_KEY}


def test_a_second_run_has_nothing_to_do(account: IntegratedAccount) -> None:
    assert "0 of 1 account" in rotate()


def test_a_dry_run_says_how_many_and_changes_nothing(account: IntegratedAccount, settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = [FRESH, *settings.CREDENTIAL_KEYS]
    assert "1 of 1 account would be encrypted again" in rotate("--dry-run")
    assert key_of(account) == "k1"


def test_without_the_key_of_an_account_nothing_is_done(account: IntegratedAccount, settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = [FRESH]
    with pytest.raises(CommandError, match="the key k1 of CREDENTIAL_KEYS is missing"):
        rotate()
    assert key_of(account) == "k1"


def test_an_account_that_cannot_be_read_is_named_and_fails_the_command(
    account: IntegratedAccount, settings: Settings
) -> None:
    rotate()  # registers the keys
    IntegratedAccount.objects.update(credentials="k1." + "A" * 60)
    settings.CREDENTIAL_KEYS = [FRESH, *settings.CREDENTIAL_KEYS]
    with pytest.raises(CommandError, match=str(account.pk)):
        rotate()
    assert key_of(account) == "k1"


def test_the_tokens_of_an_oauth_account_go_under_the_primary_key_too(
    account: IntegratedAccount, settings: Settings
) -> None:
    grant = OAuthGrant(account=account)
    grant.set_tokens(TokenSet("at-1", "rt-1"), timezone.now())
    grant.save()
    settings.CREDENTIAL_KEYS = [FRESH, *settings.CREDENTIAL_KEYS]
    assert "1 of 1 account encrypted again" in rotate()
    settings.CREDENTIAL_KEYS = [FRESH]
    grant.refresh_from_db()
    assert (grant.read_tokens(), grant.version) == (("at-1", "rt-1"), 1)
    assert "0 of 1 account" in rotate()


def test_tokens_that_were_moved_to_another_account_do_not_decrypt(account: IntegratedAccount) -> None:
    grant = OAuthGrant(account=account)
    grant.set_tokens(TokenSet("at-1"), timezone.now())
    with pytest.raises(CredentialsUnreadable):
        OAuthGrant(account_id=uuid4(), tokens=grant.tokens).read_tokens()


def test_second_factors_are_encrypted_again_too(people: People, settings: Settings) -> None:
    before = begin_setup(people.owner).read_secret()
    settings.CREDENTIAL_KEYS = [FRESH, *settings.CREDENTIAL_KEYS]
    rotate("--dry-run")
    assert SecondFactor.objects.get().secret.startswith("k1.")
    rotate()
    settings.CREDENTIAL_KEYS = [FRESH]
    assert SecondFactor.objects.get().read_secret() == before


def test_keys_of_language_models_are_encrypted_again_too_and_are_bound_to_their_rows(
    db: None, settings: Settings
) -> None:
    model = LanguageModel(name="Claude", api="anthropic", base_url="https://api.anthropic.com/v1", model="claude-x")
    model.set_key("sk-1")
    model.save()
    settings.CREDENTIAL_KEYS = [FRESH, *settings.CREDENTIAL_KEYS]
    rotate("--dry-run")
    assert LanguageModel.objects.get().key.startswith("k1.")
    rotate()
    settings.CREDENTIAL_KEYS = [FRESH]
    assert LanguageModel.objects.get().read_key() == "sk-1"
    with pytest.raises(CredentialsUnreadable):
        LanguageModel(key=LanguageModel.objects.get().key).read_key()
