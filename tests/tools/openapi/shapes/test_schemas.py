"""Schemas as clients take them: combinators merged, OpenAPI's own words translated, sizes bounded."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.tools.openapi.documents import DESK_30, described, large, operation, proposed, record_of
from tools.catalogue.schemas import compile_validator
from tools.openapi.proposal import RESPONSE_BUDGET, Proposal

JSON = "application/json"


def body_of(schema: Any, **schemas: Any) -> dict[str, Any]:
    """Return the body schema that is proposed for a JSON body."""
    content = {"content": {JSON: {"schema": {"type": "object", "properties": {"a": schema, "b": {"type": "string"}}}}}}
    text = described({"/x": {"post": operation(requestBody=content)}}, components={"schemas": schemas})
    shown: dict[str, Any] = proposed(text).records[0]["body_schema"]["properties"]["a"]
    return shown


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for child in [
            *(schema.get("properties") or {}).values(),
            schema.get("items"),
            schema.get("additionalProperties"),
        ]:
            yield from nodes(child)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "nullable": True, "xml": {}, "x-y": 1}, {"type": "string"}),
        ({"type": ["integer", "null"]}, {"type": "integer"}),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, {"type": "integer", "exclusiveMinimum": 1}),
        ({"type": "integer", "maximum": 10**300}, {"type": "integer"}),
        ({"type": "string", "maxLength": 5.0, "minLength": -1}, {"type": "string", "maxLength": 5}),
        ({"type": "string", "pattern": "(", "format": "email"}, {"type": "string", "format": "email"}),
        ({"type": "string", "enum": ["a", "a", None, True]}, {"type": "string", "enum": ["a", "true"]}),
        ({"type": "integer", "enum": ["1", 2, "x"]}, {"type": "integer", "enum": [1, 2]}),
        ({"enum": ["a"]}, {"type": "string", "enum": ["a"]}),
        ({"const": "a"}, {"type": "string", "enum": ["a"]}),
        ({"type": "string", "example": "x"}, {"type": "string", "examples": ["x"]}),
        ({"type": "array"}, {"type": "array", "items": {}}),
        ({"type": "array", "items": [{"type": "string"}]}, {"type": "array", "items": {"type": "string"}}),
        ({"type": "object", "additionalProperties": False}, {"type": "object", "properties": {}}),
        ({"type": "file"}, {"type": "string"}),
        ({"properties": {"x": True}}, {"type": "object", "properties": {"x": {}}}),
        ({"type": "object", "properties": {"x": {"readOnly": True}, "y": {}}, "required": ["x", "y"]},
         {"type": "object", "properties": {"y": {}}, "required": ["y"]}),
        ({"not": {"type": "string"}}, {}),
        (True, {}),
        ({"$ref": "#/components/schemas/Missing"}, {}),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string"}),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, {"type": ["string", "integer"]}),
        ({"anyOf": [{"enum": ["a"]}, {"enum": ["b", "a"]}]}, {"type": "string", "enum": ["a", "b"]}),
        ({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
         {"type": ["string", "array"], "items": {"type": "string"}}),
        ({"allOf": [{"properties": {"x": {"type": "string"}}, "required": ["x"]},
                    {"properties": {"y": {}}, "required": ["y"]}]},
         {"type": "object", "properties": {"x": {"type": "string"}, "y": {}}, "required": ["x", "y"]}),
        ({"oneOf": [{"properties": {"k": {"enum": ["a"]}, "x": {}}, "required": ["k", "x"]},
                    {"properties": {"k": {"enum": ["b"]}}, "required": ["k"]}]},
         {"type": "object", "properties": {"k": {"type": "string", "enum": ["a", "b"]}, "x": {}}, "required": ["k"]}),
    ],
)  # fmt: skip
def test_openapis_words_become_json_schema(schema: Any, expected: Any) -> None:
    shown = body_of(schema)
    assert {key: value for key, value in shown.items() if key != "description"} == expected
    compile_validator(shown)


def test_a_large_enumeration_is_told_and_not_listed() -> None:
    shown = body_of({"type": "string", "enum": [f"value {number}" for number in range(500)]})
    assert "enum" not in shown
    assert shown["description"].startswith("One of 500 values, such as value 0, value 1")


def test_a_schema_that_holds_itself_ends_in_an_object_of_any_shape() -> None:
    shown = body_of(
        {"$ref": "#/components/schemas/Node"},
        Node={"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}},
    )
    deepest = list(nodes(shown))[-1]
    assert deepest == {"type": "object", "properties": {}}


@pytest.mark.parametrize("word", ["allOf", "oneOf", "anyOf"])
def test_a_combinator_that_leads_to_itself_ends(word: str) -> None:
    shown = body_of(
        {"$ref": "#/components/schemas/Loop"},
        Loop={word: [{"$ref": "#/components/schemas/Loop"}, {"type": "object", "properties": {"x": {}}}]},
    )
    assert "x" in shown["properties"]


def test_what_is_only_answered_is_not_asked_for_and_the_other_way_round() -> None:
    proposal = proposed(DESK_30)
    asked, answered = record_of(proposal, "tickets.create"), record_of(proposal, "tickets.get")
    assert "id" not in asked["body_schema"]["properties"]
    assert "secret" not in answered["response_schema"]["properties"]
    assert answered["response_schema"]["properties"]["subject"] == {"type": ["string", "null"]}
    assert "required" not in answered["response_schema"]


def test_references_of_an_answer_that_leave_the_document_leave_it_open() -> None:
    schema = {"type": "object", "properties": {"x": {"$ref": "https://elsewhere.example/x.json"}}}
    answers = {"200": {"description": "OK", "content": {JSON: {"schema": schema}}}}
    proposal = proposed(described({"/x": {"get": operation(responses=answers)}}))
    assert proposal.records[0]["response_schema"] == {"type": "object", "properties": {"x": {}}}
    assert proposal.refused == []


def wide(count: int) -> Proposal:
    properties = {f"field_{number}": {"type": "string", "description": "Many words. " * 20} for number in range(count)}
    schema = {"type": "object", "properties": properties, "required": ["field_0"]}
    content = {"content": {JSON: {"schema": schema}}}
    answers = {"200": {"description": "OK", "content": {JSON: {"schema": schema}}}}
    return proposed(described({"/x": {"post": operation(requestBody=content, responses=answers)}}))


def test_a_wide_schema_loses_words_before_it_loses_arguments() -> None:
    body = wide(60).records[0]["body_schema"]
    assert len(body["properties"]) == 60
    assert all(len(child["description"]) <= 160 for child in body["properties"].values())
    many = wide(390).records[0]
    assert "field_0" in many["body_schema"]["properties"]
    assert len(json.dumps(many["body_schema"])) < 20_000
    assert len(json.dumps(many["response_schema"])) < RESPONSE_BUDGET * 2


def test_operations_that_refer_in_circles_stay_small() -> None:
    proposal = proposed(large(250))
    assert (proposal.operations, len(proposal.records), proposal.refused) == (250, 250, [])
    assert max(len(json.dumps(record)) for record in proposal.records) < 20_000
    for record in proposal.records[::37]:
        for word in ("query_schema", "body_schema", "response_schema"):
            for node in nodes(record.get(word)):
                assert "$ref" not in node
                assert "object" not in str(node.get("type")) or "properties" in node
                assert "array" not in str(node.get("type")) or "items" in node


def test_members_with_names_that_clients_reject_are_told_where_they_lie_deeper() -> None:
    shown = body_of({"type": "object", "properties": {"a:b": {}, "c": {}}, "required": ["a:b", "c"]})
    assert shown == {
        "type": "object",
        "properties": {"c": {}},
        "description": "Also takes a:b.",
        "required": ["c"],
    }
