"""The one flat object of arguments: rules about all its members are carried over, or refused in words."""

from typing import Any

import pytest

from tests.mcp_client import McpClient
from tests.vendors.desk import desk_tool
from tests.vendors.scripted import ScriptedVendor
from tools.calling.sending.checking import check
from tools.catalogue.schemas.schema_problems import property_problems
from tools.errors import InvalidArguments

CREATE = "create_a_archive_paper"
TEXT = {"type": "string"}


def fits(tool: Any, **arguments: Any) -> bool:
    try:
        check(tool, arguments)
    except InvalidArguments:
        return False
    return True


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"pages": ["1"]}, "title is required where pages is given."),
        ({}, "give at least 1 argument in all."),
        ({"title": None}, "give at least 1 argument in all."),
    ],
)
async def test_rules_about_all_arguments_hold_and_are_told(
    archive: McpClient, scripted: ScriptedVendor, arguments: dict[str, Any], words: str
) -> None:
    assert words in await archive.failure(CREATE, arguments)
    assert scripted.received == []
    await archive.value(CREATE, {"title": "x", "pages": []})


def test_they_speak_of_arguments_by_the_names_that_these_have_here() -> None:
    schema = {
        "type": "object",
        "properties": {"filter[a]": TEXT, "filter[b]": TEXT},
        "dependentRequired": {"filter[a]": ["filter[b]"], "gone": ["filter[a]"]},
    }
    tool = desk_tool("tickets.list", query_schema=schema)
    assert tool.input_schema["dependentRequired"] == {"filter_a": ["filter_b"]}
    assert not fits(tool, filter_a="x")
    assert fits(tool, filter_a="x", filter_b="y", limit=5)


def test_how_many_members_a_part_has_is_told_of_the_whole() -> None:
    tool = desk_tool(
        "tickets.update",
        query_schema={"type": "object", "properties": {"id": TEXT, "note": TEXT}, "required": ["id"]},
        body_schema={
            "type": "object",
            "properties": {"a": TEXT, "b": TEXT, "c": TEXT},
            "minProperties": 1,
            "maxProperties": 2,
        },
    )
    assert (tool.input_schema["minProperties"], tool.input_schema["maxProperties"]) == (2, 4)
    assert not fits(tool, id="1")
    assert fits(tool, id="1", a="x")
    assert fits(tool, id="1", note="n", a="x", b="y")
    assert not fits(tool, id="1", note="n", a="x", b="y", c="z")


def test_arguments_of_ours_count_beside_the_most_members() -> None:
    documented = {"type": "object", "properties": {"a": TEXT, "b": TEXT}}
    schema = {"type": "object", "properties": {"x": TEXT, "y": TEXT}, "maxProperties": 1}
    tool = desk_tool("queues.list", query_schema=schema, response_schema=documented)
    assert fits(tool, x="1", fields=["a"], limit=5, next_cursor="c")


@pytest.mark.parametrize(
    ("word", "rule"),
    [
        ("dependencies", {"a": ["b"]}),
        ("propertyNames", {"maxLength": 5}),
        ("unevaluatedProperties", False),
    ],
)
def test_a_rule_that_cannot_be_carried_over_keeps_the_record_a_draft(word: str, rule: Any) -> None:
    problems = property_problems(
        {"type": "object", "properties": {"a": TEXT, "b": TEXT}, word: rule}, place="body_schema"
    )
    assert problems == [
        f"body_schema: {word} at the top level has no place in a tool's arguments; describe in words what it requires."
    ]


@pytest.mark.parametrize("word", ["dependentSchemas", "patternProperties"])
def test_only_a_body_has_rules_about_members_by_names_and_values(word: str) -> None:
    schema = {"type": "object", "properties": {"a": TEXT}, word: {"a": {"required": ["b"]}}}
    assert property_problems(schema, place="body_schema") == []
    assert len(property_problems(schema, place="query_schema")) == 1


def test_rules_of_a_body_are_about_its_own_arguments() -> None:
    rule = {
        "if": {"properties": {"kind[a]": {"const": "x"}}},
        "then": {"properties": {"id": False}, "required": ["b c"]},
    }
    tool = desk_tool(
        "tickets.update",
        query_schema={"type": "object", "properties": {"id": TEXT}, "required": ["id"]},
        body_schema={
            "type": "object",
            "properties": {"kind[a]": TEXT, "b c": TEXT},
            "patternProperties": {"^i": False, "^x_": {"type": "integer"}},
            "dependentSchemas": {"kind[a]": rule},
        },
    )
    assert not {"patternProperties", "dependentSchemas"} & tool.input_schema.keys()
    assert fits(tool, id="1", kind_a="y")
    assert not fits(tool, id="1", kind_a="x")
    assert fits(tool, id="1", kind_a="x", b_c="z", x_more=5)
    assert not fits(tool, id="1", x_more="text")
    assert not fits(tool, id="1", ix=5)
