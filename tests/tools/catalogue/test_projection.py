"""`fields`: which members of a result to return, checked against the response schema, and no item ever lost."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mcp_client import McpClient
from tests.vendors.archive import archive_tool
from tests.vendors.desk import desk_tool
from tests.vendors.scripted import ScriptedVendor
from tools.catalogue.projection import Projection, kept
from tools.catalogue.tool import Tool

LIST, GET = "list_all_archive_papers", "get_single_archive_paper_by_id"
PAPER = {
    "id": 1,
    "title": "One",
    "author": {"name": "Ann", "mail": "a@b.example"},
    "pages": [{"number": 1, "text": "x"}, {"number": 2, "text": "y"}],
    "links": {"self": "/1", "a.b": "/2"},
    "extra": {"any": {"thing": 1, "other": 2}},
}


def papers(count: int) -> bytes:
    return json.dumps({"papers": [{**PAPER, "id": number} for number in range(count)]}).encode()


def argument(tool: Tool) -> dict[str, Any]:
    found: dict[str, Any] = tool.input_schema["properties"]["fields"]
    return found


class TestChoosing:
    """Through the protocol."""

    @pytest.mark.parametrize(
        ("fields", "left"),
        [
            (["id"], {"id": 1}),
            (["title", "id"], {"id": 1, "title": "One"}),
            (["author.name"], {"author": {"name": "Ann"}}),
            (["pages.number"], {"pages": [{"number": 1}, {"number": 2}]}),
            (["links.self"], {"links": {"self": "/1"}}),
            (["extra.any.thing"], {"extra": {"any": {"thing": 1}}}),
            (["author", "author.name"], {"author": PAPER["author"]}),
            (["author.name", "author"], {"author": PAPER["author"]}),
            (["id", "id", "state"], {"id": 1}),
        ],
    )
    async def test_only_the_members_that_were_named_come(
        self, archive: McpClient, scripted: ScriptedVendor, fields: list[str], left: dict[str, Any]
    ) -> None:
        scripted.body = json.dumps(PAPER).encode()
        assert await archive.value(GET, {"id": "1", "fields": fields}) == left
        scripted.body = json.dumps({"papers": [PAPER, 7, None]}).encode()
        assert (await archive.value(LIST, {"fields": fields}))["result"] == [left, 7, None]
        assert "fields" not in scripted.last.query

    @pytest.mark.parametrize(
        ("field", "words"),
        [
            ("titel", "fields: titel is not in the result; did you mean title?"),
            ("author.nam", "fields: author.nam is not in the result; did you mean author.name?"),
            ("pages.words", "fields: pages.words is not in the result; did you mean pages"),
            ("zzz", "fields: zzz is not in the result; it has: id, title, state"),
            (".", "fields: . is not in the result"),
            ("x" * 200, "fields: " + "x" * 64 + " is not"),
            ("x" * 201, "is not in the result: no name there has 201 characters"),
            ("", "fields:  is not in the result"),
        ],
    )
    async def test_a_name_that_the_result_does_not_have_is_refused_with_the_nearest(
        self, archive: McpClient, scripted: ScriptedVendor, field: str, words: str
    ) -> None:
        told = await archive.failure(LIST, {"fields": ["id", field]})
        assert words in told
        assert scripted.received == []

    async def test_fields_may_change_between_pages_and_other_arguments_may_not(
        self, archive: McpClient, scripted: ScriptedVendor
    ) -> None:
        scripted.body = papers(5)
        first = await archive.value(LIST, {"limit": 2, "fields": ["id"]})
        again = {"limit": 2, "next_cursor": first["next_cursor"]}
        second = await archive.value(LIST, {**again, "fields": ["title", "id"]})
        assert [each["id"] for each in first["result"] + second["result"]] == [0, 1, 2, 3]
        assert await archive.value(LIST, again)
        assert "other filters" in await archive.failure(LIST, {**again, "tags": ["x"]})

    async def test_fewer_members_leave_room_for_more_items(
        self, archive: McpClient, scripted: ScriptedVendor, settings: Any
    ) -> None:
        settings.RESULT_TOKENS = 1000
        scripted.body = json.dumps({"papers": [{**PAPER, "title": "x" * 900} for _ in range(10)]}).encode()
        assert (await archive.value(LIST))["result_count"] < 10
        assert (await archive.value(LIST, {"fields": ["id", "author"]}))["result_count"] == 10


class TestArgument:
    """How the argument is offered."""

    def test_few_members_are_named_and_many_are_not(self) -> None:
        few = argument(archive_tool("list"))["description"]
        assert "Only these of id, title, state, price, filed, body, author, pages, links, extra." in few
        many = {"type": "object", "properties": {f"member_{count}": {} for count in range(80)}}
        told = argument(archive_tool("list", response_schema=many))
        assert "member_1" not in json.dumps(told)
        assert len(json.dumps(told)) < 300

    def test_it_stands_before_the_arguments_of_paging(self) -> None:
        assert list(archive_tool("list").input_schema["properties"])[-3:] == ["fields", "limit", "next_cursor"]

    @pytest.mark.parametrize("schema", [{}, {"type": "object"}, {"type": "string"}, {"properties": {"only": {}}}])
    def test_without_documented_members_there_is_none(self, schema: dict[str, Any]) -> None:
        assert "fields" not in archive_tool("get", response_schema=schema).input_schema["properties"]

    def test_writes_and_other_methods_have_none(self) -> None:
        documented = {"type": "object", "properties": {"a": {}, "b": {}}}
        for method in ("create", "raw", "text"):
            assert "fields" not in archive_tool(method, response_schema=documented).input_schema["properties"]

    @pytest.mark.parametrize("name", ["fields", "fields[]"])
    def test_where_the_vendor_takes_fields_itself_the_argument_is_the_vendors(self, name: str) -> None:
        schema = {"type": "object", "properties": {name: {"type": "string", "description": "The vendor's."}}}
        documented = {"type": "object", "properties": {"a": {}, "b": {}}}
        tool = desk_tool("queues.list", query_schema=schema, response_schema=documented)
        if name == "fields":
            assert tool.projection is None
            assert argument(tool)["description"] == "The vendor's."
        else:
            assert tool.input_schema["properties"].keys() >= {"fields"}
            assert len([each for each in tool.placements.values() if each.wire_name == name]) == 1


NAMES = st.sampled_from(["a", "b", "a.b", "c", "."])
SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    st.just({}),
    lambda inner: (
        st.builds(
            lambda each: {"type": ["object", "null"], "properties": each}, st.dictionaries(NAMES, inner, max_size=3)
        )
        | st.builds(lambda each: {"type": ["array", "null"], "items": each}, inner)
    ),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
)


@given(SCHEMAS, st.lists(VALUES, max_size=4), st.lists(st.text("ab.c", min_size=1, max_size=6), min_size=1, max_size=4))
def test_whatever_is_named_no_item_is_lost_and_nothing_is_made_up(
    schema: Any, items: list[Any], names: list[str]
) -> None:
    shown = kept(items, Projection(schema).tree(names))
    assert len(shown) == len(items)
    for before, after in zip(items, shown, strict=True):
        assert type(after) is type(before)
        if isinstance(before, dict):
            assert after.keys() <= before.keys()
