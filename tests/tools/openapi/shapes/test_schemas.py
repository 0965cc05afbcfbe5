"""Schemas as clients take them: combinators merged, OpenAPI's own words translated, sizes bounded."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.tools.openapi.documents import DESK_30, described, large, operation, proposed, record_of
from tests.work import calls_made
from tools.catalogue.schemas.clients import UNLISTED
from tools.catalogue.schemas.json_schemas import compile_validator
from tools.openapi.proposal import Proposal
from tools.openapi.reading.references import References
from tools.openapi.results import RESPONSE_BUDGET
from tools.openapi.shapes.subtypes import Subtypes

JSON = "application/json"
NAMED = {
    "Text": {"type": "string"},
    "Given": {"type": "string", "readOnly": True},
    "Thing": {"type": "object", "properties": {"id": {"$ref": "#/components/schemas/Given"}, "x": {"type": "string"}}},
}


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
        ({"type": "string", "nullable": True, "xml": {}, "x-y": 1}, {"type": ["string", "null"]}),
        ({"type": ["integer", "null"]}, {"type": ["integer", "null"]}),
        ({"type": "null"}, {"type": "null"}),
        ({"type": "string", "nullable": True, "enum": ["a"]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"type": "string", "nullable": True, "const": "a"}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"type": ["string", "null"], "enum": ["a", None]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"type": ["string", "null"], "enum": ["a"]}, {"type": "string", "enum": ["a"]}),
        ({"nullable": True, "allOf": [{"$ref": "#/components/schemas/Text"}]}, {"type": ["string", "null"]}),
        ({"nullable": True, "oneOf": [{"const": 1}, {"const": 2}]},
         {"type": ["integer", "null"], "enum": [1, 2, None]}),
        ({"enum": ["a", None]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"oneOf": [{"type": "boolean"}, {"type": "object"}], "properties": {"x": {"type": "string"}}},
         {"type": ["boolean", "object"], "properties": {"x": {"type": "string"}}}),
        ({"$ref": "#/components/schemas/Text", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "array", "items": {"type": "string", "nullable": True}},
         {"type": "array", "items": {"type": ["string", "null"]}}),
        ({"type": "object", "additionalProperties": {"type": "integer", "nullable": True}},
         {"type": "object", "properties": {}, "additionalProperties": {"type": ["integer", "null"]}}),
        ({"type": "object", "properties": {"x": {"type": "string", "nullable": True}}, "required": ["x"]},
         {"type": "object", "properties": {"x": {"type": ["string", "null"]}}, "required": ["x"]}),
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
        ({"type": "object"}, {"type": "object", "properties": {}, "additionalProperties": True}),
        ({"type": "object", "patternProperties": {"^x": {"type": "string"}}, "properties": {"y": {"type": "integer"}}},
         {"type": "object", "properties": {"y": {"type": "integer"}}}),
        ({"type": "object", "properties": {"y": {"type": "integer"}}, "additionalProperties": True},
         {"type": "object", "properties": {"y": {"type": "integer"}}, "additionalProperties": True}),
        ({"type": "array", "items": [{"type": "string"}]}, {"type": "array", "items": {"type": "string"}}),
        ({"type": "object", "additionalProperties": False}, {"type": "object", "properties": {}}),
        ({"type": "file"}, {"type": "string"}),
        ({"properties": {"x": True}}, {"type": "object", "properties": {"x": {}}}),
        ({"type": "object", "properties": {"x": {"readOnly": True}, "y": {}}, "required": ["x", "y"]},
         {"type": "object", "properties": {"y": {}}, "required": ["y"]}),
        ({"not": {"type": "string"}}, {}),
        (True, {}),
        ({"$ref": "#/components/schemas/Missing"}, {}),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, {"type": ["string", "null"]}),
        ({"oneOf": [{"type": "string", "enum": ["a"]}, {"type": "string", "enum": [""]}]},
         {"type": "string", "enum": ["a", ""]}),
        ({"anyOf": [{"type": "integer"}, {"type": "string", "enum": [""]}]},
         {"type": ["integer", "string"], "maxLength": 0}),
        ({"anyOf": [{"type": "integer"}, {"type": "string", "enum": ["a.b", "c"]}]},
         {"type": ["integer", "string"], "pattern": r"^(?:a\.b|c)$"}),
        ({"oneOf": [{"type": "string", "minLength": 2, "maxLength": 3}, {"type": "string", "minLength": 5}]},
         {"type": "string", "minLength": 2}),
        ({"oneOf": [{"const": f"v{number}"} for number in range(40)]},
         {"type": "string", "enum": [f"v{number}" for number in range(40)]}),
        ({"minLength": 2, "pattern": "^a"}, {"type": "string", "minLength": 2, "pattern": "^a"}),
        ({"minLength": 2, "allOf": [{"$ref": "#/components/schemas/Text"}, {"minLength": 1, "maxLength": 9}]},
         {"type": "string", "minLength": 2, "maxLength": 9}),
        ({"type": "string", "pattern": "/^[a-z]+$/i"}, {"type": "string", "pattern": "(?i)^[a-z]+$"}),
        ({"type": "string", "pattern": "^[[:alpha:]]$"}, {"type": "string"}),
        ({"required": ["x"], "allOf": [{"properties": {"x": {"type": "string"}}}]},
         {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]}),
        ({"allOf": [{"$ref": "#/components/schemas/Thing"}, {"required": ["x", "id"]}]},
         {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]}),
        ({"$ref": "#/components/schemas/Thing", "required": ["x"], "properties": {"z": {"type": "boolean"}}},
         {"type": "object", "properties": {"x": {"type": "string"}, "z": {"type": "boolean"}}, "required": ["x"]}),
        ({"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Given"}, "b": {"type": "string"},
                                           "c": {"allOf": [{"$ref": "#/components/schemas/Given"}]}},
          "required": ["a", "b", "c"]},
         {"type": "object", "properties": {"b": {"type": "string"}}, "required": ["b"]}),
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
    shown = body_of(schema, **NAMED)
    assert {key: value for key, value in shown.items() if key not in {"description", *UNLISTED}} == expected
    compile_validator(shown)


def test_references_that_name_nothing_leave_an_operation_callable() -> None:
    missing = {"$ref": "#/components/schemas/Missing"}
    answered = operation(operationId="getA", responses={"200": {"$ref": "#/components/responses/Ok"}})
    paths = {
        "/a": {"get": answered, "post": operation(requestBody={"content": {JSON: {"schema": missing}}})},
        "/b": {"$ref": "#/paths/~1a"},
        "/c": {"get": operation(responses={"200": {"$ref": "#/components/responses/Missing"}})},
    }
    responses = {"Ok": {"description": "OK", "content": {JSON: {"schema": missing}}}}
    proposal = proposed(described(paths, components={"responses": responses}))
    assert (proposal.refused, len(proposal.records)) == ([], 5)


def test_a_large_enumeration_is_told_and_not_listed() -> None:
    shown = body_of({"type": "string", "enum": [f"value {number}" for number in range(500)]})
    assert "enum" not in shown
    assert shown["description"].startswith("One of 500 values, such as value 0, value 1")


def test_a_schema_that_holds_itself_ends_in_an_object_of_any_shape() -> None:
    shown = body_of(
        {"$ref": "#/components/schemas/Node"},
        Node={"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}},
    )
    assert [node.get("additionalProperties") for node in nodes(shown)] == [None, None, True]
    assert "same members" in shown["properties"]["next"]["properties"]["next"]["description"]


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


GIVEN_ID = {"type": "object", "properties": {"id": {"type": "string", "readOnly": True}, "a": {}}}
OWN_ID = {"type": "object", "properties": {"id": {"type": "string"}, "a": {}}}


@pytest.mark.parametrize(
    "schema",
    [
        {"oneOf": [GIVEN_ID | {"required": ["id", "a"]}, OWN_ID | {"required": ["id", "a"]}]},
        {"anyOf": [OWN_ID | {"required": ["id", "a"]}, GIVEN_ID | {"required": ["a", "id"]}]},
        {"required": ["id", "a"], "oneOf": [GIVEN_ID, OWN_ID]},
        {"allOf": [{"oneOf": [GIVEN_ID, OWN_ID]}, {"required": ["id", "a"]}]},
        {"required": ["id", "a"], "oneOf": [{"oneOf": [GIVEN_ID, OWN_ID]}, OWN_ID]},
    ],
)
def test_what_the_vendor_sets_in_one_variant_need_not_be_given(schema: Any) -> None:
    shown = body_of(schema)
    assert (sorted(shown["properties"]), shown["required"]) == (["a", "id"], ["a"])
    assert "spared" not in json.dumps(shown)


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


def test_members_with_any_name_stay_in_the_record() -> None:
    shown = body_of({"type": "object", "properties": {"a:b": {}, "c": {}}, "required": ["a:b", "c"]})
    assert shown == {"type": "object", "properties": {"a:b": {}, "c": {}}, "required": ["a:b", "c"]}


MAYBE: dict[str, Any] = {"type": ["string", "null"]}
OLDER = {"type": "string", "nullable": True}


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"allOf": [MAYBE, {"maxLength": 5}]}, ["string", "null"]),
        ({"allOf": [{"maxLength": 5}, OLDER]}, ["string", "null"]),
        ({"maxLength": 5, "allOf": [{"$ref": "#/components/schemas/Maybe"}]}, ["string", "null"]),
        ({"$ref": "#/components/schemas/Maybe", "maxLength": 5}, ["string", "null"]),
        ({"allOf": [{"anyOf": [{"type": "string"}, {"type": "null"}]}, {"minLength": 1}]}, ["string", "null"]),
        ({"allOf": [{"allOf": [MAYBE, {"minLength": 1}]}, {"maxLength": 5}]}, ["string", "null"]),
        ({"allOf": [MAYBE, {"type": "string", "maxLength": 5}]}, "string"),
        ({"allOf": [MAYBE, {"enum": ["a"]}]}, "string"),
        ({"allOf": [{"minLength": 1}, {"maxLength": 5}]}, "string"),
        ({"type": "string", "allOf": [MAYBE]}, "string"),
    ],
)
def test_null_passes_limits_of_other_kinds_of_value(schema: Any, kind: Any) -> None:
    assert body_of(schema, Maybe=MAYBE)["type"] == kind


def test_parameters_and_forms_have_no_null() -> None:
    nullable = {"type": "string", "nullable": True, "enum": ["a"]}
    form = {"schema": {"type": "object", "properties": {"a": nullable}}}
    content = {"content": {"application/x-www-form-urlencoded": form}}
    parameters = [{"name": "q", "in": "query", "schema": nullable}]
    record = proposed(described({"/x": {"post": operation(requestBody=content, parameters=parameters)}})).records[0]
    assert record["body_schema"]["properties"]["a"] == {"type": "string", "enum": ["a"]}
    assert record["query_schema"]["properties"]["q"] == {"type": "string", "enum": ["a"]}


def pets(parent: dict[str, Any], **children: Any) -> dict[str, Any]:
    """Return a parent's schema, and its children, each by `allOf` of it."""
    below = {
        name: {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "object", **schema}]}
        for name, schema in children.items()
    }
    pet = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}, **parent}
    return {"Pet": pet, **below}


