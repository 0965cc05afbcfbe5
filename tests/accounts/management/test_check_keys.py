"""`manage.py check_keys`: the state of each key, a sample decrypted, and the way on without a key that is lost."""

import base64
import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.errors import KeysUnusable
from accounts.keys.register import settle_keys
from accounts.models import AuditEntry, IntegratedAccount, KeyCheck, OAuthGrant
from accounts.people.second_factors import begin_setup
from accounts.token_sets import TokenSet
from tests.people import People
from tools.catalogue.toolbox import usable_connection
from tools.catalogue.unusable import RECONNECT

pytestmark = pytest.mark.django_db
OTHER = "another-key-of-which-nobody-knows-0123456789"
FRESH = "k2:" + base64.urlsafe_b64encode(b"2" * 32).decode()
SAME_ID = "k1:" + base64.urlsafe_b64encode(b"3" * 32).decode()


def check(*arguments: str) -> tuple[int, str]:
    """Return the exit status and what was printed."""
    printed = StringIO()
    try:
        call_command("check_keys", *arguments, stdout=printed)
    except SystemExit as ended:
        return int(str(ended.code)), printed.getvalue()
    return 0, printed.getvalue()


def states() -> dict[str, str]:
    _, printed = check("--json")
    return {each["name"]: each["state"] for each in json.loads(printed)["keys"]}


def test_it_tells_the_state_of_each_key_and_changes_nothing(account: IntegratedAccount) -> None:
    assert states() == {"TOKEN_KEY": "new", "SECRET_KEY": "new", "CREDENTIAL_KEYS:k1": "new"}
    assert not KeyCheck.objects.exists()
    settle_keys()
    status, printed = check()
    assert status == 0
    assert "1 text under it, of 1 that were tried 1 can be read." in printed
    assert set(states().values()) == {"matches"}


def test_wrong_and_missing_keys_fail_it(account: IntegratedAccount, settings: Settings) -> None:
    settle_keys()
    settings.TOKEN_KEY, settings.CREDENTIAL_KEYS = OTHER, [FRESH]
    status, printed = check("--json")
    report = json.loads(printed)
    assert (status, report["passes"]) == (1, False)
    assert states() == {
        "TOKEN_KEY": "unknown",
        "SECRET_KEY": "matches",
        "CREDENTIAL_KEYS:k2": "new",
        "CREDENTIAL_KEYS:k1": "missing",
    }
    assert OTHER not in printed


def test_a_text_that_cannot_be_read_fails_it_though_the_key_is_right(account: IntegratedAccount) -> None:
    settle_keys()
    IntegratedAccount.objects.update(credentials="k1." + "A" * 60)
    status, printed = check()
    assert status == 1
    assert "of 1 that were tried 0 can be read" in printed


def test_a_key_that_nothing_needs_is_retired(settings: Settings) -> None:
    settle_keys()
    settings.CREDENTIAL_KEYS = [FRESH]
    assert states()["CREDENTIAL_KEYS:k1"] == "retired"
    assert check()[0] == 0


class TestGivingUp:
    @pytest.mark.parametrize("name", ["TOKEN_KEY", "SECRET_KEY"])
    def test_the_given_key_takes_the_place_of_a_lost_one_and_what_is_lost_is_named(
        self, settings: Settings, name: str
    ) -> None:
        settle_keys()
        setattr(settings, name, OTHER)
        status, printed = check("--accept", name)
        assert status == 0
        assert f"Given up: {name}. Lost: every " in printed
        settle_keys()
        assert check()[0] == 0

    @pytest.mark.parametrize("given", [FRESH, SAME_ID])
    def test_accounts_under_a_lost_key_of_the_ring_ask_to_be_connected_again(
        self, account: IntegratedAccount, settings: Settings, given: str
    ) -> None:
        settle_keys()
        sealed = account.credentials
        settings.CREDENTIAL_KEYS = [given]
        with pytest.raises(KeysUnusable):
            settle_keys()
        _, printed = check("--accept", "CREDENTIAL_KEYS:k1")
        assert "1 account must be connected again" in printed
        settle_keys()
        account.refresh_from_db()
        assert account.status == "needs_reauth"
        assert account.credentials == sealed  # in case the key is found after all
        assert usable_connection(account)[1].endswith(RECONNECT)
        assert AuditEntry.objects.latest("pk").action == "integrated_account.key_lost"
        assert check()[0] == 0

    def test_an_account_whose_tokens_are_lost_takes_new_ones(
        self, account: IntegratedAccount, settings: Settings
    ) -> None:
        grant = OAuthGrant(account=account)
        grant.set_tokens(TokenSet("at-1", "rt-1"), timezone.now())
        grant.save()
        settings.CREDENTIAL_KEYS = [FRESH]
        check("--accept", "CREDENTIAL_KEYS:k1")
        grant.set_tokens(TokenSet("at-2"), timezone.now())
        assert grant.read_tokens() == ("at-2", "")

    def test_a_second_factor_under_a_lost_key_still_takes_a_recovery_code(
        self, people: People, settings: Settings
    ) -> None:
        factor = begin_setup(people.owner)
        codes = factor.new_recovery_codes()
        settings.CREDENTIAL_KEYS = [FRESH]
        check("--accept", "CREDENTIAL_KEYS:k1")
        assert not factor.accept("123456")
        assert factor.accept(codes[0])

    @pytest.mark.parametrize("name", ["TOKEN_KEY", "CREDENTIAL_KEYS:k9", "nonsense"])
    def test_a_key_that_is_in_order_or_unknown_cannot_be_given_up(self, name: str) -> None:
        settle_keys()
        with pytest.raises(CommandError, match="Nothing was changed"):
            check("--accept", name)


@pytest.mark.parametrize("command", [("issue_api_token", "Production"), ("rotate_credentials",), ("demo",)])
def test_commands_that_store_under_a_key_do_nothing_with_another(settings: Settings, command: tuple[str, ...]) -> None:
    settle_keys()
    settings.TOKEN_KEY = OTHER
    with pytest.raises(CommandError, match="TOKEN_KEY is not the key that this database was used with"):
        call_command(*command)


def test_a_model_is_not_told_to_reconnect_an_account_because_of_a_key(
    account: IntegratedAccount, settings: Settings, caplog: Any
) -> None:
    settings.CREDENTIAL_KEYS = [FRESH]
    connection, words = usable_connection(account)
    assert connection is None
    assert "only the operator" in words
    assert "connect" not in words.replace("disconnect", "")
    assert f"account {account.pk} cannot be decrypted: they are encrypted under key 'k1'" in caplog.text
