"""Connect, change and disconnect accounts: what is asked of the vendor, what is saved, what is written down."""

from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from accounts.definition import Definition, parse_definition
from accounts.errors import ConnectionIncomplete, ConnectionRefused, CredentialsUnreadable
from accounts.integrated_accounts.check import check_account
from accounts.integrated_accounts.lifecycle import connect_account, disconnect_account, reconnect_account, set_enabled
from accounts.models import AuditEntry, Environment, IntegratedAccount, Integration
from accounts.vendors.connection import connect
from accounts.vendors.connection_fields import split_fields
from mcpservers.models import MCPServer
from tests.moving import move
from tests.vendors.application import Answer, Request
from tests.vendors.scripted import ScriptedVendor

FIELDS = {"app_name": "acme", "api_key": "fd-demo-key"}

Connect = Callable[..., IntegratedAccount]
Meanwhile = Callable[[Callable[[], object]], None]


@pytest.fixture
def definition(integration: Integration) -> Definition:
    return integration.parsed()


@pytest.fixture
def connect_acme(environment: Environment, integration: Integration, simulator: str, vendor: httpx.Client) -> Connect:
    """Connects an account to the simulator; keyword arguments replace what is given."""

    def connected(**changed: Any) -> IntegratedAccount:
        given = {"name": "Acme", "fields": FIELDS, "base_url": f"{simulator}/api", **changed}
        return connect_account(environment, integration, "tests", **given)

    return connected


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def problems(definition: Definition, **fields: Any) -> dict[str, str]:
    with pytest.raises(ConnectionIncomplete) as refused:
        split_fields(definition, {**FIELDS, **fields})
    assert "fd-demo-key" not in str(refused.value)
    return refused.value.problems


class TestFields:
    """The connection fields that a definition asks for."""

    def test_open_and_secret_fields_are_parted(self, definition: Definition) -> None:
        assert split_fields(definition, FIELDS) == ({"app_name": "acme"}, {"api_key": "fd-demo-key"})

    @pytest.mark.parametrize("value", ["", None])
    def test_a_required_field_that_is_empty_is_named(self, definition: Definition, value: str | None) -> None:
        assert problems(definition, api_key=value) == {"api_key": "API key is required."}

    def test_a_field_nobody_asked_for_is_named_with_those_that_there_are(self, definition: Definition) -> None:
        assert problems(definition, token="x") == {
            "token": "is not a connection field of FuseDesk; it has: app_name, api_key."
        }

    @pytest.mark.parametrize("value", [1, ["a"], {"a": 1}, True, "a\nb", "a\x00b", "a\u200bb", "x" * 4001])
    def test_a_value_that_is_not_one_line_of_text_is_refused(self, definition: Definition, value: object) -> None:
        assert problems(definition, api_key=value) == {"api_key": "API key takes one line of text."}

    @pytest.mark.parametrize("value", ["acme.fusedesk.com", "a/b", "acme@evil.example", "-a", "a" * 64, "127.0.0.1#"])
    def test_a_value_of_another_form_is_refused_with_the_help(self, definition: Definition, value: str) -> None:
        assert "does not have the expected form. The first part" in problems(definition, app_name=value)["app_name"]

    def test_a_key_that_no_header_takes_is_refused(self, definition: Definition) -> None:
        assert "ASCII" in problems(definition, api_key="schlüssel")["api_key"]

    @pytest.mark.parametrize("value", ["a b", "user:pw@host", "ho?st", "[", "h:99999/"])
    def test_values_that_make_no_address_are_refused(self, integration: Integration, value: str) -> None:
        document = {**integration.definition, "base_url": "https://{app_name}"}
        document["connection_fields"] = [
            {key: field[key] for key in field if key != "pattern"} for field in document["connection_fields"]
        ]
        assert problems(parse_definition(document), app_name=value) == {
            "app_name": "App name does not make an address that can be called."
        }


