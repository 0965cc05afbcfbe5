"""Large schemas: required paths stay, what is left out is said and can still be given, and no good value is refused."""

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.tools.openapi.documents import described, operation, proposed
from tools.catalogue.schemas.json_schemas import compile_validator
from tools.openapi.bodies import BUDGET
from tools.openapi.reading.references import References
from tools.openapi.shapes.fitting import fitted
from tools.openapi.shapes.schemas import Cleaner

WORDS = "Words about a member of an object, as many as vendors like to write about each of them. " * 3


def fit(schema: Any, budget: int = BUDGET, **named: Any) -> dict[str, Any]:
    """Return a request's schema within a budget."""
    references = References({"components": {"schemas": named}})
    cleaner = Cleaner(references, for_request=True, words=240, nulls=True)
    return fitted(lambda depth: cleaner.cleaned(schema, depth), budget)


def wide(count: int, leaf: Any = None, required: tuple[str, ...] = ()) -> dict[str, Any]:
    leaf = leaf or {"type": "string", "description": WORDS}
    return {"type": "object", "properties": {f"m{n}": leaf for n in range(count)}, "required": list(required)}


def at(schema: dict[str, Any], *path: str) -> dict[str, Any]:
    for step in path:
        schema = schema["items"] if step == "[]" else schema["properties"][step]
    return schema


def test_words_are_shortened_before_anything_is_left_out() -> None:
    made = fit(wide(40))
    assert len(made["properties"]) == 40
    assert 80 < len(made["properties"]["m0"]["description"]) <= 160
    made = fit(wide(60, {"type": "string", "description": WORDS, "example": "x" * 60}))
    assert len(made["properties"]) == 60
    assert {word for child in made["properties"].values() for word in child} == {"type", "description"}


def test_a_required_path_stays_whatever_is_beside_it() -> None:
    event = {
        "type": "object",
        "required": ["start"],
        "properties": {
            **{f"large{n}": wide(90) for n in range(5)},
            "start": {
                "type": "object",
                "required": ["zone"],
                "properties": {"at": {"type": "string"}, "zone": {**wide(3, required=("m1",))}},
            },
            "lines": {"type": "array", "items": wide(2)},
        },
    }
    made = fit(event)
    assert at(made, "start", "zone")["required"] == ["m1"]
    assert at(made, "start", "at")["type"] == "string"
    assert set(at(made, "lines", "[]")["properties"]) == {"m0", "m1"}
    assert len(json.dumps(made)) < BUDGET * 1.3


def test_the_largest_optional_parts_go_and_say_what_they_take() -> None:
    made = fit({"type": "object", "properties": {"small": wide(3), "huge": wide(300), "middle": wide(9)}}, 6000)
    assert len(at(made, "small")["properties"]) == 3
    assert len(at(made, "middle")["properties"]) == 9
    assert at(made, "huge")["properties"] == {}
    assert at(made, "huge")["additionalProperties"] is True
    assert at(made, "huge")["description"].startswith("Also takes m0, m1, ")
    assert at(made, "huge")["description"].endswith("and 288 more.")


def test_top_members_that_are_left_out_can_still_be_given() -> None:
    made = fit(wide(390, required=("m389",)))
    assert made["required"] == ["m389"]
    assert "and " in made["additionalProperties"]["description"]
    assert compile_validator(made).is_valid({"m389": "x", "m388": "x"})


def refer(number: int) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/S{number % 30}"}


@pytest.mark.parametrize("word", ["allOf", "oneOf"])
def test_schemas_that_multiply_cost_no_more_than_the_budget(word: str) -> None:
    named: dict[str, Any] = {
        f"S{n}": {
            "type": "object",
            "properties": {f"p{m}": {word: [refer(n * 7 + m + k) for k in range(4)]} for m in range(12)},
            "required": ["p0"],
        }
        for n in range(30)
    }
    made = fit({"$ref": "#/components/schemas/S0"}, **named)
    assert "p0" in made["required"]
    assert len(json.dumps(made)) < BUDGET * 2


def test_a_body_says_what_is_left_out_of_it() -> None:
    content = {"content": {"application/json": {"schema": wide(390, required=("m0",))}}}
    [record] = proposed(described({"/x": {"post": operation(requestBody=content)}})).records
    assert "m389" not in record["body_schema"]["properties"]
    assert record["body_schema"]["additionalProperties"]["description"].startswith("Also takes m")


def test_a_required_member_is_listed_wherever_it_stands_among_very_many() -> None:
    made = fit(wide(900, {"type": "integer"}, required=("m899",)))
    assert (made["required"], made["properties"]["m899"]) == (["m899"], {"type": "integer"})
    assert made["additionalProperties"]["description"].endswith(f"and {900 - len(made['properties']) - 12} more.")
    assert compile_validator(made).is_valid({"m899": 1, "m500": "x"})


