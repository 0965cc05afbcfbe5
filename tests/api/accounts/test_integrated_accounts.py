"""The management API of integrated accounts."""

import httpx
import pytest

from accounts.integrated_accounts.lifecycle import connect_account, set_enabled
from accounts.models import AuditEntry, Environment, IntegratedAccount, Integration, Role
from mcpservers.models import MCPServer
from tests.fuse_desk import SIMULATOR_KEY
from tests.people import People
from tests.rest import Rest, problem, reasons, token_of

ACCOUNTS = "/integrated-account"


@pytest.fixture
def rest(admin_token: str) -> Rest:
    return Rest(admin_token)


@pytest.fixture
def body(simulator: str, integration: Integration) -> dict[str, object]:
    return {
        "integration": "fuse_desk",
        "name": "Acme",
        "connection": {"app_name": "acme", "api_key": SIMULATOR_KEY},
        "base_url": f"{simulator}/api",
    }


def one(account: IntegratedAccount) -> str:
    return f"{ACCOUNTS}/{account.pk}"


def test_account_is_connected_after_the_vendor_accepted_it(rest: Rest, body: dict[str, object]) -> None:
    response = rest.post(ACCOUNTS, body)

    assert response.status_code == 201
    made = response.json()
    assert response["Location"] == f"{ACCOUNTS}/{made['id']}"
    assert made["integration"] == {"name": "fuse_desk", "label": "FuseDesk"}
    assert made["connection"] == {"app_name": "acme"}
    assert made["secret_fields"] == ["api_key"]
    assert "cases" in made["scopes"]
    assert made["status"] == "active"
    assert made["checked_at"]
    assert made["tools"] == 43
    assert AuditEntry.objects.get(action="integrated_account.connected").actor.startswith("API token automation (…")


def test_refusal_of_the_vendor_is_told_in_its_words_and_nothing_is_kept(rest: Rest, body: dict[str, object]) -> None:
    refused = problem(rest.post(ACCOUNTS, {**body, "connection": {"app_name": "acme", "api_key": "wrong"}}), 400)

    assert refused["type"].endswith(":connection-refused")
    assert refused["vendor_status"] == 401
    assert "FuseDesk refused the connection" in refused["detail"]
    assert not IntegratedAccount.objects.exists()


def test_vendor_that_is_down_or_not_there_is_a_bad_gateway(rest: Rest, body: dict[str, object], simulator: str) -> None:
    nobody = problem(rest.post(ACCOUNTS, {**body, "base_url": "http://127.0.0.1:9/api"}), 502)
    assert nobody["type"].endswith(":vendor-unreachable")

    httpx.post(f"{simulator}/_control", json={"force_status": 503})
    try:
        down = problem(rest.post(ACCOUNTS, body), 502)
    finally:
        httpx.post(f"{simulator}/_control/reset")
    assert down["vendor_status"] == 503


def test_rate_limit_at_the_connection_test_is_told_as_one(rest: Rest, body: dict[str, object], simulator: str) -> None:
    httpx.post(f"{simulator}/_control", json={"force_status": 429})
    try:
        assert problem(rest.post(ACCOUNTS, body), 429)["vendor_status"] == 429
    finally:
        httpx.post(f"{simulator}/_control/reset")


def test_private_address_is_refused_before_anything_is_sent(
    rest: Rest, body: dict[str, object], settings: object
) -> None:
    settings.UPSTREAM_PRIVATE_HOSTS = frozenset()  # type: ignore[attr-defined]

    assert "not a public address" in reasons(rest.post(ACCOUNTS, body))["base_url"]


def test_missing_and_unknown_fields_are_named_with_their_path(rest: Rest, body: dict[str, object]) -> None:
    refused = reasons(rest.post(ACCOUNTS, {**body, "connection": {"app_name": "acme", "apikey": "x"}}))
    assert refused.keys() == {"connection.api_key", "connection.apikey"}

    assert "connection.api_key" in reasons(rest.post(ACCOUNTS, {key: body[key] for key in ("integration", "name")}))
    assert reasons(rest.post(ACCOUNTS, {})).keys() == {"integration", "name"}
    assert "Did you mean base_url?" in reasons(rest.post(ACCOUNTS, {**body, "baseurl": ""}))["baseurl"]
    assert "There is: fuse_desk." in reasons(rest.post(ACCOUNTS, {**body, "integration": "zendesk"}))["integration"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 5),
        ("name", ""),
        ("name", "x" * 81),
        ("name", "two\nlines"),
        ("name", "nul\0"),
        ("connection", ["api_key"]),
        ("connection", None),
        ("integration", {"name": "fuse_desk"}),
        ("base_url", 1),
    ],
)
def test_wrong_types_are_refused(rest: Rest, body: dict[str, object], field: str, value: object) -> None:
    assert reasons(rest.post(ACCOUNTS, {**body, field: value})).keys() == {field}