LIVES: dict[str, Any] = {"properties": {"lives": {"type": "integer"}}, "required": ["lives"]}
BARK: dict[str, Any] = {"properties": {"bark": {}}}
CAT, DOG = "#/components/schemas/Cat", "#/components/schemas/Dog"


@pytest.mark.parametrize(
    ("parent", "kind"),
    [
        ({"discriminator": {"propertyName": "kind", "mapping": {"cat": CAT, "dog": DOG}}}, {"enum": ["cat", "dog"]}),
        ({"discriminator": {"propertyName": "kind", "mapping": {"cat": "Cat", "d": "Dog"}}}, {"enum": ["cat", "d"]}),
        ({"discriminator": {"propertyName": "kind"}}, {"description": "One of Cat, Dog."}),
        ({"discriminator": "kind"}, {"description": "One of Cat, Dog."}),
        ({"discriminator": {"propertyName": "kind", "mapping": {"c": CAT}}}, {"description": "One of c, Dog."}),
    ],
)
def test_a_discriminator_brings_in_the_members_of_all_subtypes(parent: Any, kind: Any) -> None:
    shown = body_of({"$ref": "#/components/schemas/Pet"}, **pets(parent, Cat=LIVES, Dog=BARK))
    assert shown["properties"] == {"kind": {"type": "string", **kind}, "lives": {"type": "integer"}, "bark": {}}
    assert shown["required"] == ["kind"]


