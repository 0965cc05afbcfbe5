"""Search mode: three tools that find and call the others, over MCP, in every revision."""

import json
from contextlib import suppress
from typing import Any

import httpx
import jsonschema_rs
import pytest
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import IntegratedAccount
from mcpservers.lifecycle import change_server, create_server
from mcpservers.models import MCPServer
from mcpservers.resolution import resolved
from mcpservers.search.listing import caller_of
from tests.mcp_client import STATELESS, McpClient
from tools.catalogue.costs import estimate_tokens
from tools.errors import InvalidArguments
from tools.models import Call
from tools.record.recorder import recorder
from tools.tokens import tokens_of

REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", STATELESS, None]
FIND, READ, WRITE = "find_tools", "call_read_tool", "call_write_tool"
# What ChatGPT reads by is listed in either mode.
RETRIEVING = ("search", "fetch")


@pytest.fixture
def searching(transactional_db: None, account: IntegratedAccount, vendor: httpx.Client, upstream: None) -> McpClient:
    """A client of a server in search mode with every tool of FuseDesk."""
    return McpClient(create_server(account, "tests", name="All", methods=[], tags=[], search_mode=True)[1])


def reading(account: IntegratedAccount) -> McpClient:
    """A client of a server in search mode that opens only some reads."""
    made = create_server(account, "tests", name="Some", methods=["read"], tags=["crm"], search_mode=True)
    return McpClient(made[1])


async def listed(client: McpClient) -> dict[str, dict[str, Any]]:
    tools = (await client.request("tools/list")).json()["result"]["tools"]
    return {tool["name"]: tool for tool in tools}


async def found(client: McpClient, query: str, **more: Any) -> list[str]:
    return [tool["name"] for tool in (await client.value(FIND, {"query": query, **more}))["tools"]]


async def calls() -> list[Call]:
    await sync_to_async(recorder.flush)()
    return await sync_to_async(lambda: list(Call.objects.order_by("pk")))()


@pytest.mark.parametrize("version", REVISIONS)
async def test_each_revision_lists_three_tools_that_find_read_and_write(
    searching: McpClient, version: str | None
) -> None:
    client = searching.at(version)
    tools = await listed(client)
    assert [*tools] == [FIND, READ, WRITE, *RETRIEVING]
    assert estimate_tokens([*tools.values()]) < 1400
    assert ("outputSchema" in tools[FIND]) == bool(version and version >= "2025-06-18")
    hints = {
        name: [tool["annotations"][f"{hint}Hint"] for hint in ("readOnly", "destructive")]
        for name, tool in tools.items()
    }
    reading = {key: [True, False] for key in (FIND, READ, *RETRIEVING)}
    assert hints == {**reading, WRITE: [False, True]}

    best = (await client.value(FIND, {"query": "add a note to a case"}))["tools"][0]
    assert (best["name"], best["call_with"]) == ("fuse_desk_cases_add_note", WRITE)
    assert {"id", "body"} <= best["inputSchema"]["properties"].keys() | {"id", "body"}
    assert best["annotations"]["readOnlyHint"] is False
    result = await client.value(READ, {"name": "list_all_fuse_desk_reps", "arguments": {"limit": 1}})
    assert result["result_count"] == 1


async def test_what_is_found_is_structured_as_listed_and_what_is_called_is_not(searching: McpClient) -> None:
    schema = (await listed(searching))[FIND]["outputSchema"]
    for arguments in ({"query": "contacts"}, {"query": "zebra"}, {"query": "case", "limit": 20}):
        result = await searching.call(FIND, arguments)
        assert jsonschema_rs.is_valid(schema, result["structuredContent"])
        assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
    called = await searching.call(READ, {"name": "list_all_fuse_desk_reps"})
    assert "structuredContent" not in called


async def test_a_call_is_the_call_of_the_real_tool(searching: McpClient, mcp: McpClient) -> None:
    name, arguments = "create_a_fuse_desk_contact", {"firstName": "Ada", "emailAddress": "ada@example.com"}
    made = await searching.call(WRITE, {"name": name, "arguments": arguments})
    assert not made["isError"], made
    (call,) = await calls()
    assert (call.tool, call.access, call.outcome, call.arguments) == (name, "write", "ok", arguments)
    assert call.server_id == (await MCPServer.objects.aget(name="All")).pk

    wrong = {"name": "get_single_fuse_desk_case_by_id", "arguments": {"caseid": "1"}}
    words = await searching.failure(READ, wrong)
    assert words == await mcp.failure(wrong["name"], wrong["arguments"])  # type: ignore[arg-type]
    assert [each.outcome for each in await calls()] == ["ok", "invalid", "invalid"]