@pytest.mark.parametrize(
    "address",
    [
        "ftp://example.com",
        "javascript:alert(1)",
        "https://user:secret@example.com/api",
        "https://example.com/api?key=1",
        "https://example.com/api#top",
        "https://",
        "https://[::1",
        "https://example.com:port/",
        "https://exa mple.com",
        "https://example.com\\@evil.example",
        "//example.com",
    ],
)
def test_base_url_that_cannot_stand_before_paths_is_refused(
    rest: Rest, body: dict[str, object], account: IntegratedAccount, address: str
) -> None:
    assert reasons(rest.post(ACCOUNTS, {**body, "base_url": address})).keys() == {"base_url"}
    assert reasons(rest.patch(one(account), {"base_url": address})).keys() == {"base_url"}


def test_part_of_a_connection_is_changed_and_tested(rest: Rest, account: IntegratedAccount) -> None:
    assert problem(rest.patch(one(account), {"connection": {"api_key": "wrong"}}), 400)["vendor_status"]
    account.refresh_from_db()
    assert account.read_credentials() == {"api_key": SIMULATOR_KEY}

    changed = rest.patch(one(account), {"name": "Acme two", "connection": {"app_name": "acme2"}}).json()
    assert (changed["name"], changed["connection"]) == ("Acme two", {"app_name": "acme2"})
    account.refresh_from_db()
    assert account.read_credentials() == {"api_key": SIMULATOR_KEY}


def test_account_is_switched_off_and_on(rest: Rest, account: IntegratedAccount) -> None:
    assert rest.patch(one(account), {"status": "disabled"}).json()["status"] == "disabled"
    assert rest.patch(one(account), {"status": "active"}).json()["status"] == "active"
    assert reasons(rest.patch(one(account), {"status": "needs_reauth"})).keys() == {"status"}


def test_new_key_does_not_switch_a_disabled_account_on(rest: Rest, account: IntegratedAccount) -> None:
    set_enabled(account, "tests", enabled=False)
    changed = rest.patch(one(account), {"connection": {"api_key": SIMULATOR_KEY}})
    assert changed.json()["status"] == "disabled"


def test_account_that_must_be_reconnected_is_not_simply_called_active(rest: Rest, account: IntegratedAccount) -> None:
    account.status = account.Status.NEEDS_REAUTH
    account.save()
    assert reasons(rest.patch(one(account), {"status": "active"})).keys() == {"status"}

    reconnected = rest.patch(one(account), {"status": "active", "connection": {"api_key": SIMULATOR_KEY}})
    assert reconnected.json()["status"] == "active"


def test_unreadable_credentials_are_told_as_a_conflict(rest: Rest, account: IntegratedAccount) -> None:
    IntegratedAccount.objects.filter(pk=account.pk).update(credentials="k1:broken")
    assert "cannot be decrypted" in problem(rest.patch(one(account), {"connection": {"app_name": "x"}}), 409)["detail"]
    assert rest.get(one(account)).status_code == 200


def test_disconnected_account_takes_its_servers_with_it(
    rest: Rest, account: IntegratedAccount, server: tuple[MCPServer, str]
) -> None:
    response = rest.delete(one(account))
    assert (response.status_code, response.content) == (204, b"")
    assert not MCPServer.objects.exists()
    problem(rest.get(one(account)), 404)
    problem(rest.delete(one(account)), 404)


def test_list_comes_in_pages_that_meet_without_gap(
    rest: Rest, environment: Environment, integration: Integration
) -> None:
    fields = {"app_name": "acme", "api_key": "k"}
    for number in range(5):
        connect_account(environment, integration, "tests", name=f"A{number}", fields=fields, verify=False)
    seen, cursor = [], None
    for _ in range(3):
        page = rest.get(ACCOUNTS, limit=2, **({"next_cursor": cursor} if cursor else {})).json()
        seen += [account["name"] for account in page["result"]]
        cursor = page["next_cursor"]
    assert seen == ["A4", "A3", "A2", "A1", "A0"]
    assert cursor is None


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1.5", "", "²", "9" * 5000])
def test_limit_out_of_bounds_is_refused(rest: Rest, limit: str) -> None:
    assert reasons(rest.get(ACCOUNTS, limit=limit)).keys() == {"limit"}


