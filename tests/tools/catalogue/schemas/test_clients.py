"""What clients take: a tool's listing says in words what some of them refuse, and the value is checked here."""

from typing import Any

import pytest

from tests.vendors.desk import desk_tool
from tools.calling.sending.checking import check
from tools.catalogue.formats import as_mcp
from tools.catalogue.schemas.clients import RULES, listed, listing_problems
from tools.catalogue.schemas.json_schemas import walk
from tools.catalogue.schemas.schema_problems import property_problems
from tools.errors import InvalidArguments

TEXT = {"type": "string"}


def tool_with(schema: dict[str, Any]) -> Any:
    return desk_tool("tickets.list", query_schema={"type": "object", "properties": {"a": schema}})


def shown(schema: dict[str, Any]) -> dict[str, Any]:
    """Return an argument's schema as it is listed."""
    tool = tool_with(schema)
    assert list(listing_problems(as_mcp(tool))) == []
    made: dict[str, Any] = tool.input_schema["properties"]["a"]
    return made


def takes(schema: dict[str, Any], value: Any) -> bool:
    try:
        check(tool_with(schema), {"a": value})
    except InvalidArguments:
        return False
    return True


@pytest.mark.parametrize(
    ("schema", "listing"),
    [
        ({**TEXT, "format": "date-time"}, {**TEXT, "format": "date-time"}),
        ({**TEXT, "format": "email"}, {**TEXT, "description": "An email address."}),
        ({**TEXT, "format": "email", "description": "Mail of A."}, {**TEXT, "description": "Mail of A."}),
        ({**TEXT, "format": "uri", "description": "Where it lies"},
         {**TEXT, "description": "Where it lies. A web address with its scheme, such as https://example.com."}),
        ({**TEXT, "format": "password"}, TEXT),
        ({"type": "integer", "format": "int64"}, {"type": "integer"}),
        ({**TEXT, "format": "phone"}, {**TEXT, "description": "Format: phone."}),
        ({**TEXT, "pattern": r"^[\w-.]+$".replace("-", r"\-")}, {**TEXT, "pattern": r"^[\w\-.]+$"}),
        ({**TEXT, "pattern": "^(?=.*[0-9]).+$"},
         {**TEXT, "description": "Must match the regular expression `^(?=.*[0-9]).+$`."}),
        ({"enum": ["x", "y"]}, {"type": "string", "enum": ["x", "y"]}),
        ({"enum": [1, None]}, {"type": ["integer", "null"], "enum": [1, None]}),
        ({"type": "object", "additionalProperties": {}},
         {"type": "object", "properties": {}, "additionalProperties": True}),
        ({"type": "object", "properties": {"b c": TEXT, "d": TEXT}, "required": ["b c", "d"]},
         {"type": "object", "properties": {"d": TEXT}, "required": ["d"], "additionalProperties": True,
          "description": "Also takes b c."}),
        ({"type": "array", "items": {**TEXT, "format": "email"}},
         {"type": "array", "items": {**TEXT, "description": "An email address."}}),
    ],
)  # fmt: skip
def test_what_some_client_refuses_is_said_in_words(schema: dict[str, Any], listing: dict[str, Any]) -> None:
    assert shown(schema) == listing


def test_a_value_of_any_kind_has_a_type_wherever_it_is() -> None:
    listing = shown({"type": "object", "properties": {"b": {}, "c": {"type": "array", "items": {}}}})
    for _, node in walk({"properties": {"a": listing}}):
        assert node.get("type"), node
    assert listing["properties"]["b"]["description"] == "Any JSON value."
    assert takes({}, [[1], {"x": None}])


def test_what_all_take_is_left_as_it_is() -> None:
    schema = {"type": "object", "properties": {"a": {**TEXT, "minLength": 2, "pattern": "^x", "examples": ["x"]}}}
    assert listed(schema) == schema
    assert all(not rule.found(schema["properties"]["a"]) for rule in RULES)  # type: ignore[index]  # it is a mapping


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({**TEXT, "format": "email"}, ["a@b.c", "A B <a@b>", "é@ü.de", ""], ["a", "@"]),
        ({**TEXT, "format": "uri"}, ["https://x.y/z?a#b", "mailto:a@b", ""], ["x.y", "/a", "http://a b"]),
        ({**TEXT, "format": "uuid"}, ["not checked"], []),
        ({**TEXT, "pattern": "^(?!0{4})[0-9]{4}$"}, ["0001"], ["0000", "x"]),
        ({**TEXT, "pattern": "(?i)^[a-z]+$"}, ["ABC"], ["1"]),
        ({**TEXT, "pattern": "/^[a-z]+$/i"}, ["abc", "ABC"], ["1", "/abc/i"]),
        ({"type": ["string", "null"], "format": "email"}, ["a@b"], ["a"]),
    ],
)
def test_what_is_only_said_in_words_is_checked_here(schema: dict[str, Any], good: list[str], bad: list[str]) -> None:
    assert [value for value in good if not takes(schema, value)] == []
    assert [value for value in bad if takes(schema, value)] == []


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({**TEXT, "enum": []}, "an empty `enum` allows no value"),
        ({**TEXT, "pattern": "^[[:alpha:]]+$"}, "means another thing to each engine"),
        ({**TEXT, "pattern": "/a/"}, "without delimiters and modifiers"),
    ],
)
def test_what_no_words_can_mend_keeps_the_record_a_draft(schema: dict[str, Any], problem: str) -> None:
    record = {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": schema}}}}
    [found] = property_problems(record, place="query_schema")
    assert found.startswith("query_schema.a.b: ")
    assert problem in found


def test_a_listing_is_held_against_all_rules() -> None:
    tool = as_mcp(tool_with({**TEXT}))
    tool["name"], tool["title"] = "Bad Name", ""
    tool["annotations"] = {}
    tool["description"] = "x" * 30_000
    tool["inputSchema"] = {
        "type": "object",
        "oneOf": [],
        "properties": {"a b": {}, "c": {"$ref": "#", "type": "object", "required": ["d"]}},
    }
    found = "\n".join(listing_problems(tool))
    for problem in (
        "name Bad Name", "no title", "hints are not explicit", "bytes", "the top is no plain object", "'a b'",
        "it has no type", "a reference is left", "d is required, but no property", "an object needs `properties`",
    ):  # fmt: skip
        assert problem in found, problem
