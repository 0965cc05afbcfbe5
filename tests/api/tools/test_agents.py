"""The agent-facing API: an account's tools in the form of each model API, and calling them."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async

from accounts.api_tokens.issue import revoke_token
from accounts.integrated_accounts.lifecycle import reconnect_account, set_enabled
from accounts.models import ApiToken, Environment, IntegratedAccount, Role
from tests.fuse_desk import SIMULATOR_KEY
from tests.people import People
from tests.rest import AsyncRest, problem, reasons, token_of
from tools.catalogue.compilation import catalogue_of
from tools.catalogue.formats import as_mcp
from tools.models import Call
from tools.record.recorder import recorder

pytestmark = pytest.mark.django_db(transaction=True)

LIST_CASES = "list_all_fuse_desk_cases"
GET_CASE = "get_single_fuse_desk_case_by_id"
ADD_NOTE = "fuse_desk_cases_add_note"


@pytest.fixture
def rest(admin_token: str, upstream: None) -> AsyncRest:
    return AsyncRest(admin_token)


@pytest.fixture
def tools(account: IntegratedAccount) -> str:
    return f"/integrated-account/{account.pk}/tools"


@pytest.fixture
async def knobs(simulator: str) -> AsyncIterator[httpx.AsyncClient]:
    """The simulator's control endpoint; whatever a test turned is turned back."""
    async with httpx.AsyncClient(base_url=simulator, verify=False) as client:
        yield client
        await client.post("/_control/reset")


def names(response: Any) -> set[str]:
    return {tool["name"] for tool in response.json()["result"]}


# --- Listing ----------------------------------------------------------------------------------------------------------


async def test_tools_are_listed_as_mcp_lists_them(rest: AsyncRest, tools: str, account: IntegratedAccount) -> None:
    response = await rest.get(tools)
    assert response.status_code == 200
    catalogue = await sync_to_async(catalogue_of)(account.integration)
    assert response.json() == {"result": [as_mcp(tool) for tool in catalogue], "next_cursor": None}


async def test_tools_are_listed_as_openai_takes_them(rest: AsyncRest, tools: str) -> None:
    listed = (await rest.get(tools, format="openai", methods="list", tags="support")).json()["result"]
    cases = listed[0]
    assert cases.keys() == {"type", "function"}
    assert cases["type"] == "function"
    assert cases["function"].keys() == {"name", "description", "parameters"}
    assert cases["function"]["name"] == LIST_CASES
    assert cases["function"]["parameters"]["type"] == "object"


async def test_tools_are_listed_as_anthropic_takes_them(rest: AsyncRest, tools: str) -> None:
    listed = (await rest.get(tools, format="anthropic")).json()["result"]
    assert listed[0].keys() == {"name", "description", "input_schema", "input_examples"}
    assert listed[0]["input_examples"][0]["status"] == "active"
    by_name = {tool["name"]: tool.keys() for tool in listed}
    assert by_name["list_all_fuse_desk_departments"] == {"name", "description", "input_schema"}


async def test_tools_are_listed_as_openai_s_responses_api_takes_them(rest: AsyncRest, tools: str) -> None:
    answer = (await rest.get(tools, format="openai-responses")).json()
    flat = answer["result"][0]
    assert answer.keys() == {"result", "next_cursor"}
    assert flat.keys() == {"type", "name", "description", "parameters", "strict"}
    assert (flat["type"], flat["name"], flat["strict"]) == ("function", LIST_CASES, False)
    chat = (await rest.get(tools, format="openai")).json()["result"][0]["function"]
    assert {**chat, "type": "function", "strict": False} == flat


@pytest.mark.parametrize("form", ["openai", "openai-responses"])
async def test_strict_tools_require_every_argument_and_a_null_is_left_out(
    rest: AsyncRest, tools: str, form: str
) -> None:
    answer = (await rest.get(tools, format=form, strict="true")).json()
    listed = {tool["name"]: tool for tool in (each.get("function", each) for each in answer["result"])}
    assert answer.keys() == {"result", "next_cursor", "not_strict"}
    assert {name for name, tool in listed.items() if not tool["strict"]} == answer["not_strict"].keys()
    parameters = listed[LIST_CASES]["parameters"]
    assert [*parameters["properties"]] == parameters["required"]
    nothing = dict.fromkeys(parameters["required"])
    strictly = await rest.post(f"{tools}/{LIST_CASES}", {**nothing, "limit": 2})
    assert strictly.status_code == 200, strictly.content
    assert strictly.json()["result"] == (await rest.post(f"{tools}/{LIST_CASES}", {"limit": 2})).json()["result"]
    note = {**dict.fromkeys(listed[ADD_NOTE]["parameters"]["required"]), "id": "CAS-89102", "note": "Strictly."}
    assert (await rest.post(f"{tools}/{ADD_NOTE}", note)).status_code == 200


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ({"format": "gemini"}, "format", "'mcp', 'openai', 'openai-responses' or 'anthropic'"),
        ({"format": "openai", "strict": "yes"}, "strict", "'true' or 'false'"),
        ({"format": "openai", "strict": ""}, "strict", "'true' or 'false'"),
        ({"strict": "true"}, "strict", "Only the formats openai and openai-responses can be strict, not mcp."),
        ({"format": "anthropic", "strict": "true"}, "strict", "not anthropic"),
        ({"fromat": "openai"}, "fromat", "Did you mean format?"),
    ],
)
async def test_a_form_that_there_is_not_is_refused_with_those_there_are(
    rest: AsyncRest, tools: str, query: dict[str, str], field: str, words: str
) -> None:
    assert words in reasons(await rest.get(tools, **query))[field]