class TestConnecting:
    """A new account."""

    def test_an_account_that_the_vendor_accepts_is_saved_with_its_scopes(self, connect_acme: Connect) -> None:
        account = connect_acme()
        account.refresh_from_db()
        assert "cases" in account.scopes
        assert account.checked_at is not None
        assert account.connection == {"app_name": "acme"}
        assert actions() == ["integrated_account.connected"]

    @pytest.mark.parametrize(
        ("knobs", "words", "status"),
        [
            ({"force_status": 401}, "refused the connection with HTTP 401: Unauthorized (forced).", 401),
            ({"force_status": 503}, "HTTP 503", 503),
            ({"response": "html"}, "is not FuseDesk's API", 200),
            ({"response": "empty"}, "is not FuseDesk's API", 200),
            ({"response": "invalid_json"}, "is not FuseDesk's API", 200),
            ({"response": "deep"}, "is not FuseDesk's API", 200),
            ({"response": "redirect"}, "HTTP 302", 302),
            ({"response": "gzip_bomb"}, "could not be reached: the answer is larger", None),
            ({"response": "truncated"}, "could not be reached: the connection ended", None),
            ({"drop_connection": True}, "could not be reached: the connection ended", None),
        ],
    )
    def test_what_the_vendor_does_not_accept_is_told_and_not_saved(
        self, connect_acme: Connect, vendor: httpx.Client, knobs: dict[str, object], words: str, status: int | None
    ) -> None:
        vendor.post("/_control", json=knobs)
        with pytest.raises(ConnectionRefused) as refused:
            connect_acme()
        assert words in str(refused.value)
        assert "fd-demo-key" not in str(refused.value)
        assert (refused.value.status, refused.value.forbidden) == (status, False)
        assert (IntegratedAccount.objects.count(), actions()) == (0, [])

    def test_a_vendor_that_takes_too_long_is_not_waited_for(
        self, connect_acme: Connect, vendor: httpx.Client, settings: Settings
    ) -> None:
        settings.UPSTREAM_TOTAL_SECONDS = 0.2
        vendor.post("/_control", json={"latency_ms": 60_000})
        with pytest.raises(ConnectionRefused, match="no whole answer within"):
            connect_acme()

    def test_an_address_that_may_not_be_called_is_not_called(
        self, connect_acme: Connect, vendor: httpx.Client, settings: Settings
    ) -> None:
        settings.UPSTREAM_PRIVATE_HOSTS = frozenset()
        with pytest.raises(ConnectionRefused, match="not a public address") as refused:
            connect_acme()
        assert refused.value.forbidden
        assert vendor.get("/_control").json()["requests"] == 0

    @pytest.mark.parametrize("base_url", ["ftp://a", "https://user:pw@a.example", "http://0177.0.0.1", "nonsense"])
    def test_an_address_that_is_none_is_refused_before_it_is_called(self, connect_acme: Connect, base_url: str) -> None:
        with pytest.raises(ConnectionIncomplete) as refused:
            connect_acme(base_url=base_url, verify=False)
        assert refused.value.problems.keys() == {"base_url"}

    def test_a_test_whose_scopes_cannot_be_read_is_refused(
        self, connect_acme: Connect, integration: Integration
    ) -> None:
        integration.definition["connection_test"]["scopes"] = "keys(@)"
        with pytest.raises(ConnectionRefused, match="is not FuseDesk's API"):
            connect_acme()

    @pytest.mark.parametrize("scopes", ["length(@)", "nothing", None])
    def test_scopes_that_are_no_list_are_none(
        self, connect_acme: Connect, integration: Integration, scopes: str | None
    ) -> None:
        integration.definition["connection_test"]["scopes"] = scopes
        assert connect_acme().scopes == []

    def test_the_definitions_address_is_filled_from_the_fields(
        self, connect_acme: Connect, integration: Integration
    ) -> None:
        account = connect_acme(base_url="", verify=False)
        assert connect(account, integration.parsed()).base_url == "https://acme.fusedesk.com/api"


class TestReconnecting:
    """Changes to an account."""

    def test_fields_that_are_not_given_stay_as_they_are(self, account: IntegratedAccount) -> None:
        reconnect_account(account, "tests", fields={"app_name": "other", "api_key": ""}, verify=False)
        account.refresh_from_db()
        assert account.connection == {"app_name": "other"}
        assert account.read_credentials() == {"api_key": "fd-demo-key"}
        assert AuditEntry.objects.latest("pk").details == {"changed": ["app_name"]}

    def test_a_refused_change_leaves_the_row_as_it_was(self, account: IntegratedAccount, vendor: httpx.Client) -> None:
        with pytest.raises(ConnectionRefused):
            reconnect_account(account, "tests", name="Changed", fields={"api_key": "wrong"})
        stored = IntegratedAccount.objects.get(pk=account.pk)
        assert (stored.name, stored.read_credentials(), stored.revision) == (
            "Acme FuseDesk",
            {"api_key": "fd-demo-key"},
            1,
        )

    def test_a_field_that_the_definition_lost_is_dropped(self, account: IntegratedAccount) -> None:
        account.connection = {"app_name": "acme", "region": "eu"}
        reconnect_account(account, "tests", fields={"app_name": "other"}, verify=False)
        assert account.connection == {"app_name": "other"}

    def test_an_account_whose_credentials_cannot_be_read_is_connected_by_giving_them_anew(
        self, account: IntegratedAccount
    ) -> None:
        account.credentials = "gone.AAAA"
        with pytest.raises(CredentialsUnreadable):
            reconnect_account(account, "tests", fields={"app_name": "other"}, verify=False)
        reconnect_account(account, "tests", fields={"api_key": "fd-demo-key"}, verify=False)
        account.refresh_from_db()
        assert account.read_credentials() == {"api_key": "fd-demo-key"}

    def test_a_name_alone_is_changed_without_asking_the_vendor(
        self, account: IntegratedAccount, vendor: httpx.Client
    ) -> None:
        reconnect_account(account, "tests", name="Renamed")
        assert vendor.get("/_control").json()["requests"] == 0
        assert account.name == "Renamed"
        assert account.revision > 1
        assert AuditEntry.objects.latest("pk").details == {"changed": ["name"]}

    def test_new_credentials_do_not_switch_on_what_was_switched_off(
        self, account: IntegratedAccount, vendor: httpx.Client
    ) -> None:
        set_enabled(account, "tests", enabled=False)
        reconnect_account(account, "tests", fields={"api_key": "fd-demo-key"})
        assert vendor.get("/_control").json()["requests"] == 1
        assert account.status == IntegratedAccount.objects.get().status == account.Status.DISABLED

    def test_a_change_of_nothing_is_not_written_down(self, account: IntegratedAccount) -> None:
        before = actions()
        reconnect_account(account, "tests", name=account.name)
        assert actions() == before


