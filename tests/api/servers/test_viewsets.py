"""The management API of MCP servers."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounts import tokens
from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import ApiToken, AuditEntry, Environment, IntegratedAccount, Role
from mcpservers.lifecycle import create_server
from mcpservers.models import MCPServer
from tests.people import People
from tests.rest import Rest, RestAnswer, problem, reasons, token_of
from tests.servers import made_in_every_status

SHOWN = {"id", "name", "integrated_account_id", "config", "expires_at", "created_by", "created_at", "updated_at"}
STATE = {"status", "last_four", "previous_until", "last_client", "last_seen_at"}
ALL = {"methods": [], "tags": [], "require_api_token_auth": False}


@pytest.fixture
def rest(environment: Environment) -> Rest:
    return Rest(token_of(environment, Role.OPERATOR))


@pytest.fixture
def servers(account: IntegratedAccount) -> str:
    return f"/integrated-account/{account.pk}/mcp"


@pytest.fixture
def one(servers: str, server: tuple[MCPServer, str]) -> str:
    return f"{servers}/{server[0].pk}"


def test_server_is_made_with_its_token_and_url_shown_once(rest: Rest, servers: str, account: IntegratedAccount) -> None:
    config = {"methods": ["read"], "tags": ["support"], "require_api_token_auth": True}
    ends = (timezone.now() + timedelta(days=1)).isoformat()
    response = rest.post(servers, {"name": "Triage Agent", "config": config, "expires_at": ends})

    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    made = response.json()
    assert response["Location"] == f"{servers}/{made['id']}"
    assert made.keys() == SHOWN | {"token", "url"}
    assert made["url"] == f"{settings.PUBLIC_URL}/mcp/{made['token']}"
    assert (made["name"], made["config"]) == ("Triage Agent", config)
    assert made["integrated_account_id"] == str(account.pk)
    row = MCPServer.objects.get(pk=made["id"])
    assert bytes(row.digest) == tokens.digest(made["token"])
    assert made["token"] not in str(MCPServer.objects.values().get()) + str(list(AuditEntry.objects.values()))


def test_servers_are_listed_by_status(rest: Rest, servers: str, account: IntegratedAccount) -> None:
    made_in_every_status(account)
    for status, names in (("live", ["One"]), ("paused", ["Two"]), ("expired", ["Four", "Three"])):
        listed = rest.get(f"{servers}?status={status}").json()["result"]
        assert sorted(each["name"] for each in listed) == names
        assert {each["status"] for each in listed} == {status}
    assert reasons(rest.get(f"{servers}?status=broken")).keys() == {"status"}


def test_token_is_nowhere_after_it_was_shown(rest: Rest, servers: str) -> None:
    made = rest.post(servers, {"name": "Triage Agent"}).json()
    one = f"{servers}/{made['id']}"
    for response in (rest.get(servers), rest.get(one), rest.patch(one, {"name": "New"}), rest.post(f"{one}/pause")):
        assert response.status_code == 200
        assert made["token"] not in response.content.decode()
    assert rest.get(one).json().keys() == SHOWN | STATE | {"advice"}
    assert rest.get(one).json()["last_four"] == made["token"][-4:]


def test_name_alone_makes_a_server_with_every_tool_and_no_end(rest: Rest, servers: str) -> None:
    made = rest.post(servers, {"name": "Everything"}).json()
    assert (made["config"], made["expires_at"]) == (ALL, None)


def test_search_mode_is_a_setting_that_is_suggested_where_clients_take_no_more(rest: Rest, servers: str) -> None:
    made = rest.post(servers, {"name": "Everything"}).json()
    assert "It lists 44 tools" in made["advice"]
    assert "turn on search_mode" in made["advice"]
    changed = rest.patch(f"{servers}/{made['id']}", {"config": {"search_mode": True}}).json()
    assert (changed["config"], "advice" in changed) == ({**ALL, "search_mode": True}, False)
    assert rest.patch(f"{servers}/{made['id']}", {"config": {"search_mode": False}}).json()["config"] == ALL
    few = rest.post(servers, {"name": "Few", "config": {"methods": ["read"], "search_mode": True}}).json()
    assert few["config"] == {**ALL, "methods": ["read"], "search_mode": True}
    assert reasons(rest.post(servers, {"name": "x", "config": {"search_mode": "on"}})).keys() == {"config.search_mode"}


def test_single_tools_are_a_filter_of_their_own(rest: Rest, servers: str) -> None:
    config = {"methods": ["read"], "tags": [], "tools": ["list_all_fuse_desk_cases"], "require_api_token_auth": False}
    made = rest.post(servers, {"name": "One tool", "config": config})
    assert made.json()["config"] == config
    for tools, words in ((["no_such_tool"], "no_such_tool"), (["create_a_fuse_desk_case"], "No tool matches all")):
        refused = rest.post(servers, {"name": "x", "config": {"methods": ["read"], "tools": tools}})
        assert refused.status_code == 400
        assert words in refused.content.decode()


def test_the_form_of_results_is_shown_where_it_is_not_the_usual_one(rest: Rest, servers: str) -> None:
    plain = {"methods": ["read"], "tags": [], "require_api_token_auth": False}
    config = {**plain, "results": "structured", "output_schema": False}
    made = rest.post(servers, {"name": "Structured", "config": config}).json()
    assert made["config"] == config
    one = f"{servers}/{made['id']}"
    assert rest.patch(one, {"config": {"results": "text"}}).json()["config"] == {**config, "results": "text"}
    usual = rest.patch(one, {"config": {"results": "both", "output_schema": True}})
    assert usual.json()["config"] == plain


def test_rotation_can_leave_the_old_token_some_time(rest: Rest, one: str, server: tuple[MCPServer, str]) -> None:
    before = bytes(server[0].digest)
    assert rest.post(f"{one}/rotate", {"grace_seconds": 3600}).status_code == 200
    assert bytes(MCPServer.objects.get().previous_digest or b"") == before
    assert rest.get(one).json()["previous_until"] is not None
    rest.post(f"{one}/rotate")
    assert MCPServer.objects.get().previous_digest is None
    for wrong in (-1, 31 * 86400, "soon", True):
        assert rest.post(f"{one}/rotate", {"grace_seconds": wrong}).status_code == 400


def test_maker_is_named_whether_program_or_person(
    rest: Rest, servers: str, account: IntegratedAccount, people: People
) -> None:
    row = ApiToken.objects.get(name="a operator")
    rest.post(servers, {"name": "By a program"})
    create_server(account, people.operator, name="By a person", methods=[], tags=[])
    made = {server["name"]: server["created_by"] for server in rest.get(servers).json()["result"]}
    assert made == {"By a program": f"API token a operator (…{row.last_four})", "By a person": "olga"}


# A change that is refused, the field that is named, and what it tells.
REFUSED: list[tuple[dict[str, object], str, str]] = [
    ({"name": ""}, "name", "blank"),
    ({"name": "x" * 81}, "name", "80"),
    ({"name": 7}, "name", "text"),
    ({"name": None}, "name", "null"),
    ({"names": "x"}, "names", "Did you mean name?"),
    ({"token": "pbmcp_mine"}, "token", "There is: name, config, expires_at."),
    ({"config": []}, "config", "object"),
    ({"config": None}, "config", "null"),
    ({"config": {"method": ["read"]}}, "config.method", "Did you mean methods?"),
    ({"config": {"methods": "read"}}, "config.methods", "list of names"),
    ({"config": {"methods": [1]}}, "config.methods[0]", "text"),
    ({"config": {"methods": ["reed"]}}, "config.methods", "It has: read, write, custom, list, count, get"),
    ({"config": {"tags": ["sales"]}}, "config.tags", "support"),
    ({"config": {"tags": [f"t{number}" for number in range(201)]}}, "config.tags", "200"),
    ({"config": {"require_api_token_auth": "yes"}}, "config.require_api_token_auth", "true or false"),
    ({"config": {"results": "json"}}, "config.results", "Takes both, text, structured."),
    ({"config": {"results": None}}, "config.results", "null"),
    ({"config": {"output_schema": "no"}}, "config.output_schema", "true or false"),
    ({"config": {"require_api_token_auth": 1}}, "config.require_api_token_auth", "true or false"),
    ({"config": {"methods": ["bulk_update"], "tags": ["support"]}}, "config", "expose nothing"),
    ({"expires_at": "tomorrow"}, "expires_at", "2027-01-31T18:00:00Z"),
    ({"expires_at": 1900000000}, "expires_at", "2027-01-31T18:00:00Z"),
    ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at", "60 seconds ahead"),
]


def test_settings_that_cannot_be_are_refused_with_field_and_reason(rest: Rest, one: str) -> None:
    servers = one.rpartition("/")[0]
    for change, field, tells in REFUSED:
        for response in (rest.post(servers, {"name": "Triage Agent", **change}), rest.patch(one, change)):
            refused = reasons(response)
            assert refused.keys() == {field}, change
            assert tells in refused[field], change
    assert MCPServer.objects.count() == 1


def test_end_less_than_a_minute_ahead_is_refused(rest: Rest, servers: str) -> None:
    soon = (timezone.now() + timedelta(seconds=55)).isoformat()
    assert reasons(rest.post(servers, {"name": "x", "expires_at": soon})).keys() == {"expires_at"}


def test_name_is_required(rest: Rest, servers: str) -> None:
    assert reasons(rest.post(servers, {})).keys() == {"name"}


def test_part_of_the_config_is_changed_and_the_rest_stays(rest: Rest, one: str) -> None:
    rest.patch(one, {"config": {"methods": ["read", "read", "list"]}})
    changed = rest.patch(one, {"config": {"require_api_token_auth": True}})
    assert changed.status_code == 200
    assert changed.json()["config"] == {"methods": ["read", "list"], "tags": [], "require_api_token_auth": True}
    assert changed.json()["name"] == "Triage Agent"
    assert rest.patch(one, {}).json() == changed.json()


def test_end_is_set_and_taken_away(rest: Rest, one: str) -> None:
    assert rest.patch(one, {"expires_at": "2999-01-01T00:00:00"}).json()["expires_at"] == "2999-01-01T00:00:00Z"
    assert rest.patch(one, {"name": "New"}).json()["expires_at"] == "2999-01-01T00:00:00Z"
    assert rest.patch(one, {"expires_at": None}).json()["expires_at"] is None


def test_expired_server_is_still_listed_as_such_until_it_is_purged(rest: Rest, one: str) -> None:
    MCPServer.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert rest.get(one).json()["status"] == "expired"


def test_rotation_gives_a_new_token_and_ends_the_one_before(
    rest: Rest, one: str, server: tuple[MCPServer, str]
) -> None:
    response = rest.post(f"{one}/rotate")
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    rotated = response.json()
    assert rotated.keys() == SHOWN | {"token", "url", "advice"}
    assert rotated["token"] != server[1]
    assert bytes(MCPServer.objects.get().digest) == tokens.digest(rotated["token"])


def test_server_is_paused_and_resumed(rest: Rest, one: str) -> None:
    assert rest.post(f"{one}/pause").json()["status"] == "paused"
    assert rest.post(f"{one}/pause").json()["status"] == "paused"
    assert rest.post(f"{one}/resume").json()["status"] == "live"
    actions = AuditEntry.objects.filter(action__startswith="mcp_server.").order_by("pk")
    assert [entry.action for entry in actions] == ["mcp_server.created", "mcp_server.paused", "mcp_server.resumed"]


def test_deleted_server_is_gone(rest: Rest, one: str) -> None:
    response = rest.delete(one)
    assert (response.status_code, response.content) == (204, b"")
    for again in (rest.get(one), rest.delete(one), rest.post(f"{one}/rotate"), rest.patch(one, {})):
        problem(again, 404)


def test_list_comes_in_pages_and_in_few_queries(
    rest: Rest, servers: str, account: IntegratedAccount, django_assert_max_num_queries: object
) -> None:
    for number in range(5):
        create_server(account, "tests", name=f"S{number}", methods=[], tags=[])
    rest.get(servers)
    with django_assert_max_num_queries(4):  # type: ignore[operator]
        first = rest.get(servers, limit=3).json()
    second = rest.get(servers, limit=3, next_cursor=first["next_cursor"]).json()
    assert [each["name"] for each in first["result"] + second["result"]] == ["S4", "S3", "S2", "S1", "S0"]
    assert second["next_cursor"] is None


def every_request(rest: Rest, servers: str, one: str) -> list[RestAnswer]:
    return [
        rest.post(servers, {"name": "Taken"}),
        rest.patch(one, {"name": "Taken"}),
        rest.post(f"{one}/rotate"),
        rest.post(f"{one}/pause"),
        rest.post(f"{one}/resume"),
        rest.delete(one),
    ]


def test_viewer_reads_but_does_not_change(environment: Environment, servers: str, one: str) -> None:
    viewer = Rest(token_of(environment, Role.VIEWER))
    assert viewer.get(one).status_code == viewer.get(servers).status_code == 200
    for response in every_request(viewer, servers, one):
        assert "this requires the role operator" in problem(response, 403)["detail"]
    assert MCPServer.objects.get().revision == 1


def test_outsider_finds_neither_account_nor_server(people: People, servers: str, one: str) -> None:
    outsider = Rest(token_of(people.elsewhere))
    for response in (outsider.get(servers), outsider.get(one), *every_request(outsider, servers, one)):
        problem(response, 404)
    assert MCPServer.objects.get().revision == 1


def test_server_is_found_under_its_own_account_only(
    rest: Rest, server: tuple[MCPServer, str], account: IntegratedAccount
) -> None:
    fields = {"app_name": "acme", "api_key": "k"}
    other = connect_account(
        account.environment, account.integration, "tests", name="Other", fields=fields, verify=False
    )
    problem(rest.get(f"/integrated-account/{other.pk}/mcp/{server[0].pk}"), 404)


def test_every_path_answers_with_a_trailing_slash_too(rest: Rest, servers: str) -> None:
    made = rest.post(f"{servers}/", {"name": "x"})
    assert made.status_code == 201
    one = f"{servers}/{made.json()['id']}"
    assert rest.get(f"{servers}/").status_code == rest.get(f"{one}/").status_code == 200
    assert rest.patch(f"{one}/", {"name": "y"}).status_code == 200
    for action in ("rotate", "pause", "resume"):
        assert rest.post(f"{one}/{action}/").status_code == 200
        assert rest.get(f"{one}/{action}").status_code == 405
    assert rest.delete(f"{one}/").status_code == 204