def test_what_a_subtype_says_of_a_member_is_shown_beside_what_the_schema_above_says() -> None:
    told = {"propertyName": "kind", "mapping": {"cat": CAT, "dog": DOG}}
    own = {"kind": {"type": "string"}, "needs": {"type": "object", "description": "What it needs."}}
    cat = {"properties": {"needs": {"type": "object", "properties": {"milk": {"type": "integer"}}}}}
    dog = {"properties": {"needs": {"type": "object", "properties": {"walks": {"type": "boolean"}}}}}
    named = pets({"discriminator": told, "properties": own}, Cat=cat, Dog=dog)
    shown = body_of({"$ref": "#/components/schemas/Pet"}, **named)
    assert shown["properties"]["needs"]["properties"] == {"milk": {"type": "integer"}, "walks": {"type": "boolean"}}
    assert shown["properties"]["needs"]["description"].startswith("What it needs.")


def test_a_subtype_has_its_own_members_alone_and_its_value() -> None:
    mapping = {"cat": CAT, "tom": CAT, "dog": DOG}
    named = pets({"discriminator": {"propertyName": "kind", "mapping": mapping}}, Cat=LIVES, Dog=BARK)
    shown = body_of({"$ref": CAT}, **named)
    assert shown["properties"] == {"kind": {"type": "string", "enum": ["cat", "tom"]}, "lives": {"type": "integer"}}
    assert sorted(shown["required"]) == ["kind", "lives"]
    either = body_of({"oneOf": [{"$ref": CAT}, {"$ref": DOG}]}, **named)
    assert either["properties"]["kind"]["enum"] == ["cat", "tom", "dog"]