async def test_limits_and_errors_of_the_vendor_come_as_in_a_direct_call(
    searching: McpClient, mcp: McpClient, vendor: httpx.Client
) -> None:
    vendor.post("/_control/limits", json={"hourly_limit": 1})
    response = await searching.request("tools/call", {"name": READ, "arguments": {"name": "list_all_fuse_desk_reps"}})
    assert "ratelimit-limit" in response.headers
    missing = {"name": "get_single_fuse_desk_case_by_id", "arguments": {"id": "CAS-0"}}
    refused = await searching.failure(READ, missing)
    assert "FuseDesk" in refused
    assert [each.tool for each in await calls()] == ["list_all_fuse_desk_reps", missing["name"]]


@pytest.mark.parametrize(
    ("caller", "arguments", "words"),
    [
        (READ, {"name": "create_a_fuse_desk_case"}, "create_a_fuse_desk_case writes; call it with call_write_tool."),
        (
            WRITE,
            {"name": "list_all_fuse_desk_reps"},
            "list_all_fuse_desk_reps only reads; call it with call_read_tool.",
        ),
        (READ, {"name": "list_all_fuse_desk_rep"}, "Did you mean list_all_fuse_desk_reps?"),
        (READ, {"name": "zzz"}, "Ask find_tools for what there is."),
        (READ, {}, "name: takes the name of a tool"),
        (READ, {"name": ["x"], "id": 1}, "id: is no argument of call_read_tool; the tool's own go into `arguments`."),
        (READ, {"name": "list_all_fuse_desk_reps", "arguments": [1]}, "arguments must be a JSON object."),
        (FIND, {}, "query: takes words"),
        (FIND, {"query": "  "}, "query: takes words"),
        (FIND, {"query": "x" * 401}, "at most 400 characters"),
        (FIND, {"query": "case", "limit": 21}, "limit: takes a whole number from 1 to 20."),
        (FIND, {"query": "case", "limit": True}, "limit: takes"),
        (FIND, {"query": "case", "tag": "crm"}, "tag: is no argument of find_tools."),
    ],
)
async def test_what_does_not_fit_is_told_and_sends_nothing(
    searching: McpClient, caller: str, arguments: dict[str, Any], words: str
) -> None:
    assert words in await searching.failure(caller, arguments)
    assert words in await searching.at("2025-06-18").failure(caller, arguments)
    assert all(call.outcome == "invalid" for call in await calls())


async def test_arguments_are_taken_as_meant(searching: McpClient) -> None:
    body = {"name": FIND, "arguments": json.dumps({"query": "case", "limit": "2"})}
    answer = (await searching.request("tools/call", body)).json()["result"]
    assert len(answer["structuredContent"]["tools"]) == 2
    assert await searching.value(READ, {"name": "list_all_fuse_desk_reps", "arguments": None})
    assert (
        "JSON object"
        in (await searching.request("tools/call", {**body, "arguments": "["})).json()["result"]["content"][0]["text"]
    )


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
NAMES = st.sampled_from(["query", "limit", "name", "arguments", "list_all_fuse_desk_reps", "create_a_fuse_desk_case"])
ANYTHING = st.recursive(
    LEAVES | NAMES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inner)
)


def test_whatever_comes_is_taken_or_refused_in_words(account: IntegratedAccount) -> None:
    made, _ = create_server(account, "tests", name="Any", methods=[], tags=[], search_mode=True)
    search = resolved(made).search
    assert search is not None

    @given(arguments=ANYTHING | st.text().map(json.dumps), budget=st.integers(2000, 20_000))
    def taken_or_refused(arguments: Any, budget: int) -> None:
        with suppress(InvalidArguments):
            assert len(search.find(arguments, budget=budget).text) <= budget
        for caller in (READ, WRITE):
            with suppress(InvalidArguments):
                assert caller_of(search.chosen(caller, arguments)[0]) == caller

    taken_or_refused()


