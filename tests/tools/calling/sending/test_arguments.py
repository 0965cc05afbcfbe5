"""From a model's arguments to a request: what is refused, what is taken as meant, where each value arrives."""

import json
import posixpath
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuse_desk import requests
from tests.mcp_client import McpClient
from tests.vendors.desk import desk_tool
from tests.vendors.scripted import ScriptedVendor
from tools.calling.sending.binding import bind
from tools.calling.sending.checking import check
from tools.calling.sending.queries import query_pairs
from tools.errors import InvalidArguments

TICKETS = "list_all_desk_tickets"
CASES = "list_all_fuse_desk_cases"
GET_CASE = "get_single_fuse_desk_case_by_id"
# What leaves its path segment somewhere between here and the vendor's router.
ESCAPES = [
    "", " ", ".", "..", "%2e", "%2e%2e", "%2E%2e", "%252e%252e", "%25252e%25252e", "a/b", "/", "../x", "a%2Fb",
    "a%2fb", "%252f", "..%2f..", "a\\b", "..%5c", "..;x", ".;", ";", "..%3bx", "%2e%2e;a=b", ". ", ".. ", " ..",
    "%20..", "..%09", "a\nb", "a\x00b", "a%00b", "%0d%0aX: y", "\x7f", "\t",
]  # fmt: skip
# What is strange and stays where it is.
STRANGE = [
    "CAS-89102",
    "a b",
    "a+b",
    "a%20b",
    "...",
    "a?b",
    "a#b",
    "a&b=c",
    "é",
    "日本",
    "😀",
    "a;b",
    "%",
    "%zz",
    "100%",
    "~",
    "@",
    ":",
]

# What no tool takes, and the words that tell so.
UNFIT: list[tuple[dict[str, object], str]] = [
    ({"statuss": "open"}, "statuss is not an argument of this tool; did you mean status?"),
    ({"contactId": "1"}, "did you mean contactid?"),
    ({"statuss": None}, "did you mean status?"),
    ({"qqqq": 1}, "it takes: status, contactid"),
    ({"status": "opened"}, "status: "),
    ({"status": ["open"]}, "status: "),
    ({"subject": True}, 'subject: true is not of type "string"'),
    ({"subject": {"a": 1}}, "subject: "),
    ({"limit": True}, "limit: true is not of type"),
    ({"limit": "ten"}, "limit: "),
    ({"limit": "10.5"}, "limit: "),
    ({"limit": 5.5}, "limit: "),
    ({"limit": 0}, "limit: 0 is less than"),
    ({"limit": 101}, "limit: 101 is greater than the maximum of 100"),
    ({"limit": 10**18}, "limit: "),
    ({"limit": "9" * 400}, "limit: "),
    ({"limit": "١٢"}, "limit: "),
    ({"limit": "5\n"}, "limit: "),
    ({"limit": 1e300}, "limit: "),
    ({"next_cursor": 7}, "next_cursor is not one that this server gave out"),
    ({"date_opened": "yesterday"}, "date_opened: "),
    ({"date_opened": {"since": "2026"}}, "date_opened: "),
    ({"date_opened": [[[[[["deep"]]]]]]}, "date_opened: "),
]


async def problems(mcp: McpClient, tool: str, arguments: object) -> str:
    result = await mcp.request("tools/call", {"name": tool, "arguments": arguments})
    assert result.json()["result"]["isError"], arguments
    text: str = result.json()["result"]["content"][0]["text"]
    assert "Nothing was sent to" in text, arguments
    return text