def below(parent: str, **properties: Any) -> dict[str, Any]:
    return {"allOf": [{"$ref": f"#/components/schemas/{parent}"}, {"type": "object", "properties": properties}]}


TOLD = {"propertyName": "kind", "mapping": {"cat": "Cat", "lion": "Lion", "cub": "Cub", "dog": "Dog"}}
DEEP = pets({"discriminator": TOLD}) | {
    "Cat": below("Pet", lives={"type": "integer"}),
    "Lion": below("Cat", mane={}),
    "Cub": below("Lion", age={}),
    "Dog": below("Pet", bark={}),
}


@pytest.mark.parametrize(
    ("name", "kinds", "members"),
    [
        ("Pet", {"cat", "lion", "cub", "dog"}, {"lives", "mane", "age", "bark"}),
        ("Cat", {"cat", "lion", "cub"}, {"lives", "mane", "age"}),
        ("Lion", {"lion", "cub"}, {"lives", "mane", "age"}),
        ("Cub", {"cub"}, {"lives", "mane", "age"}),
        ("Dog", {"dog"}, {"bark"}),
    ],
)
def test_a_subtype_at_any_depth_has_its_own_values_and_those_below_it(
    name: str, kinds: set[str], members: set[str]
) -> None:
    reference = {"$ref": f"#/components/schemas/{name}"}
    for shown in (body_of(reference, **DEEP), body_of({"type": "array", "items": reference}, **DEEP)["items"]):
        assert set(shown["properties"].pop("kind")["enum"]) == kinds
        assert shown["properties"].keys() == members
    both = body_of({"oneOf": [{"$ref": "#/components/schemas/Cub"}, {"$ref": DOG}]}, **DEEP)
    assert both["properties"]["kind"]["enum"] == ["cub", "dog"]


