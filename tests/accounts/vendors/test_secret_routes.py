"""Secrets go where they were given for, and nowhere else, whoever changes what."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from accounts.errors import AccountChanged, ConnectionIncomplete, ConnectionRefused, SecretsMoved
from accounts.integrated_accounts.check import check_account
from accounts.integrated_accounts.lifecycle import connect_account, reconnect_account, set_enabled
from accounts.models import AuditEntry, Environment, IntegratedAccount, Integration, Role
from tests.admin_site import browser as staff_browser
from tests.admin_site import page, superuser
from tests.people import People
from tests.portal_site import browser
from tests.rest import Rest, problem, reasons, token_of
from tests.vendors.recording import RecordingVendor
from tests.vendors.routed import (
    BASIC,
    BEARER,
    FIELDS,
    HEADER,
    QUERY,
    SECRETS,
    bundle,
    client_at,
    connected,
    document,
    load,
    save,
)
from tools.catalogue.toolbox import usable_connection
from tools.catalogue.unusable import RECONNECT

pytestmark = pytest.mark.django_db
NEW_KEY, NEW_SECRET = "the-second-api-key", "the-second-client-secret"
AGAIN = {"api_key": NEW_KEY, "client_secret": NEW_SECRET}
IMPORTS = "/admin/accounts/integration"


@pytest.fixture
def desk(home: RecordingVendor) -> Integration:
    return load(document(home.address))


@pytest.fixture
def account(environment: Environment, desk: Integration) -> IntegratedAccount:
    return connected(environment, desk)


@pytest.fixture
def rest(admin_token: str) -> Rest:
    return Rest(admin_token)


@pytest.fixture
def root() -> Client:
    return staff_browser(superuser())


def one(account: IntegratedAccount) -> str:
    return f"/integrated-account/{account.pk}"


def now(account: IntegratedAccount) -> IntegratedAccount:
    """Return an account as it is now."""
    return IntegratedAccount.objects.select_related("integration").get(pk=account.pk)


def call(account: IntegratedAccount) -> str:
    """Return why an account cannot be called, empty where it can."""
    return usable_connection(now(account))[1]


def latest(action: str) -> dict[str, Any]:
    details: dict[str, Any] = AuditEntry.objects.filter(action=f"integrated_account.{action}").latest("pk").details
    return details


class TestOverRest:
    """`PATCH /integrated-account/{id}`."""

    def test_a_stored_secret_does_not_follow_a_new_address(
        self, rest: Rest, account: IntegratedAccount, home: RecordingVendor, away: RecordingVendor
    ) -> None:
        refused = reasons(rest.patch(one(account), {"base_url": away.address}))
        words = (
            f"Give it again: the account moves from {home.address} to {away.address}, and the stored one is not sent "
            "there."
        )
        assert refused == {"connection.api_key": words, "connection.client_secret": words}
        assert (away.connections, now(account).base_url) == (0, "")

    @pytest.mark.parametrize("given", [{}, {"api_key": NEW_KEY}, {"api_key": "", "client_secret": NEW_SECRET}])
    def test_each_secret_has_to_be_given_again(
        self, rest: Rest, account: IntegratedAccount, away: RecordingVendor, given: dict[str, str]
    ) -> None:
        refused = reasons(rest.patch(one(account), {"base_url": away.address, "connection": given}))
        missing = {name for name in SECRETS if not given.get(name)}
        assert refused.keys() == {f"connection.{name}" for name in missing}
        assert away.connections == 0

    def test_with_new_secrets_the_account_moves_and_only_they_are_sent(
        self, rest: Rest, account: IntegratedAccount, home: RecordingVendor, away: RecordingVendor
    ) -> None:
        home.forget()
        changed = rest.patch(one(account), {"base_url": away.address, "connection": AGAIN})
        assert changed.status_code == 200
        assert away.got(NEW_KEY)
        assert not any(away.got(secret) for secret in SECRETS.values())
        assert home.connections == 0
        assert latest("changed") == {
            "changed": ["base_url", "api_key", "client_secret"],
            "address": {"from": home.address, "to": away.address},
            "secrets_given": ["api_key", "client_secret"],
        }
        assert call(account) == ""

    def test_going_back_to_the_usual_address_is_a_move_too(
        self, rest: Rest, account: IntegratedAccount, home: RecordingVendor, away: RecordingVendor
    ) -> None:
        rest.patch(one(account), {"base_url": away.address, "connection": AGAIN})
        home.forget()
        assert reasons(rest.patch(one(account), {"base_url": ""})).keys() == {f"connection.{name}" for name in SECRETS}
        assert home.connections == 0

    def test_a_name_is_changed_without_any_of_this(self, rest: Rest, account: IntegratedAccount) -> None:
        assert rest.patch(one(account), {"name": "Renamed"}).json()["name"] == "Renamed"

    def test_one_secret_is_replaced_where_the_account_stays(
        self, rest: Rest, account: IntegratedAccount, home: RecordingVendor
    ) -> None:
        assert rest.patch(one(account), {"connection": {"api_key": NEW_KEY}}).status_code == 200
        assert home.got(NEW_KEY)
        assert now(account).read_credentials() == {**SECRETS, "api_key": NEW_KEY}
        assert latest("changed") == {"changed": ["api_key"], "secrets_given": ["api_key"]}

    @pytest.mark.parametrize("value", [5, ["x"], True, {"a": 1}])
    @pytest.mark.parametrize("more", [{}, {"base_url": "https://other.example"}])
    def test_a_field_that_is_no_text_is_refused_in_words(
        self, rest: Rest, account: IntegratedAccount, value: Any, more: dict[str, str]
    ) -> None:
        for name in [*account.connection, "api_key"]:
            answer = rest.patch(one(account), {"connection": {name: value}, **more})
            assert answer.status_code == 400, name

    def test_people_without_the_role_move_nothing(
        self, account: IntegratedAccount, environment: Environment, people: People, away: RecordingVendor
    ) -> None:
        body = {"base_url": away.address, "connection": AGAIN}
        for role in (Role.OPERATOR, Role.VIEWER):
            problem(Rest(token_of(environment, role)).patch(one(account), body), 403)
        problem(Rest(token_of(people.elsewhere)).patch(one(account), body), 404)
        assert (away.connections, now(account).base_url) == (0, "")

    def test_no_answer_and_no_entry_holds_a_secret(
        self, rest: Rest, account: IntegratedAccount, away: RecordingVendor
    ) -> None:
        bodies: list[dict[str, Any]] = [{"base_url": away.address}, {"base_url": away.address, "connection": AGAIN}]
        told = "".join(rest.patch(one(account), body).content.decode() for body in bodies)
        told += str(list(AuditEntry.objects.values())) + str(now(account).approved_routes)
        assert not any(secret in told for secret in [*SECRETS.values(), *AGAIN.values()])


class TestSameOrigin:
    """What is no move, and what only looks like none."""

    @pytest.fixture
    def account(self, environment: Environment) -> IntegratedAccount:
        load(document("https://api.desk.example/v1"))
        return connected(environment, Integration.objects.get(name="routed_desk"), verify=False)

    @pytest.mark.parametrize(
        "address",
        [
            "https://api.desk.example",
            "https://API.Desk.Example/v1",
            "https://api.desk.example:443/v1/",
            "https://api.desk.example./v1",
            "https://api.desk.example/v2",
        ],
    )
    def test_another_way_of_writing_an_origin_and_another_path_are_no_move(
        self, account: IntegratedAccount, address: str
    ) -> None:
        reconnect_account(account, "tests", base_url=address, verify=False)
        assert call(account) == ""

    @pytest.mark.parametrize(
        "address",
        [
            "https://api.desk.example.evil.example/v1",
            "https://api.desk.example:8443/v1",
            "https://desk.example/v1",
            "https://api-desk.example/v1",
            "https://xn--api-desk-.example/v1",
            "https://api.desk%2eexample/v1",
            "https://api.desk.example../v1",
            "https://[2606:4700::1]/v1",
            "https://127.0.0.1/v1",
            "https://0x7f.1/v1",
        ],
    )
    def test_another_host_or_port_is_a_move(self, account: IntegratedAccount, address: str) -> None:
        with pytest.raises(ConnectionIncomplete, match="Give it again"):
            reconnect_account(account, "tests", base_url=address, verify=False)

    @pytest.mark.parametrize(
        "address",
        ["https://api.desk.example@evil.example", "https://evil.example\\@api.desk.example", "https://ä.example"],
    )
    def test_what_can_be_read_in_two_ways_is_no_address(self, account: IntegratedAccount, address: str) -> None:
        with pytest.raises(ConnectionIncomplete) as refused:
            reconnect_account(account, "tests", base_url=address, fields=AGAIN, verify=False)
        assert refused.value.problems.keys() == {"base_url"}

    def test_secrets_do_not_go_in_the_clear(self, account: IntegratedAccount) -> None:
        for address in ("http://api.desk.example/v1", "http://api.desk.example:443"):
            with pytest.raises(ConnectionIncomplete, match="begins with https://"):
                reconnect_account(account, "tests", base_url=address, fields=AGAIN, verify=False)

    def test_an_account_that_goes_in_the_clear_stops_with_words(
        self, environment: Environment, settings: Settings
    ) -> None:
        settings.UPSTREAM_PRIVATE_HOSTS = frozenset({"desk.internal"})
        account = connected(environment, load(document("http://desk.internal")), verify=False)
        assert call(account) == ""
        settings.UPSTREAM_PRIVATE_HOSTS = frozenset()
        assert "takes an address that begins with https://" in call(account)


class TestFieldsOfAnAddress:
    """Connection fields that an address is made of."""

    @pytest.mark.parametrize(
        "base_url",
        ["https://{tenant}.desk.example", "https://api.desk.example/{tenant}/v1", "https://{tenant}/v1"],
        ids=["host", "path", "all of it"],
    )
    def test_a_new_value_is_a_new_address(self, environment: Environment, rest: Rest, base_url: str) -> None:
        fields = {**FIELDS, "tenant": "acme.example"}
        account = connected(environment, load(document(base_url)), fields=fields, verify=False)
        refused = reasons(rest.patch(one(account), {"connection": {"tenant": "evil.example"}}))
        assert refused.keys() == {"connection.api_key", "connection.client_secret"}
        assert now(account).connection["tenant"] == "acme.example"

    def test_a_value_that_leads_out_of_its_host_is_a_new_address(self, environment: Environment) -> None:
        account = connected(environment, load(document("https://{tenant}.desk.example")), verify=False)
        with pytest.raises(ConnectionIncomplete, match="Give it again"):
            reconnect_account(account, "tests", fields={"tenant": "evil.example/x"}, verify=False)

    def test_a_shared_host_s_path_does_not_give_way_to_an_address_of_the_account_s_own(
        self, environment: Environment
    ) -> None:
        account = connected(environment, load(document("https://api.desk.example/{tenant}")), verify=False)
        with pytest.raises(ConnectionIncomplete, match="Give it again"):
            reconnect_account(account, "tests", base_url="https://api.desk.example/evil", verify=False)

    def test_a_secret_part_of_an_address_takes_no_other_secret_along(self, environment: Environment) -> None:
        account = connected(environment, load(document("https://{client_secret}.desk.example")), verify=False)
        with pytest.raises(ConnectionIncomplete) as refused:
            reconnect_account(account, "tests", fields={"client_secret": "evil.example/"}, verify=False)
        assert refused.value.problems.keys() == {"api_key"}
        assert not any(secret in str(now(account).approved_routes) for secret in SECRETS.values())

    def test_the_usual_address_typed_out_and_left_out_again_is_no_move(self, environment: Environment) -> None:
        account = connected(environment, load(document("https://{tenant}.desk.example/api")), verify=False)
        for address in ("https://acme.desk.example/test", ""):
            reconnect_account(now(account), "tests", base_url=address, verify=False)
        assert call(account) == ""

    def test_a_field_that_is_no_part_of_an_address_changes_without_the_secrets(
        self, environment: Environment, home: RecordingVendor, rest: Rest
    ) -> None:
        account = connected(environment, load(document(home.address)))
        assert rest.patch(one(account), {"connection": {"tenant": "other"}}).status_code == 200


class TestDefinitions:
    """Changes of an integration's definition, whichever way they come."""

    @pytest.mark.parametrize("authentication", [HEADER, QUERY, BEARER, BASIC], ids=lambda each: each["kind"])
    def test_another_address_stops_the_accounts_at_once(
        self, environment: Environment, home: RecordingVendor, away: RecordingVendor, authentication: dict[str, Any]
    ) -> None:
        account = connected(environment, load(document(home.address, authentication)))
        load(document(away.address, authentication))
        stored = now(account)
        assert stored.status == "needs_reauth"
        assert stored.problem == (
            f"the stored secrets were given for {home.address} and would go to {away.address} now, so nothing is sent. "
            "An admin of its environment has to give every secret again"
        )
        assert call(account) == f"The account 'Desk' must be connected again: {stored.problem}. {RECONNECT}"
        assert latest("stopped") == {"address": {"from": home.address, "to": away.address}}
        assert AuditEntry.objects.latest("pk").environment_id == environment.pk
        assert away.connections == 0

    @pytest.mark.parametrize(
        "authentication",
        [QUERY, BASIC, {**HEADER, "value": "{client_secret}"}, client_at("https://login.desk.example")],
        ids=["place", "kind", "field", "tokens"],
    )
    def test_another_authentication_stops_them_too(
        self, account: IntegratedAccount, home: RecordingVendor, authentication: dict[str, Any]
    ) -> None:
        load(document(home.address, authentication))
        assert now(account).status == "needs_reauth"
        assert "must be connected again" in call(account)

    def test_what_is_no_route_stops_nobody(self, account: IntegratedAccount, home: RecordingVendor) -> None:
        load(document(f"{home.address}/v2", {**HEADER, "header": "X-Other"}, label="Renamed Desk"))
        assert (now(account).status, call(account)) == ("active", "")

    def test_a_definition_that_changes_back_lets_them_go_on(
        self, account: IntegratedAccount, home: RecordingVendor, away: RecordingVendor
    ) -> None:
        load(document(away.address))
        load(document(home.address))
        assert (now(account).status, now(account).problem, call(account)) == ("active", "", "")
        assert AuditEntry.objects.latest("pk").action == "integrated_account.resumed"

    def test_what_was_given_again_is_approved_and_what_was_before_is_not_any_more(
        self, account: IntegratedAccount, rest: Rest, home: RecordingVendor, away: RecordingVendor
    ) -> None:
        load(document(away.address))
        assert reasons(rest.patch(one(account), {"connection": {"tenant": "x"}})).keys() == {
            "connection.api_key",
            "connection.client_secret",
        }
        assert rest.patch(one(account), {"connection": AGAIN}).json()["status"] == "active"
        assert not any(away.got(secret) for secret in SECRETS.values())
        load(document(home.address))
        assert now(account).status == "needs_reauth"

    def test_a_secret_that_is_called_open_is_neither_sent_elsewhere_nor_shown(
        self, account: IntegratedAccount, rest: Rest, away: RecordingVendor, home: RecordingVendor
    ) -> None:
        opened = document(home.address)
        opened["connection_fields"] = [{**field, "secret": False} for field in opened["connection_fields"]]
        load({**opened, "base_url": f"{away.address}/{{api_key}}"})
        assert "must be connected again" in call(account)
        load(opened)
        refused = reasons(rest.patch(one(account), {"connection": {"tenant": "x"}}))
        assert refused.keys() == {"connection.api_key", "connection.client_secret"}
        assert SECRETS["api_key"] not in rest.get(one(account)).content.decode()
        assert away.connections == 0

    def test_accounts_with_an_address_of_their_own_are_not_concerned(
        self, environment: Environment, desk: Integration, home: RecordingVendor, away: RecordingVendor
    ) -> None:
        account = connected(environment, desk, base_url=home.address)
        load(document(away.address))
        assert (now(account).status, call(account)) == ("active", "")

    def test_the_admin_asks_before_it_stops_accounts(
        self, root: Client, account: IntegratedAccount, desk: Integration, away: RecordingVendor
    ) -> None:
        shown = save(root, desk, document(away.address))
        assert "1 account stops, because stored secrets would go to another address" in shown
        assert Integration.objects.get().definition["base_url"] != away.address
        assert now(account).status == "active"
        save(root, desk, document(away.address), stop_accounts="on")
        assert (now(account).status, away.connections) == ("needs_reauth", 0)
        assert AuditEntry.objects.get(action="integrated_account.stopped").actor == "root"

    def test_a_version_that_comes_back_says_so_before(
        self, root: Client, account: IntegratedAccount, desk: Integration, home: RecordingVendor, away: RecordingVendor
    ) -> None:
        save(root, desk, document(away.address), stop_accounts="on")
        reconnect_account(now(account), "tests", fields=AGAIN)
        oldest = type(desk).history.filter(id=desk.pk).earliest().history_id  # type: ignore[attr-defined]
        version = f"{page(desk, 'history')}{oldest}/"
        assert "1 account stops" in root.get(version).content.decode()
        root.post(f"{version}restore/")
        assert Integration.objects.get().definition["base_url"] == home.address
        assert now(account).status == "needs_reauth"

    def test_an_import_says_so_before(self, root: Client, account: IntegratedAccount, away: RecordingVendor) -> None:
        file = SimpleUploadedFile("bundle.yaml", bundle(document(away.address)).encode())
        shown = root.post(f"{IMPORTS}/import-bundle/", {"file": file, "text": ""}).content.decode()
        assert "1 account stops" in shown
        assert now(account).status == "active"
        key = re.findall(r'name="held" value="(\w+)"', shown)[0]
        root.post(f"{IMPORTS}/import-confirm/", {"held": key})
        assert now(account).status == "needs_reauth"
        assert AuditEntry.objects.get(action="integrated_account.stopped").actor == "root"

    def test_the_command_line_says_so_before(
        self, account: IntegratedAccount, away: RecordingVendor, tmp_path: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "bundle.yaml"
        file.write_text(bundle(document(away.address)))
        call_command("load_integration", str(file), "--dry-run")
        assert "1 account stops" in capsys.readouterr().err
        assert now(account).status == "active"
        call_command("load_integration", str(file))
        assert "1 account stops" in capsys.readouterr().err
        assert now(account).status == "needs_reauth"

    def test_an_api_description_that_names_another_address_says_so_before(
        self, account: IntegratedAccount, away: RecordingVendor, tmp_path: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "description.yaml"
        file.write_text(DESCRIPTION)
        call_command("import_openapi", str(file), "--name", "routed_desk", "--base-url", away.address)
        assert "1 account stops" in capsys.readouterr().err
        assert (now(account).status, away.connections) == ("needs_reauth", 0)

    def test_a_description_alone_moves_nobody(self, account: IntegratedAccount, tmp_path: Any) -> None:
        file = tmp_path / "description.yaml"
        file.write_text(DESCRIPTION)
        call_command("import_openapi", str(file), "--name", "routed_desk", verbosity=0)
        assert (now(account).status, call(account)) == ("active", "")


DESCRIPTION = """
openapi: 3.0.3
info: {title: Routed Desk, version: "1"}
servers: [{url: "https://elsewhere.example/v1"}]
paths:
  /tickets:
    get:
      operationId: listTickets
      summary: List tickets
      responses: {"200": {description: fine, content: {application/json: {schema: {type: object}}}}}
"""


class TestNothingElseApproves:
    """Switching on, testing, and whatever is no giving of secrets."""

    @pytest.fixture
    def stopped(self, account: IntegratedAccount, away: RecordingVendor) -> IntegratedAccount:
        load(document(away.address))
        return now(account)

    def test_switching_off_and_on_leaves_it_stopped(
        self, stopped: IntegratedAccount, rest: Rest, away: RecordingVendor
    ) -> None:
        set_enabled(stopped, "tests", enabled=False)
        assert rest.patch(one(stopped), {"status": "active"}).json()["status"] == "needs_reauth"
        assert "would go to" in rest.get(one(stopped)).json()["problem"]
        assert away.connections == 0

    def test_an_account_that_was_off_when_the_definition_changed_does_not_come_on(
        self, account: IntegratedAccount, away: RecordingVendor
    ) -> None:
        set_enabled(account, "tests", enabled=False)
        load(document(away.address))
        assert (now(account).status, now(account).problem) == ("disabled", "")
        set_enabled(now(account), "tests", enabled=True)
        assert now(account).status == "needs_reauth"

    def test_an_account_cannot_simply_be_called_active(self, stopped: IntegratedAccount, rest: Rest) -> None:
        assert reasons(rest.patch(one(stopped), {"status": "active"})).keys() == {"status"}
        body: dict[str, Any] = {"status": "active", "connection": {}}
        assert "connection.api_key" in reasons(rest.patch(one(stopped), body))

    def test_a_test_of_the_connection_sends_nothing(
        self, stopped: IntegratedAccount, away: RecordingVendor, home: RecordingVendor
    ) -> None:
        home.forget()
        IntegratedAccount.objects.update(status="active", stopped="")  # as if nobody had marked it
        with pytest.raises(SecretsMoved):
            check_account(now(stopped), "tests")
        assert (now(stopped).status, away.connections, home.connections) == ("needs_reauth", 0, 0)

    def test_the_portal_s_button_and_the_admin_s_action_send_nothing_either(
        self, stopped: IntegratedAccount, people: People, root: Client, away: RecordingVendor
    ) -> None:
        ana = browser(people.owner)
        answer = ana.post(f"/accounts/{stopped.pk}/check")
        assert "was not asked: the stored secrets were given for" in ana.get(answer["Location"]).content.decode()
        ticked = {"action": "test_connection", "_selected_action": [str(stopped.pk)]}
        assert "would go to" in root.post("/admin/accounts/integratedaccount/", ticked, follow=True).content.decode()
        assert away.connections == 0

    def test_a_name_changes_in_the_admin_and_approves_nothing(
        self, stopped: IntegratedAccount, root: Client, away: RecordingVendor
    ) -> None:
        root.post(page(stopped), {"name": "Renamed"})
        assert (now(stopped).name, now(stopped).status, away.connections) == ("Renamed", "needs_reauth", 0)

    def test_an_account_whose_routes_are_not_known_stops(self, account: IntegratedAccount) -> None:
        IntegratedAccount.objects.update(approved_routes=[])
        assert "were given for an unknown address" in call(account)


class TestInThePortal:
    """The settings of an account."""

    @pytest.fixture
    def ana(self, people: People) -> Client:
        return browser(people.owner)

    def form(self, **changed: str) -> dict[str, str]:
        return {
            "field_tenant": "acme",
            "field_client_id": "patchbay",
            "field_api_key": "",
            "field_client_secret": "",
            "base_url": "",
            **changed,
        }

    def test_another_address_asks_for_each_secret_beside_its_field(
        self, ana: Client, account: IntegratedAccount, away: RecordingVendor, home: RecordingVendor
    ) -> None:
        answer = ana.post(f"/accounts/{account.pk}/reconnect", self.form(base_url=away.address))
        shown = answer.content.decode()
        assert answer.status_code == 422
        for name in SECRETS:
            assert f'id="id_field_{name}_error"><li>Give it again: the account moves from {home.address}' in shown
        assert "Leave empty to keep" not in shown
        assert away.connections == 0

    def test_a_refused_key_at_a_new_address_does_not_bring_the_hint_back(
        self, ana: Client, account: IntegratedAccount
    ) -> None:
        typed = self.form(base_url="http://127.0.0.1:9", **{f"field_{name}": value for name, value in AGAIN.items()})
        shown = ana.post(f"/accounts/{account.pk}/reconnect", typed).content.decode()
        assert "could not be reached" in shown
        assert "Leave empty to keep" not in shown

    def test_an_account_that_is_stopped_says_why_and_is_connected_again(
        self, ana: Client, account: IntegratedAccount, away: RecordingVendor
    ) -> None:
        load(document(away.address))
        settings = ana.get(f"/accounts/{account.pk}/settings").content.decode()
        assert "The stored secrets were given for" in settings
        assert "Leave empty to keep" not in settings
        overview = ana.get(f"/accounts/{account.pk}").content.decode()
        assert "The stored secrets were given for" in overview
        typed = self.form(**{f"field_{name}": value for name, value in AGAIN.items()})
        assert ana.post(f"/accounts/{account.pk}/reconnect", typed).status_code == 302
        assert (now(account).status, call(account)) == ("active", "")
        assert not any(away.got(secret) for secret in SECRETS.values())

    def test_enabling_says_that_it_is_not_on_yet(
        self, ana: Client, account: IntegratedAccount, away: RecordingVendor
    ) -> None:
        set_enabled(account, "tests", enabled=False)
        load(document(away.address))
        answer = ana.post(f"/accounts/{account.pk}/enable")
        assert "is not enabled yet" in ana.get(answer["Location"]).content.decode()

    def test_others_move_nothing(self, people: People, account: IntegratedAccount, away: RecordingVendor) -> None:
        typed = self.form(base_url=away.address, **{f"field_{name}": value for name, value in AGAIN.items()})
        for person, status in ((people.operator, 403), (people.teammate, 403), (people.outsider, 404)):
            assert browser(person).post(f"/accounts/{account.pk}/reconnect", typed).status_code == status
        assert (now(account).base_url, away.connections) == ("", 0)


class TestAtOnce:
    """Two who change the same account."""

    def test_the_secret_of_one_does_not_meet_the_address_of_the_other(
        self, account: IntegratedAccount, away: RecordingVendor
    ) -> None:
        first, second = now(account), now(account)
        reconnect_account(first, "ana", fields=AGAIN, base_url=away.address)
        with pytest.raises(AccountChanged):
            reconnect_account(second, "max", fields={"tenant": "other"})
        assert now(account).read_credentials() == AGAIN
        assert now(account).base_url == away.address
        assert not any(away.got(secret) for secret in SECRETS.values())

    def test_it_is_a_conflict_over_rest(
        self, rest: Rest, account: IntegratedAccount, home: RecordingVendor, away: RecordingVendor
    ) -> None:
        stale = now(account)
        reconnect_account(now(account), "ana", fields=AGAIN, base_url=away.address)
        with pytest.raises(AccountChanged, match="Somebody else changed the connection"):
            reconnect_account(stale, "max", base_url=f"{home.address}/v2")

    def test_switching_on_looks_at_the_account_as_it_is(
        self, account: IntegratedAccount, away: RecordingVendor
    ) -> None:
        stale = now(account)
        load(document(away.address))
        set_enabled(stale, "tests", enabled=True)
        assert now(account).status == "needs_reauth"


def test_a_vendor_that_cannot_be_reached_leaves_everything_as_it_was(
    account: IntegratedAccount, home: RecordingVendor
) -> None:
    with pytest.raises(ConnectionRefused):
        reconnect_account(now(account), "tests", fields=AGAIN, base_url="http://127.0.0.1:9")
    assert (now(account).base_url, now(account).read_credentials(), call(account)) == ("", SECRETS, "")


def test_a_new_account_is_connected_where_it_was_asked_for(
    environment: Environment, desk: Integration, home: RecordingVendor, away: RecordingVendor
) -> None:
    home.forget()
    account = connect_account(environment, desk, "tests", name="Other", fields=FIELDS, base_url=away.address)
    assert away.got(SECRETS["api_key"])
    assert (home.connections, call(account)) == (0, "")