class TestRefused:
    """Arguments that do not fit: told in words a model can act on, and nothing is sent."""

    async def test_what_does_not_fit_is_named(self, mcp: McpClient, vendor: httpx.Client) -> None:
        told = [(arguments, words, await problems(mcp, CASES, arguments)) for arguments, words in UNFIT]
        assert [each for each in told if each[1] not in each[2]] == []
        assert requests(vendor) == []

    @pytest.mark.parametrize("arguments", [[1], "text", 7, True])
    async def test_arguments_that_are_no_object_are_refused(
        self, desk: McpClient, scripted: ScriptedVendor, arguments: object
    ) -> None:
        response = await desk.post(
            {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": TICKETS, "arguments": arguments}}
        )
        assert "must be a JSON object" in response.text
        assert scripted.received == []

    @pytest.mark.parametrize("arguments", [{}, None, {"id": None}])
    async def test_a_missing_argument_is_named(self, mcp: McpClient, arguments: object) -> None:
        assert "id" in await problems(mcp, GET_CASE, arguments)
        assert "required" in await problems(mcp, GET_CASE, arguments)

    async def test_every_problem_is_told_at_once(self, mcp: McpClient) -> None:
        text = await problems(mcp, CASES, {"statuss": "x", "limit": "many", "subject": [1]})
        assert all(word in text for word in ("statuss", "limit", "subject"))

    async def test_many_problems_are_told_in_few_words(self, mcp: McpClient) -> None:
        assert len(await problems(mcp, CASES, {f"x{count}": "y" * 5000 for count in range(50)})) < 6000

    async def test_a_long_value_is_not_repeated_in_full(self, mcp: McpClient) -> None:
        assert len(await problems(mcp, CASES, {"status": "x" * 10_000})) < 1000


class TestTakenAsMeant:
    """What models often send, and mean."""

    async def test_null_stands_for_an_argument_left_out(self, mcp: McpClient, vendor: httpx.Client) -> None:
        await mcp.value(CASES, {"status": None, "limit": None, "next_cursor": None})
        assert requests(vendor)[-1]["query_string"] == "limit=26&offset=0"

    async def test_a_number_where_text_is_wanted(self, mcp: McpClient, vendor: httpx.Client) -> None:
        await mcp.value(CASES, {"contactid": 4711})
        assert requests(vendor)[-1]["query"]["contactid"] == "4711"

    @pytest.mark.parametrize("limit", ["7", 7, 7.0])
    async def test_digits_or_a_whole_fraction_where_a_whole_number_is_wanted(
        self, mcp: McpClient, vendor: httpx.Client, limit: object
    ) -> None:
        assert (await mcp.value(CASES, {"limit": limit}))["result_count"] == 7
        assert requests(vendor)[-1]["query"]["limit"] == "8"

    async def test_a_whole_fraction_pages_what_is_paged_here_too(self, mcp: McpClient) -> None:
        assert (await mcp.value("list_all_fuse_desk_chats", {"limit": 2.0}))["result_count"] == 2

    @given(st.integers() | st.floats() | st.booleans() | st.text() | st.none())
    def test_whatever_stands_for_a_whole_number_is_one_or_refused(self, value: object) -> None:
        tool = desk_tool("tickets.list")
        try:
            used = check(tool, {"size_above": value})
        except InvalidArguments:
            return
        assert "size_above" in used or value in (None, "")
        assert all(type(number) is int or abs(number) >= 2**53 for number in used.values())


class TestPlaces:
    """Where each value arrives, byte for byte."""

    @pytest.mark.parametrize(
        "value",
        [
            "a b",
            "a+b",
            "50%",
            "a&b=c",
            "é 日本 😀",
            "\"quoted\" 'too'",
            "a/b?c#d",
            "[x]",
            "%41",
            ";",
            "\\",
            "x" * 10_000,
        ],
    )
    async def test_a_query_value_arrives_as_it_was_given(
        self, desk: McpClient, scripted: ScriptedVendor, value: str
    ) -> None:
        scripted.body = b'{"data": []}'
        await desk.value(TICKETS, {"filter_state": value})
        assert ("filter_state", value) in scripted.last.parameters

    async def test_an_object_goes_into_one_parameter_as_json(self, mcp: McpClient, vendor: httpx.Client) -> None:
        window = {"after": "2026-01-01T00:00:00+01:00", "before": "2026-02-01T00:00:00Z"}
        await mcp.value(CASES, {"date_opened": window})
        assert json.loads(requests(vendor)[-1]["query"]["date_opened"]) == window

    async def test_each_style_puts_lists_and_objects_as_the_definition_says(
        self, desk: McpClient, scripted: ScriptedVendor
    ) -> None:
        scripted.body = b'{"data": []}'
        given = {
            "labels": ["a,b", "c"],
            "ids": [1, 2],
            "states": ["x", "y"],
            "window": {"after": "2026"},
            "tree": {"a": {"b": 1}, "c": [True]},
            "urgent": False,
            "share": 0.5,
        }
        words = await desk.failure(TICKETS, {"tree": {"c": [True, None]}})
        assert "tree.c[1]: only JSON can say null" in words
        await desk.value(TICKETS, given)
        assert scripted.last.parameters == [
            ("labels", "a,b,c"), ("ids[]", "1"), ("ids[]", "2"), ("states", "x"), ("states", "y"),
            ("window", '{"after":"2026"}'), ("tree[a][b]", "1"), ("tree[c][]", "true"),
            ("urgent", "false"), ("share", "0.5"), ("size", "11"), ("start", "0"),
        ]  # fmt: skip

    async def test_names_that_clients_reject_are_aliased_and_mapped_back(
        self, desk: McpClient, scripted: ScriptedVendor
    ) -> None:
        scripted.body = b'{"data": []}'
        listed = (await desk.request("tools/list")).json()["result"]["tools"]
        names = list(next(tool for tool in listed if tool["name"] == TICKETS)["inputSchema"]["properties"])
        assert names[1:3] == ["filter_state_2", "filter_state"]
        await desk.value(TICKETS, {"filter_state_2": "bracketed", "filter_state": "plain"})
        assert scripted.last.parameters[:2] == [("filter[state]", "bracketed"), ("filter_state", "plain")]

    async def test_a_name_in_query_and_body_goes_to_both(self, desk: McpClient, scripted: ScriptedVendor) -> None:
        await desk.value("update_a_desk_ticket_by_id", {"id": "7", "version": 3, "title": "é"})
        assert (scripted.last.method, scripted.last.path) == ("PUT", "/tickets/7")
        assert scripted.last.parameters == [("version", "3")]
        assert json.loads(scripted.last.body) == {"version": 3, "title": "é"}
        assert scripted.last.header("content-type") == ["application/json"]

    async def test_a_json_body_keeps_its_types(self, desk: McpClient, scripted: ScriptedVendor) -> None:
        deep: object = 1
        for _ in range(25):
            deep = {"a": [deep]}
        sent = {"title": "x" * 10_000, "level": 2**53, "extra": {"deep": deep, "none": None, "yes": True, "f": 1.5}}
        await desk.value("create_a_desk_ticket", sent)
        assert json.loads(scripted.last.body) == sent

    async def test_a_form_is_encoded_as_one(self, desk: McpClient, scripted: ScriptedVendor) -> None:
        await desk.value(
            "desk_tickets_link", {"id": "1", "other": "2", "kind": "a&b=é +", "notes": ["x", "y"], "both": True}
        )
        assert scripted.last.path == "/tickets/1/links/2"
        assert scripted.last.body == b"kind=a%26b%3D%C3%A9+%2B&notes=x&notes=y&both=true"
        assert scripted.last.header("content-type") == ["application/x-www-form-urlencoded"]

    async def test_a_method_without_a_body_sends_none(self, desk: McpClient, scripted: ScriptedVendor) -> None:
        await desk.value("delete_a_desk_ticket_by_id", {"id": 7})
        assert (scripted.last.method, scripted.last.path, scripted.last.body) == ("DELETE", "/tickets/7", b"")
        assert scripted.last.header("content-type") == []

    async def test_no_argument_reaches_the_credentials(self, desk: McpClient, scripted: ScriptedVendor) -> None:
        await desk.value("create_a_desk_ticket", {"title": "x\r\nX-Key: forged"})
        assert scripted.last.header("x-key") == ["Key desk-secret"]

    @given(st.text(), st.sampled_from(["json", "comma", "repeat", "brackets"]))
    def test_a_text_goes_into_one_parameter_in_every_style(self, value: str, style: str) -> None:
        [(name, sent)] = query_pairs("a", value, style)
        assert name == "a"
        assert (json.loads(sent) if style == "json" else sent) == value


class TestPathValues:
    """A value stays in the segment of the path that is meant for it, or it is refused."""

    async def test_a_value_that_would_leave_is_refused(self, mcp: McpClient, vendor: httpx.Client) -> None:
        told = {
            value: await problems(mcp, "fuse_desk_cases_tag", {"id": "CAS-89102", "tag_id": value}) for value in ESCAPES
        }
        assert {value: text for value, text in told.items() if "tag_id" not in text} == {}
        assert requests(vendor) == []

    async def test_a_strange_value_stays_in_its_segment(self, desk: McpClient, scripted: ScriptedVendor) -> None:
        sent = {}
        for value in STRANGE:
            await desk.value("desk_tickets_link", {"id": value, "other": "2"})
            segments = scripted.last.path.split("/")
            sent[value] = (segments[:2], unquote(segments[2]), segments[3:])
        assert sent == {value: (["", "tickets"], value, ["links", "2"]) for value in STRANGE}

    @given(st.text() | st.text(alphabet="./\\%25efEF;2 \x00a", max_size=12))
    def test_any_text_stays_in_its_segment_however_often_it_is_decoded(self, value: str) -> None:
        tool = desk_tool("tickets.link")
        try:
            target = bind(tool, {"id": value, "other": "2"}).target
        except InvalidArguments:
            return
        assert target.isascii()
        assert unquote(target.split("/")[2]) == value
        for _ in range(6):
            target = unquote(target)
            assert posixpath.normpath(target).count("/") == 4
            assert target.endswith("/links/2")

    def test_a_value_that_was_encoded_over_and_over_is_refused_at_once(self) -> None:
        with pytest.raises(InvalidArguments, match="do not fit"):
            bind(desk_tool("tickets.link"), {"id": "%" + "25" * 300_000 + "2e", "other": "2"})

    @pytest.mark.parametrize(
        ("kind", "value", "segment"), [("boolean", True, "true"), ("number", 1.5, "1.5"), ("integer", 7, "7")]
    )
    def test_a_value_that_is_no_text_is_written_as_in_a_query(self, kind: str, value: object, segment: str) -> None:
        schema = {"type": "object", "properties": {"id": {"type": kind}}}
        assert bind(desk_tool("tickets.get", query_schema=schema), {"id": value}).target == f"/tickets/{segment}"