async def test_filters_are_comma_separated_or_repeated(rest: AsyncRest, tools: str) -> None:
    commas = await rest.get(f"{tools}?methods=read,custom&tags=support")
    repeated = await rest.get(f"{tools}?methods=read&methods=custom&tags=support")
    assert names(commas) == names(repeated)
    assert LIST_CASES in names(commas)
    assert "create_a_fuse_desk_case" not in names(commas)
    assert names(await rest.get(f"{tools}?methods=,&tags=")) == names(await rest.get(tools))


async def test_unknown_filter_is_refused_with_what_there_is(rest: AsyncRest, tools: str) -> None:
    assert "read, write, custom, list" in reasons(await rest.get(tools, methods="read,reed"))["methods"]
    assert "support" in reasons(await rest.get(tools, tags="sales"))["tags"]


# --- Calling ----------------------------------------------------------------------------------------------------------


async def test_call_answers_with_the_result_alone_and_the_vendors_limits(
    rest: AsyncRest, tools: str, knobs: httpx.AsyncClient
) -> None:
    await knobs.post("/_control", json={"limit": 5000, "remaining": 10})
    response = await rest.post(f"{tools}/{LIST_CASES}", {"status": "open", "limit": 2})
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    assert response.json().keys() >= {"result", "next_cursor", "result_count"}
    assert response.json()["result_count"] == len(response.json()["result"]) == 2
    limits = {name: response[name] for name in ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")}
    assert limits == {"ratelimit-limit": "5000", "ratelimit-remaining": "9", "ratelimit-reset": "3600"}


async def test_pages_are_followed_with_the_cursor(rest: AsyncRest, tools: str) -> None:
    first = (await rest.post(f"{tools}/{LIST_CASES}", {"limit": 2})).json()
    second = (await rest.post(f"{tools}/{LIST_CASES}", {"limit": 2, "next_cursor": first["next_cursor"]})).json()
    ids = [case["id"] for case in first["result"] + second["result"]]
    assert len(set(ids)) == 4
    wrong = await rest.post(f"{tools}/{LIST_CASES}", {"next_cursor": "made-up"})
    assert reasons(wrong).keys() == {"next_cursor"}


@pytest.mark.parametrize("body", ["", "null", "{}"])
async def test_tool_without_arguments_takes_an_empty_body(rest: AsyncRest, tools: str, body: str) -> None:
    assert (await rest.post(f"{tools}/list_all_fuse_desk_departments", body)).status_code == 200


async def test_call_is_recorded_with_who_called_through_what(
    rest: AsyncRest, tools: str, account: IntegratedAccount
) -> None:
    await rest.client.post(
        f"{tools}/{LIST_CASES}",
        {"limit": 1},
        content_type="application/json",
        headers={**rest.headers, "User-Agent": "reporting/2"},
    )
    await sync_to_async(recorder.flush)()
    call = await Call.objects.aget()
    token = await ApiToken.objects.aget()
    assert (call.via, call.outcome, call.token_id, call.client) == ("rest", "ok", token.pk, "reporting/2")
    assert (call.transport, call.revision, call.framework) == ("", "", "reporting 2")
    assert call.client_address == "127.0.0.0/24"
    assert (call.account_id, call.environment_id, call.server_id) == (account.pk, account.environment_id, None)


async def test_arguments_that_do_not_fit_are_named(rest: AsyncRest, tools: str) -> None:
    response = await rest.post(f"{tools}/{LIST_CASES}", {"statuss": "open", "limit": 1000})
    document = problem(response, 400)
    assert document["type"].endswith(":invalid-arguments")
    assert "Nothing was sent to FuseDesk" in document["detail"]
    refused = {error["field"]: error["reason"] for error in document["errors"]}
    assert refused.keys() == {"statuss", "limit"}
    assert "did you mean status?" in refused["statuss"]
    assert reasons(await rest.post(f"{tools}/{GET_CASE}", {})).keys() == {"id"}
    assert reasons(await rest.post(f"{tools}/{LIST_CASES}", [1])).keys() == {"body"}


async def test_unknown_tool_is_not_found_and_the_nearest_is_named(rest: AsyncRest, tools: str) -> None:
    document = problem(await rest.post(f"{tools}/list_all_fuse_desk_case", {}), 404)
    assert document["type"].endswith(":unknown-tool")
    assert f"Did you mean {LIST_CASES}?" in document["detail"]
    assert "GET …/tools lists the tools" in problem(await rest.post(f"{tools}/zzz", {}), 404)["detail"]


async def test_vendors_rate_limit_is_a_429_with_its_headers(
    rest: AsyncRest, tools: str, knobs: httpx.AsyncClient
) -> None:
    await knobs.post("/_control", json={"limit": 5000, "remaining": 0})
    response = await rest.post(f"{tools}/{LIST_CASES}", {})
    document = problem(response, 429)
    assert document["type"].endswith(":rate-limited")
    assert document["vendor_status"] == 429
    assert response["ratelimit-remaining"] == "0"
    assert response["Retry-After"] == response["ratelimit-reset"] == "3600"
    assert "Wait 3600 seconds" in document["detail"]


async def test_vendors_refusal_keeps_its_status_and_words(rest: AsyncRest, tools: str) -> None:
    document = problem(await rest.post(f"{tools}/{GET_CASE}", {"id": "999999"}), 404)
    assert document["type"].endswith(":vendor-refused")
    assert document["vendor_status"] == 404
    assert "There is no case with this id." in document["detail"]


@pytest.mark.parametrize(
    ("status", "answered"), [(401, 409), (403, 502), (407, 502), (409, 409), (500, 502), (503, 502)]
)
async def test_what_concerns_the_accounts_credentials_or_the_vendors_health_is_not_the_callers_fault(
    rest: AsyncRest, tools: str, knobs: httpx.AsyncClient, status: int, answered: int
) -> None:
    await knobs.post("/_control", json={"force_status": status})
    document = problem(await rest.post(f"{tools}/{LIST_CASES}", {}), answered)
    assert document["vendor_status"] == status


async def test_vendor_that_breaks_off_is_a_bad_gateway(rest: AsyncRest, tools: str, knobs: httpx.AsyncClient) -> None:
    await knobs.post("/_control", json={"drop_connection": True})
    assert problem(await rest.post(f"{tools}/{LIST_CASES}", {}), 502)["type"].endswith(":vendor-unreachable")


async def test_vendor_that_takes_too_long_is_a_gateway_timeout(
    rest: AsyncRest, tools: str, knobs: httpx.AsyncClient, settings: Any
) -> None:
    settings.UPSTREAM_TOTAL_SECONDS = 0.05
    await knobs.post("/_control", json={"latency_ms": 2_000})
    assert problem(await rest.post(f"{tools}/{LIST_CASES}", {}), 504)["type"].endswith(":vendor-timeout")


async def test_answer_that_is_no_data_is_a_bad_gateway(rest: AsyncRest, tools: str, knobs: httpx.AsyncClient) -> None:
    await knobs.post("/_control", json={"response": "html"})
    document = problem(await rest.post(f"{tools}/{LIST_CASES}", {}), 502)
    assert document["type"].endswith(":answer-unusable")
    assert "web page" in document["detail"]


async def test_disabled_account_is_a_conflict_at_once_and_works_again_at_once(
    rest: AsyncRest, tools: str, account: IntegratedAccount
) -> None:
    call = f"{tools}/{LIST_CASES}"
    assert (await rest.post(call, {"limit": 1})).status_code == 200
    await sync_to_async(set_enabled)(account, "tests", enabled=False)
    assert "is switched off" in problem(await rest.post(call, {}), 409)["detail"]
    assert (await rest.get(tools)).status_code == 200
    await sync_to_async(set_enabled)(account, "tests", enabled=True)
    assert (await rest.post(call, {"limit": 1})).status_code == 200


async def test_changed_connection_is_used_at_once(rest: AsyncRest, tools: str, account: IntegratedAccount) -> None:
    call = f"{tools}/{LIST_CASES}"
    assert (await rest.post(call, {"limit": 1})).status_code == 200
    await sync_to_async(reconnect_account)(account, "tests", fields={"api_key": "wrong"}, verify=False)
    refused = await rest.post(call, {})
    assert problem(refused, 409)["vendor_status"] == 401
    assert "wrong" not in refused.content.decode()


async def test_no_answer_holds_the_vendors_key(rest: AsyncRest, tools: str, knobs: httpx.AsyncClient) -> None:
    await knobs.post("/_control", json={"force_status": 500})
    for response in (await rest.get(tools), await rest.post(f"{tools}/{LIST_CASES}", {})):
        assert SIMULATOR_KEY not in response.content.decode()


# --- Who may ----------------------------------------------------------------------------------------------------------


async def test_viewer_calls_what_only_reads(rest: AsyncRest, tools: str, environment: Environment) -> None:
    viewer = AsyncRest(await sync_to_async(token_of)(environment, Role.VIEWER))
    assert (await viewer.get(tools)).status_code == 200
    assert (await viewer.post(f"{tools}/{LIST_CASES}", {"limit": 1})).status_code == 200
    refused = await viewer.post(f"{tools}/{ADD_NOTE}", {"id": "1", "note": "x"})
    assert "this requires the role operator" in problem(refused, 403)["detail"]


async def test_operator_calls_what_writes(rest: AsyncRest, tools: str, environment: Environment) -> None:
    operator = AsyncRest(await sync_to_async(token_of)(environment, Role.OPERATOR))
    case = (await operator.post(f"{tools}/{LIST_CASES}", {"limit": 1})).json()["result"][0]
    arguments = {"id": case["id"], "note": "Seen."}
    response = await operator.post(f"{tools}/{ADD_NOTE}", arguments)
    assert response.status_code == 200, response.content


async def test_outsider_finds_no_account(rest: AsyncRest, tools: str, people: People) -> None:
    outsider = AsyncRest(await sync_to_async(token_of)(people.elsewhere))
    assert (await rest.get(tools)).status_code == 200
    problem(await outsider.get(tools), 404)
    problem(await outsider.post(f"{tools}/{LIST_CASES}", {}), 404)
    problem(await rest.get("/integrated-account/9b2f1c34-52a1-4b1c-8a58-0d3a55a3f7aa/tools"), 404)


async def test_request_without_a_live_token_is_unauthenticated(rest: AsyncRest, tools: str) -> None:
    for token in ("", "pbapi_x", "x y"):
        response = await AsyncRest(token).post(f"{tools}/{LIST_CASES}", {})
        problem(response, 401)
        assert response["WWW-Authenticate"] == 'Bearer realm="Patchbay"'


async def test_revoked_token_is_refused_at_once(rest: AsyncRest, tools: str) -> None:
    assert (await rest.get(tools)).status_code == 200
    await sync_to_async(revoke_token)(await ApiToken.objects.aget(), "tests")
    problem(await rest.get(tools), 401)


# --- Requests that do not fit -----------------------------------------------------------------------------------------


async def test_body_that_cannot_be_read_is_refused(rest: AsyncRest, tools: str, settings: Any) -> None:
    call = f"{tools}/{LIST_CASES}"
    assert "not valid JSON" in problem(await rest.post(call, "{"), 400)["detail"]
    deep = '{"a":' + "[" * 100 + "]" * 100 + "}"
    assert "nested deeper than 64" in problem(await rest.post(call, deep), 400)["detail"]
    assert "text/plain" in problem(await rest.post(call, "{}", "text/plain"), 415)["detail"]
    settings.MAX_BODY_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2000
    large = json.dumps({"status": "x" * 2000})
    assert "larger than 2000 bytes" in problem(await rest.post(call, large), 413)["detail"]
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = None
    problem(await rest.post(call, large), 413)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_methods_are_refused_with_the_one_that_there_is(rest: AsyncRest, tools: str, method: str) -> None:
    for path, allowed in ((tools, "GET"), (f"{tools}/", "GET"), (f"{tools}/x", "POST"), (f"{tools}/x/", "POST")):
        response = await rest.client.generic(method, path, headers=rest.headers)
        problem(response, 405)
        assert response["Allow"] == allowed


async def test_every_path_answers_with_a_trailing_slash_too(rest: AsyncRest, tools: str) -> None:
    assert (await rest.get(f"{tools}/")).status_code == 200
    assert (await rest.post(f"{tools}/{LIST_CASES}/", {"limit": 1})).status_code == 200


async def test_failure_here_tells_nothing_of_its_cause(rest: AsyncRest, tools: str, settings: Any) -> None:
    settings.RESULT_TOKENS = None
    document = problem(await rest.post(f"{tools}/{LIST_CASES}", {"limit": 1}), 500)
    assert "NoneType" not in str(document)