def test_cursor_that_was_not_given_out_is_refused(
    rest: Rest, environment: Environment, integration: Integration
) -> None:
    fields = {"app_name": "acme", "api_key": "k"}
    for number in range(2):
        connect_account(environment, integration, "tests", name=f"A{number}", fields=fields, verify=False)
    cursor = rest.get(ACCOUNTS, limit=1).json()["next_cursor"]
    for wrong in ("", "cD0y", f"{cursor}x", "\0"):
        assert reasons(rest.get(ACCOUNTS, next_cursor=wrong)).keys() == {"next_cursor"}
    assert reasons(rest.get("/api-token", next_cursor=cursor)).keys() == {"next_cursor"}


def test_list_is_filtered_by_integration_and_status(rest: Rest, account: IntegratedAccount) -> None:
    def names(**query: str) -> list[str]:
        return [each["name"] for each in rest.get(ACCOUNTS, **query).json()["result"]]

    assert names(integration="fuse_desk", status="active") == ["Acme FuseDesk"]
    assert names(integration="zendesk") == names(status="disabled") == []
    assert reasons(rest.get(ACCOUNTS, status="asleep")).keys() == {"status"}
    assert reasons(rest.get(ACCOUNTS, integration="\0")).keys() == {"integration"}


def test_page_of_accounts_costs_the_same_few_queries_whatever_its_length(
    rest: Rest, environment: Environment, integration: Integration, django_assert_max_num_queries: object
) -> None:
    for number in range(20):
        fields = {"app_name": "acme", "api_key": "k"}
        connect_account(environment, integration, "tests", name=f"A{number}", fields=fields, verify=False)
    rest.get(ACCOUNTS)
    with django_assert_max_num_queries(3):  # type: ignore[operator]
        assert len(rest.get(ACCOUNTS).json()["result"]) == 20


def test_outsider_sees_nothing_and_finds_nothing(account: IntegratedAccount, people: People) -> None:
    outsider = Rest(token_of(people.elsewhere))
    assert outsider.get(ACCOUNTS).json() == {"result": [], "next_cursor": None}
    problem(outsider.get(one(account)), 404)
    problem(outsider.patch(one(account), {"name": "Taken"}), 404)
    problem(outsider.delete(one(account)), 404)
    assert IntegratedAccount.objects.get().name == "Acme FuseDesk"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_teammate_below_admin_reads_but_does_not_change(
    account: IntegratedAccount, environment: Environment, body: dict[str, object], role: Role
) -> None:
    teammate = Rest(token_of(environment, role))
    assert teammate.get(one(account)).json()["name"] == "Acme FuseDesk"
    for response in (
        teammate.post(ACCOUNTS, body),
        teammate.patch(one(account), {"name": "Taken"}),
        teammate.delete(one(account)),
    ):
        assert f"has the role {role.value}; this requires the role admin" in problem(response, 403)["detail"]
    assert IntegratedAccount.objects.get().name == "Acme FuseDesk"


def test_no_answer_holds_the_secret(rest: Rest, body: dict[str, object], account: IntegratedAccount) -> None:
    answers = [
        rest.post(ACCOUNTS, body),
        rest.post(ACCOUNTS, {**body, "name": ""}),
        rest.post(ACCOUNTS, {**body, "base_url": "http://127.0.0.1:9"}),
        rest.get(ACCOUNTS),
        rest.get(one(account)),
        rest.patch(one(account), {"connection": {"api_key": SIMULATOR_KEY}}),
    ]
    assert not [answer for answer in answers if SIMULATOR_KEY in answer.content.decode()]


def test_every_path_answers_with_a_trailing_slash_too(rest: Rest, body: dict[str, object]) -> None:
    made = rest.post(f"{ACCOUNTS}/", body)
    assert made.status_code == 201
    path = f"{ACCOUNTS}/{made.json()['id']}/"
    assert rest.get(f"{ACCOUNTS}/").status_code == rest.get(path).status_code == 200
    assert rest.patch(path, {"name": "New"}).status_code == 200
    assert rest.delete(path).status_code == 204