def test_values_of_subtypes_that_no_mapping_names_are_told_and_not_enforced() -> None:
    told = {"propertyName": "kind", "mapping": {"cat": "Cat"}}
    named = DEEP | pets({"discriminator": told})
    assert body_of({"$ref": CAT}, **named)["properties"]["kind"]["description"] == "One of cat, Lion, Cub."
    assert body_of({"$ref": "#/components/schemas/Cub"}, **named)["properties"]["kind"] == {"type": "string"}


A, B = ({"type": "object", "properties": {name: {"type": "integer"}}} for name in "xy")
EITHER = [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]


@pytest.mark.parametrize(
    ("told", "member", "required"),
    [
        ({"mapping": {"a": "A", "b": "B"}}, {"type": "string", "enum": ["a", "b"]}, ["t"]),
        ({"mapping": {"a": "A", "b": "B", "c": "Missing"}}, {"type": "string", "enum": ["a", "b", "c"]}, ["t"]),
        ({"mapping": {"a": "A"}}, {"type": "string", "description": "One of a, B."}, ["t"]),
        ({}, {"type": "string", "description": "One of A, B."}, ["t"]),
        (
            {"mapping": {"a": "A"}, "defaultMapping": "B"}, {"type": "string", "description": "One of a, B."}, None,
        ),
    ],
)  # fmt: skip
def test_the_member_that_tells_variants_apart_is_declared(told: Any, member: Any, required: Any) -> None:
    schema = {"oneOf": EITHER, "discriminator": {"propertyName": "t", **told}}
    number = {"type": "integer"}
    shown = body_of(schema, A=A, B=B)
    assert shown["properties"] == {"t": member, "x": number, "y": number}
    assert shown.get("required") == required
    content = {"content": {JSON: {"schema": schema}}, "required": True}
    text = described({"/x": {"post": operation(requestBody=content)}}, components={"schemas": {"A": A, "B": B}})
    top = proposed(text).records[0]["body_schema"]
    assert top["properties"]["t"] == member


def test_a_mapped_value_whose_schema_is_missing_may_be_given() -> None:
    told = {"propertyName": "kind", "mapping": {"cat": CAT, "dog": DOG, "fish": "#/components/schemas/Fish"}}
    shown = body_of({"$ref": "#/components/schemas/Pet"}, **pets({"discriminator": told}, Cat=LIVES, Dog=BARK))
    assert shown["properties"]["kind"]["enum"] == ["cat", "dog", "fish"]


@pytest.mark.parametrize(
    "reference",
    ["Page%3CUser%3E", "Page<User>", "Page%C2%ABUser%C2%BB", "Page«User»", "A%20b", "a~1b", "raw%25", "q%20"],
)
def test_references_name_schemas_however_they_are_quoted(reference: str) -> None:
    names = ["Page<User>", "Page«User»", "A b", "a/b", "raw%", "q%20"]
    named = {name: {"type": "object", "properties": {"x": {"type": "string"}}} for name in names}
    shown = body_of({"$ref": f"#/components/schemas/{reference}"}, **named)
    assert shown["properties"] == {"x": {"type": "string"}}


def test_the_mapping_above_subtypes_is_read_once_and_not_for_each() -> None:
    def calls(count: int) -> int:
        mapping = {f"k{n}": f"#/components/schemas/S{n}" for n in range(count)}
        base = {"type": "object", "discriminator": {"propertyName": "kind", "mapping": mapping}}
        own = {f"S{n}": {"allOf": [{"$ref": "#/components/schemas/Base"}, LIVES]} for n in range(count)}
        subtypes = Subtypes(References({"components": {"schemas": {"Base": base, **own}}}))
        return calls_made(lambda: [subtypes.values_of(each) for each in own.values()])

    assert calls(400) < 8 * calls(100)
