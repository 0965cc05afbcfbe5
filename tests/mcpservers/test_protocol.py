"""The protocol in both eras, on one URL."""

import base64
from typing import Any

import httpx
import pytest

from mcpservers.admission import request_headers
from tests.mcp_client import CAPABILITIES, STATELESS, VERSION, McpClient

HANDSHAKE = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
HERO = {
    "list_all_fuse_desk_cases",
    "get_single_fuse_desk_case_by_id",
    "list_all_fuse_desk_chats",
    "get_single_fuse_desk_chat_by_id",
    "list_all_fuse_desk_emails",
    "list_all_fuse_desk_contacts",
}


def initialize(version: str) -> dict[str, object]:
    return {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}}


@pytest.mark.parametrize("version", HANDSHAKE)
async def test_initialize_agrees_on_each_revision_of_the_handshake_era(mcp: McpClient, version: str) -> None:
    answer = (await mcp.at(version).request("initialize", initialize(version), {"MCP-Protocol-Version": None})).json()
    assert answer["result"]["protocolVersion"] == version
    assert answer["result"]["serverInfo"]["name"] == "patchbay"
    assert "contact" in answer["result"]["instructions"][:512]


async def test_initialize_with_a_revision_nobody_knows_answers_the_newest_handshake_revision(mcp: McpClient) -> None:
    answer = (await mcp.request("initialize", initialize("1999-01-01"), {"MCP-Protocol-Version": None})).json()
    assert answer["result"]["protocolVersion"] == "2025-11-25"


async def test_initialize_without_a_revision_is_invalid_params(mcp: McpClient) -> None:
    assert (await mcp.request("initialize", {})).json()["error"]["code"] == -32602


async def test_no_session_id_is_minted(mcp: McpClient) -> None:
    response = await mcp.request("initialize", initialize("2025-11-25"), {"Mcp-Session-Id": "abc"})
    assert "mcp-session-id" not in response.headers


async def test_a_notification_is_accepted_without_a_body(mcp: McpClient) -> None:
    response = await mcp.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (response.status_code, response.content) == (202, b"")


async def test_a_clients_answer_is_accepted_without_a_body(mcp: McpClient) -> None:
    response = await mcp.post({"jsonrpc": "2.0", "id": 1, "result": {}})
    assert (response.status_code, response.content) == (202, b"")


async def test_ping_answers_with_an_empty_result(mcp: McpClient) -> None:
    assert (await mcp.request("ping")).json()["result"] == {}


@pytest.mark.parametrize("message_id", ["abc", "", 0, -3, 2**53 - 1, "0"])
async def test_ids_come_back_as_they_came(mcp: McpClient, message_id: object) -> None:
    answer = (await mcp.post({"jsonrpc": "2.0", "id": message_id, "method": "ping"})).json()
    assert answer["id"] == message_id
    assert type(answer["id"]) is type(message_id)