def test_of_the_scopes_that_a_vendor_reports_only_so_many_are_kept_and_as_text(
    account: IntegratedAccount, scripted: ScriptedVendor
) -> None:
    move(account, scripted.address)
    scripted.body = orjson.dumps(["a\0b", "s" * 500, 7, *map(str, range(1000))])
    check_account(account, "tests")
    account.refresh_from_db()
    assert account.scopes[:3] == ["a\\u{0}b", "s" * 200, "0"]
    assert len(account.scopes) == 100


def test_switching_off_and_on_is_written_down(account: IntegratedAccount) -> None:
    set_enabled(account, "tests", enabled=False)
    assert account.status == account.Status.DISABLED
    set_enabled(account, "tests", enabled=True)
    assert actions()[-2:] == ["integrated_account.disabled", "integrated_account.enabled"]


def test_disconnecting_deletes_the_servers_too_and_leaves_a_trace(
    account: IntegratedAccount, server: tuple[MCPServer, str]
) -> None:
    disconnect_account(account, "tests")
    assert (IntegratedAccount.objects.count(), MCPServer.objects.count()) == (0, 0)
    assert AuditEntry.objects.latest("pk").target_name == "Acme FuseDesk"


@pytest.mark.parametrize(
    ("status", "ends"), [(401, "needs_reauth"), (403, "needs_reauth"), (500, "active"), (429, "active")]
)
def test_only_a_refusal_of_the_credentials_marks_an_account(
    account: IntegratedAccount, vendor: httpx.Client, status: int, ends: str
) -> None:
    vendor.post("/_control", json={"force_status": status})
    with pytest.raises(ConnectionRefused):
        check_account(account, "tests")
    account.refresh_from_db()
    assert account.status == ends


def test_no_audit_entry_holds_a_secret(account: IntegratedAccount) -> None:
    reconnect_account(account, "tests", fields={"api_key": "another-secret"}, verify=False)
    assert "another-secret" not in str(list(AuditEntry.objects.values()))


class TestMeanwhile:
    """What somebody else does while a slow vendor is asked."""

    @pytest.fixture
    def meanwhile(self, transactional_db: None, account: IntegratedAccount, scripted: ScriptedVendor) -> Meanwhile:
        """Has the vendor do something before it answers, on a connection of its own."""
        scripted.body = b'["cases"]'
        move(account, scripted.address)

        def arrange(act: Callable[[], object]) -> None:
            def answer(_: Request) -> Answer:
                scripted.answer = None
                act()
                connection.close()
                return Answer(scripted.status, scripted.body)

            scripted.answer = answer

        return arrange

    def test_a_check_does_not_bring_a_disconnected_account_back(
        self, account: IntegratedAccount, meanwhile: Meanwhile
    ) -> None:
        meanwhile(lambda: disconnect_account(IntegratedAccount.objects.get(), "somebody"))
        with pytest.raises(ConnectionRefused, match="was disconnected meanwhile"):
            check_account(account, "tests")
        assert IntegratedAccount.objects.count() == 0

    def test_a_check_does_not_switch_on_what_was_switched_off(
        self, account: IntegratedAccount, meanwhile: Meanwhile
    ) -> None:
        meanwhile(lambda: set_enabled(IntegratedAccount.objects.get(), "somebody", enabled=False))
        check_account(account, "tests")
        assert IntegratedAccount.objects.get().status == account.Status.DISABLED

    def test_a_check_does_not_undo_new_credentials(self, account: IntegratedAccount, meanwhile: Meanwhile) -> None:
        def renew() -> None:
            stored = IntegratedAccount.objects.get()
            reconnect_account(stored, "somebody", name="New", fields={"api_key": "new-key"}, verify=False)

        meanwhile(renew)
        check_account(account, "tests")
        stored = IntegratedAccount.objects.get()
        assert (stored.name, stored.read_credentials(), stored.scopes) == ("New", {"api_key": "new-key"}, ["cases"])

    def test_two_who_save_at_once_do_not_end_with_the_same_revision(self, account: IntegratedAccount) -> None:
        first, second = IntegratedAccount.objects.get(), IntegratedAccount.objects.get()
        first.save()
        second.save()
        assert account.revision < first.revision < second.revision