def test_what_is_too_deep_says_what_it_takes() -> None:
    deep: dict[str, Any] = {"type": "object", "properties": {"leaf": {}, "last": {}}, "required": ["last"]}
    for _ in range(9):
        deep = {"type": "object", "properties": {"in": deep}, "required": ["in"]}
    made = at(fit(deep), *["in"] * 8)
    assert (made["properties"], made["additionalProperties"]) == ({}, True)
    assert made["description"] == "Also takes in."


def test_every_parameter_is_listed_however_many_there_are() -> None:
    names = [f"parameter_number_{n}" for n in range(400)]
    parameters = [
        {"name": name, "in": "query", "description": WORDS, "schema": {"type": "array", "items": {"type": "string"}}}
        for name in names
    ]
    [record] = proposed(described({"/x": {"get": operation(parameters=parameters)}})).records
    listed = record["query_schema"]["properties"]
    assert list(listed) == names
    assert {each["type"] for each in listed.values()} == {"array"}


def test_a_member_with_the_name_of_a_parameter_is_kept_apart_from_it() -> None:
    schema = wide(390)
    schema["properties"] |= {name: {"type": "string", "description": WORDS} for name in ("zz_name", "zz_mode")}
    parameters = [
        {"name": "zz_name", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "zz_mode", "in": "query", "schema": {"type": "string"}},
    ]
    for content_type in ("application/json", "multipart/form-data"):
        content = {"content": {content_type: {"schema": schema}}}
        made = operation(requestBody=content, parameters=parameters)
        [record] = proposed(described({"/x/{zz_name}": {"post": made}})).records
        assert {"zz_name", "zz_mode"} <= record["body_schema"]["properties"].keys()
        assert list(record["query_schema"]["properties"]) == ["current_zz_name", "zz_mode_query"]


NAMES = ["a", "b", "c"]
scalars = st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["", "x", "yy"]))
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from([*NAMES, "d"]), inner),
    max_leaves=8,
)
needed = st.lists(st.sampled_from(NAMES), max_size=2, unique=True)
simple = st.one_of(
    st.builds(dict, type=st.sampled_from(["string", "integer", "number", "boolean"])),
    st.builds(dict, type=st.just("string"), minLength=st.integers(0, 2), maxLength=st.integers(1, 2)),
    st.builds(dict, type=st.sampled_from(["integer", "number"]), minimum=st.integers(0, 2)),
    st.builds(dict, enum=st.lists(scalars, min_size=1, max_size=3)),
    st.builds(dict, const=scalars),
    st.builds(dict, type=st.sampled_from([["string", "null"], ["integer", "null"], ["object", "null"], "null"])),
    st.builds(dict, required=needed),
    st.builds(dict, pattern=st.sampled_from(["^x", "y$", "^(?=x)"])),
    st.just({}),
    st.just({"$ref": "#/components/schemas/Loop"}),
)


def combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    members = st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    parts = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(dict, type=st.just("object"), properties=members, required=needed),
        st.builds(dict, properties=members, additionalProperties=st.one_of(st.booleans(), inner)),
        st.builds(dict, type=st.just("array"), items=inner, maxItems=st.integers(0, 2)),
        st.builds(dict, allOf=parts, required=needed),
        st.builds(dict, oneOf=parts),
        st.builds(dict, anyOf=parts, properties=members),
        st.builds(lambda schema, more: {**schema, "allOf": [more]}, inner, inner),
    )


def meant(node: Any, *, closed: bool) -> Any:
    """Return a schema as its authors mean it.

    `properties` are an object's, a pattern is a text's, and a member is what the variants say that name it, even if
    another variant does not and takes any.
    """
    if not isinstance(node, dict):
        return [meant(each, closed=closed) for each in node] if isinstance(node, list) else node
    plain = {"enum", "const", "required"}
    made = {word: node[word] if word in plain else meant(node[word], closed=closed) for word in node}
    if "properties" in node:
        made["properties"] = {name: meant(child, closed=closed) for name, child in node["properties"].items()}
        made["additionalProperties"] = False if closed else made.get("additionalProperties", True)
    elif closed and "$ref" not in node:
        made["additionalProperties"] = "allOf" in node or "oneOf" in node or "anyOf" in node
    kind = "string" if "pattern" in node else "object" if {"properties", "required"} & node.keys() else ""
    return {"type": kind, **made} if kind else made


LOOP = {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Loop"}, "b": {"type": "string"}}}


@settings(max_examples=150, deadline=None)
@given(st.recursive(simple, combined, max_leaves=8), st.lists(values, min_size=5, max_size=12), st.integers(60, 600))
def test_no_value_that_the_document_allows_is_refused(schema: Any, tried: list[Any], budget: int) -> None:
    has_variants = "oneOf" in str(schema) or "anyOf" in str(schema)
    document = {
        **meant(schema, closed=has_variants),
        "components": {"schemas": {"Loop": meant(LOOP, closed=has_variants)}},
    }
    allowed = list(filter(compile_validator(document).is_valid, tried))
    assume(allowed)
    made = compile_validator(fit(schema, budget, Loop=LOOP))
    assert [value for value in allowed if not made.is_valid(value)] == [], fit(schema, budget, Loop=LOOP)