@pytest.mark.parametrize("message_id", [None, True, 1.5, [1], {"a": 1}])
async def test_ids_that_are_neither_text_nor_integer_are_refused(mcp: McpClient, message_id: object) -> None:
    response = await mcp.post({"jsonrpc": "2.0", "id": message_id, "method": "ping"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, -32600)


@pytest.mark.parametrize("version", [*HANDSHAKE, STATELESS])
async def test_all_tools_come_on_one_page_with_every_hint_explicit(mcp: McpClient, version: str) -> None:
    result = (await mcp.at(version).request("tools/list")).json()["result"]
    tools = {tool["name"]: tool for tool in result["tools"]}
    assert tools.keys() >= HERO
    assert "nextCursor" not in result
    hints = {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
    assert all(tool["annotations"].keys() >= hints for tool in tools.values())
    assert tools["list_all_fuse_desk_cases"]["annotations"]["readOnlyHint"]
    assert tools["fuse_desk_cases_bulk_update"]["annotations"]["destructiveHint"]


async def test_the_order_of_tools_does_not_change_by_itself(mcp: McpClient) -> None:
    first = (await mcp.request("tools/list")).json()["result"]["tools"]
    again = (await mcp.request("tools/list")).json()["result"]["tools"]
    assert [tool["name"] for tool in first] == [tool["name"] for tool in again]


@pytest.mark.parametrize("cursor", ["", None])
async def test_an_empty_list_cursor_is_the_first_page(mcp: McpClient, cursor: str | None) -> None:
    assert (await mcp.request("tools/list", {"cursor": cursor})).json()["result"]["tools"]


@pytest.mark.parametrize("listed", ["tools", "prompts", "resources", "resources/templates"])
async def test_a_list_cursor_that_was_not_given_out_is_invalid_params(mcp: McpClient, listed: str) -> None:
    wrong: list[Any] = ["x", 0, False, [], {}]
    for cursor in wrong:
        assert (await mcp.request(f"{listed}/list", {"cursor": cursor})).json()["error"]["code"] == -32602, cursor


@pytest.mark.parametrize("version", [None, *HANDSHAKE, STATELESS])
async def test_an_unknown_tool_is_a_protocol_error_that_names_the_nearest(mcp: McpClient, version: str | None) -> None:
    error = (await mcp.at(version).request("tools/call", {"name": "list_all_fuse_desk_case"})).json()["error"]
    assert error["code"] == -32602
    assert "Did you mean list_all_fuse_desk_cases?" in error["message"]


@pytest.mark.parametrize("version", ["2025-11-25", STATELESS])
async def test_invalid_arguments_are_told_in_the_result_where_the_model_reads_them(
    mcp: McpClient, version: str
) -> None:
    words = await mcp.at(version).failure("get_single_fuse_desk_case_by_id", {"caseid": "89102"})
    assert "Nothing was sent to FuseDesk" in words
    assert "id is required" in words


@pytest.mark.parametrize("version", [None, *HANDSHAKE, STATELESS])
async def test_invalid_arguments_are_a_result_that_the_model_reads(mcp: McpClient, version: str | None) -> None:
    """Before 2025-11-25 the specification lets them be a protocol error, which frameworks raise or hide."""
    assert "id is required" in await mcp.at(version).failure("get_single_fuse_desk_case_by_id")


async def test_an_unknown_method_is_not_found_in_a_200_of_the_handshake_era(mcp: McpClient) -> None:
    response = await mcp.post({"jsonrpc": "2.0", "id": 1, "method": "resources/subscribe"})
    assert (response.status_code, response.json()["error"]["code"]) == (200, -32601)


@pytest.mark.parametrize("method", ["resources/subscribe", "initialize", "ping", "logging/setLevel"])
async def test_an_unknown_method_is_a_404_of_the_stateless_era(mcp: McpClient, method: str) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"_meta": {VERSION: STATELESS, CAPABILITIES: {}}}}
    response = await mcp.at(STATELESS).post(body, {"Mcp-Method": method})
    assert (response.status_code, response.json()["error"]["code"]) == (404, -32601)


async def test_discover_tells_versions_capabilities_and_how_long_it_holds(mcp: McpClient) -> None:
    result = (await mcp.at(STATELESS).request("server/discover")).json()["result"]
    assert result["supportedVersions"] == [STATELESS]
    assert result["resultType"] == "complete"
    assert result["cacheScope"] == "private"
    assert result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "patchbay"


async def test_stateless_lists_are_private_and_say_how_long_they_hold(mcp: McpClient) -> None:
    result = (await mcp.at(STATELESS).request("tools/list")).json()["result"]
    assert (result["cacheScope"], result["ttlMs"] > 0, result["resultType"]) == ("private", True, "complete")


def stateless_call(name: str = "list_all_fuse_desk_reps", **meta: object) -> dict[str, object]:
    params = {"name": name, "arguments": {}, "_meta": {VERSION: STATELESS, CAPABILITIES: {}, **meta}}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


RIGHT = {"MCP-Protocol-Version": STATELESS, "Mcp-Method": "tools/call", "Mcp-Name": "list_all_fuse_desk_reps"}


async def test_right_headers_are_taken(mcp: McpClient) -> None:
    assert (await mcp.post(stateless_call(), dict(RIGHT))).status_code == 200


async def test_a_tool_name_header_may_be_wrapped_in_base64(mcp: McpClient) -> None:
    wrapped = f"=?base64?{base64.b64encode(b'list_all_fuse_desk_reps').decode()}?="
    assert (await mcp.post(stateless_call(), {**RIGHT, "Mcp-Name": wrapped})).status_code == 200


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("MCP-Protocol-Version", None),
        ("MCP-Protocol-Version", "2025-11-25"),
        ("Mcp-Method", None),
        ("Mcp-Method", "tools/list"),
        ("Mcp-Method", "TOOLS/CALL"),
        ("Mcp-Name", None),
        ("Mcp-Name", "other"),
        ("Mcp-Name", "=?base64?%%%?="),
    ],
)
async def test_headers_that_lack_or_contradict_the_body_are_refused(
    mcp: McpClient, header: str, value: str | None
) -> None:
    response = await mcp.post(stateless_call(), {**RIGHT, header: value})
    assert (response.status_code, response.json()["error"]["code"]) == (400, -32020)


async def test_a_revision_that_is_not_spoken_is_refused_with_those_that_are(mcp: McpClient) -> None:
    body = stateless_call(**{VERSION: "2099-01-01"})
    response = await mcp.post(body, {**RIGHT, "MCP-Protocol-Version": "2099-01-01"})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, -32022)
    assert error["data"]["requested"] == "2099-01-01"
    assert error["data"]["supported"] == [STATELESS]