async def test_real_names_are_called_only_through_the_callers(searching: McpClient) -> None:
    for name, words in (
        ("list_all_fuse_desk_reps", "Call it by its name with call_read_tool."),
        ("create_a_fuse_desk_case", "Call it by its name with call_write_tool."),
        ("nothing", "Find tools with find_tools."),
    ):
        error = (await searching.request("tools/call", {"name": name})).json()["error"]
        assert error["code"] == -32602
        assert words in error["message"]


async def test_what_filters_hide_is_neither_found_nor_called(
    transactional_db: None, account: IntegratedAccount, vendor: httpx.Client, upstream: None
) -> None:
    client = await database_sync_to_async(reading)(account)
    tools = await listed(client)
    assert [*tools] == [FIND, READ, *RETRIEVING]  # nothing writes
    names = {name for words in ("case", "contact", "create") for name in await found(client, words, limit=20)}
    assert names == {"list_all_fuse_desk_contacts", "get_single_fuse_desk_contact_by_id"}
    words = await client.failure(READ, {"name": "list_all_fuse_desk_cases"})
    assert "there is no tool list_all_fuse_desk_cases" in words
    assert "case_by_id" not in words
    error = await client.request("tools/call", {"name": WRITE, "arguments": {"name": "create_a_fuse_desk_case"}})
    assert "error" in error.json() or error.json()["result"]["isError"]


async def test_search_knows_names_endings_synonyms_and_arguments(searching: McpClient) -> None:
    name = "get_single_fuse_desk_department_by_id"
    assert (await found(searching, name, limit=1)) == [name]
    assert (await found(searching, "noting cases"))[0] == "fuse_desk_cases_add_note"
    assert "create_a_fuse_desk_contact" in await found(searching, "make new contact")
    assert "list_all_fuse_desk_contacts" in await found(searching, "Search CONTACTS")


async def test_findings_stay_within_the_budget_and_name_what_else_matches(searching: McpClient, settings: Any) -> None:
    settings.RESULT_TOKENS = 1000
    result = await searching.call(FIND, {"query": "case contact email chat", "limit": 20})
    text = result["content"][0]["text"]
    answer = json.loads(text)
    assert tokens_of(text.encode()) <= 1000
    assert 0 < len(answer["tools"]) < 20 < answer["matches"]
    assert answer["others"]
    assert "limit 1" in answer["advice"]
    nothing = await searching.value(FIND, {"query": "zebra"})
    assert (nothing["tools"], nothing["matches"]) == ([], 0)
    assert "Try other words. There are 43 tools, tagged " in nothing["advice"]


async def test_instructions_begin_with_how_to_search_and_name_no_tool(searching: McpClient) -> None:
    result = (await searching.at(STATELESS).request("server/discover")).json()["result"]
    told = result["instructions"]
    assert told.startswith("The 43 tools for FuseDesk are not listed. Find one with find_tools")
    assert "call_write_tool where it writes" in told[:512]
    assert "destructiveHint" in told
    assert "bulk_update" not in told


async def test_turning_it_on_and_off_changes_the_list(server: tuple[MCPServer, str], mcp: McpClient) -> None:
    before = await listed(mcp)
    listing = (await database_sync_to_async(resolved)(server[0])).offer.listing
    await database_sync_to_async(change_server)(server[0], "tests", search_mode=True)
    assert len(await listed(mcp)) == 3 + len(RETRIEVING)
    # Open streams compare this, and announce what differs.
    assert (await database_sync_to_async(resolved)(server[0])).offer.listing != listing
    await database_sync_to_async(change_server)(server[0], "tests", search_mode=False)
    assert await listed(mcp) == before


async def test_a_write_in_a_batch_goes_on_like_any_other(searching: McpClient) -> None:
    call = {
        "name": WRITE,
        "arguments": {"name": "create_a_fuse_desk_contact", "arguments": {"emailAddress": "a@example.com"}},
    }
    body = [{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}]
    answers = (await searching.at("2025-03-26").post(body)).json()
    assert not answers[0]["result"]["isError"], answers
    server = await database_sync_to_async(resolved)(await MCPServer.objects.aget(name="All"))
    assert [server.may_write(name) for name in (FIND, READ, WRITE, "create_a_fuse_desk_contact")] == [
        False, False, True, False,
    ]  # fmt: skip