@pytest.mark.parametrize("missing", [VERSION, CAPABILITIES])
async def test_a_stateless_request_without_its_metadata_is_invalid_params(mcp: McpClient, missing: str) -> None:
    body = stateless_call()
    del body["params"]["_meta"][missing]  # type: ignore[index]
    response = await mcp.post(body, dict(RIGHT))
    assert (response.status_code, response.json()["error"]["code"]) == (400, -32602)


async def test_a_version_header_nobody_knows_is_a_400_of_the_handshake_era(mcp: McpClient) -> None:
    response = await mcp.at("1999-01-01").post({"jsonrpc": "2.0", "id": 1, "method": "ping"})
    assert response.status_code == 400
    assert "2025-11-25" in response.json()["error"]["message"]


async def test_a_client_that_never_sends_the_version_header_is_served(mcp: McpClient) -> None:
    assert (await mcp.at(None).value("list_all_fuse_desk_reps"))["result_count"] > 0


@pytest.mark.parametrize("body", [{"method": "ping", "params": [1]}, {"method": 5}, {"method": "ping", "params": ""}])
async def test_an_id_that_can_be_read_comes_back_with_the_error(mcp: McpClient, body: dict[str, object]) -> None:
    answer = (await mcp.post({"jsonrpc": "2.0", "id": "mine", **body})).json()
    assert answer["id"] == "mine"


async def test_members_that_a_serialiser_writes_for_nothing_are_left_out(mcp: McpClient) -> None:
    every: dict[str, object] = {"jsonrpc": "2.0", "result": None, "error": None}
    nothing: list[object] = [None, [], {}]
    for params in nothing:
        for method in ("ping", "tools/list"):
            answer = (await mcp.post({**every, "id": 1, "method": method, "params": params})).json()
            assert answer["id"] == 1
            assert "result" in answer
        noted = await mcp.post({**every, "id": None, "method": "notifications/initialized", "params": params})
        assert (noted.status_code, noted.content) == (202, b"")
    answered = await mcp.post({"jsonrpc": "2.0", "id": 1, "method": None, "params": None, "result": {}})
    assert answered.status_code == 202


async def test_empty_arrays_of_a_serialiser_are_empty_objects(mcp: McpClient) -> None:
    params: dict[str, Any] = {"name": "list_all_fuse_desk_reps", "arguments": [], "_meta": []}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    assert not (await mcp.post(body)).json()["result"]["isError"]
    params["_meta"] = {VERSION: STATELESS, CAPABILITIES: []}
    assert not (await mcp.post(body, dict(RIGHT))).json()["result"]["isError"]


@pytest.mark.parametrize("params", [None, []])
@pytest.mark.parametrize("method", ["initialize", "tools/call"])
async def test_what_a_method_requires_is_still_required(mcp: McpClient, method: str, params: object) -> None:
    answer = (await mcp.post({"jsonrpc": "2.0", "id": "mine", "method": method, "params": params})).json()
    assert (answer["id"], answer["error"]["code"]) == ("mine", -32602)


async def test_a_byte_order_mark_before_the_message_is_passed_over(mcp: McpClient) -> None:
    answer = await mcp.post(b'\xef\xbb\xbf{"jsonrpc": "2.0", "id": 1, "method": "ping"}')
    assert answer.json()["result"] == {}


async def test_a_post_to_the_address_of_the_old_transport_is_answered_as_any_other(mcp: McpClient) -> None:
    for suffix in ("/sse", "/sse/"):
        client = McpClient(mcp.token, suffix=suffix)
        assert (await client.request("initialize", initialize("2025-11-25"))).json()["result"]["capabilities"]
        assert (await client.at(STATELESS).request("server/discover")).status_code == 200
        assert (await client.value("list_all_fuse_desk_reps"))["result_count"] > 0


def test_white_space_around_a_header_is_no_part_of_it() -> None:
    scope = {"headers": [(b"mcp-name", b" list_all_fuse_desk_reps \t")]}
    assert request_headers(scope) == {b"mcp-name": "list_all_fuse_desk_reps"}


class TestBatches:
    """Batches: only at 2025-03-26."""

    async def test_a_batch_is_answered_at_2025_03_26(self, mcp: McpClient) -> None:
        batch = [
            {"jsonrpc": "2.0", "id": 1, "method": "ping"},
            {"jsonrpc": "2.0", "method": "notifications/initialized"},
            {"jsonrpc": "2.0", "id": "b", "method": "tools/call", "params": {"name": "list_all_fuse_desk_reps"}},
            {"jsonrpc": "2.0", "id": 3, "method": "nothing"},
        ]
        answers = (await mcp.at("2025-03-26").post(batch)).json()
        assert [answer["id"] for answer in answers] == [1, "b", 3]
        assert answers[2]["error"]["code"] == -32601

    async def test_a_batch_of_notifications_is_accepted_without_a_body(self, mcp: McpClient) -> None:
        response = await mcp.at(None).post([{"jsonrpc": "2.0", "method": "notifications/initialized"}])
        assert (response.status_code, response.content) == (202, b"")

    async def test_initialize_is_refused_inside_a_batch(self, mcp: McpClient) -> None:
        batch = [{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": initialize("2025-03-26")}]
        assert (await mcp.at("2025-03-26").post(batch)).json()[0]["error"]["code"] == -32600

    @pytest.mark.parametrize("version", ["2025-06-18", "2025-11-25"])
    async def test_a_batch_is_refused_from_2025_06_18_on(self, mcp: McpClient, version: str) -> None:
        response = await mcp.at(version).post([{"jsonrpc": "2.0", "id": 1, "method": "ping"}])
        assert (response.status_code, response.json()["error"]["code"]) == (400, -32600)

    async def test_a_batch_is_refused_in_the_stateless_era(self, mcp: McpClient) -> None:
        assert (await mcp.at(STATELESS).post([stateless_call()])).status_code == 400

    async def test_an_empty_batch_is_refused(self, mcp: McpClient) -> None:
        assert (await mcp.at("2025-03-26").post([])).status_code == 400

    async def test_what_is_no_message_in_a_batch_is_answered_with_an_error_of_its_own(self, mcp: McpClient) -> None:
        answers = (await mcp.at("2025-03-26").post([1, {"jsonrpc": "2.0", "id": 2, "method": "ping"}])).json()
        assert answers[0]["error"]["code"] == -32600
        assert answers[1]["result"] == {}

    async def test_more_messages_than_a_batch_may_hold_are_refused_at_once(self, mcp: McpClient) -> None:
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        refused = await mcp.at("2025-03-26").post([ping] * 21)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, -32600)
        assert refused.json()["error"]["message"].endswith("the batch holds 21 messages; send at most 20 at once.")
        assert len((await mcp.at("2025-03-26").post([ping] * 20)).json()) == 20

    async def test_once_the_answers_fill_a_batch_the_rest_is_refused_without_being_begun(
        self, mcp: McpClient, vendor: httpx.Client, settings: Any
    ) -> None:
        call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "list_all_fuse_desk_reps"}}
        batch = [{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, call, {**call, "method": "x", "id": 3}, 1]
        settings.MCP_BATCH_BYTES = 1024
        before = vendor.get("/_control").json()["requests"]
        answers = (await mcp.at("2025-03-26").post(batch)).json()
        assert [answer.get("id") for answer in answers] == [1, 2, 3, None]
        assert len(answers[0]["result"]["tools"]) > 10
        assert "Send it again, in a batch of fewer messages." in answers[1]["error"]["message"]
        assert answers[2]["error"] == answers[1]["error"]
        assert vendor.get("/_control").json()["requests"] == before

    async def test_no_batch_is_answered_with_more_than_its_bytes_and_one_answer(
        self, mcp: McpClient, settings: Any
    ) -> None:
        one = len((await mcp.at("2025-03-26").post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})).content)
        settings.MCP_BATCH_BYTES = 2 * one
        batch = [{"jsonrpc": "2.0", "id": count, "method": "tools/list"} for count in range(20)]
        assert len((await mcp.at("2025-03-26").post(batch)).content) < 3 * one + 20 * 400


async def test_the_vendors_limits_are_told_in_headers_and_in_meta(mcp: McpClient, vendor: httpx.Client) -> None:
    vendor.post("/_control", json={"limit": 1800, "remaining": 42})
    response = await mcp.request("tools/call", {"name": "list_all_fuse_desk_reps", "arguments": {}})
    assert response.headers["ratelimit-limit"] == "1800"
    assert response.headers["ratelimit-remaining"] == "41"
    assert response.json()["result"]["_meta"]["ratelimit-reset"] == 3600


async def test_a_429_reaches_the_model_with_the_seconds_to_wait_and_is_not_retried(
    mcp: McpClient, vendor: httpx.Client
) -> None:
    vendor.post("/_control", json={"force_status": 429, "force_headers": {"Retry-After": "17"}})
    before = vendor.get("/_control").json()["requests"]
    response = await mcp.request("tools/call", {"name": "list_all_fuse_desk_reps", "arguments": {}})
    result = response.json()["result"]
    assert response.status_code == 200
    assert result["isError"]
    assert "Wait 17 seconds" in result["content"][0]["text"]
    assert result["_meta"]["ratelimit-reset"] == 17
    assert response.headers["ratelimit-remaining"] == "0"
    assert vendor.get("/_control").json()["requests"] == before + 1
