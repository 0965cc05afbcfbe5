"""Schemas as clients take them: references inlined within bounds, nothing fetched, names that pass everywhere."""

import json
import re
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.catalogue.schemas.json_schemas import MAX_NODES, SchemaRefused, alias, compile_validator, inline_references
from tools.catalogue.schemas.schema_problems import property_problems

STRING = {"type": "string"}
NESTED = {"$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}}}


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def problems(schema: object) -> list[str]:
    return property_problems(schema, place="query_schema")


class TestReferences:
    """`$ref` is replaced by what it names."""

    def test_a_local_reference_is_inlined_and_what_stands_beside_it_counts(self) -> None:
        schema = {
            **of(a={"$ref": "#/$defs/text", "description": "Here."}),
            "$defs": {"text": {**STRING, "minLength": 1}},
        }
        assert inline_references(schema) == of(a={**STRING, "minLength": 1, "description": "Here."})

    def test_a_reference_to_a_reference_and_an_escaped_name_are_followed(self) -> None:
        schema = {
            **of(a={"$ref": "#/definitions/x~1y"}),
            "definitions": {"x/y": {"$ref": "#/definitions/z~0"}, "z~": STRING},
        }
        assert inline_references(schema) == of(a=STRING)

    def test_a_reference_that_leads_back_to_itself_ends(self) -> None:
        inlined = json.dumps(inline_references({**of(a={"$ref": "#/$defs/node"}), **NESTED}))
        assert "$ref" not in inlined
        assert inlined.count('"next"') == 8
        assert "Nested further." in inlined

    def test_a_reference_to_itself_alone_ends(self) -> None:
        assert problems({"$ref": "#"}) == []

    @pytest.mark.parametrize("width", [5, 30])
    def test_references_that_multiply_are_refused_before_they_fill_the_memory(self, width: int) -> None:
        schema = of(**{f"p{count}": {"$ref": "#"} for count in range(width)})
        with pytest.raises(SchemaRefused, match=f"more than {MAX_NODES} parts"):
            inline_references(schema)
        assert "more than" in problems(schema)[0]

    @pytest.mark.parametrize(
        "reference",
        [
            "http://127.0.0.1/x",
            "https://evil.example/x#/a",
            "file:///etc/passwd",
            "/etc/passwd",
            "other.json",
            "urn:x",
            "//h/x",
        ],
    )
    def test_a_reference_out_of_the_document_is_refused(self, reference: str) -> None:
        assert problems(of(a={"$ref": reference})) == [f"query_schema: the reference {reference} leaves the document."]

    @pytest.mark.parametrize("reference", ["#/nothing", "#/$defs/a/b", "#anchor", "#/properties/a/type/x"])
    def test_a_reference_to_nothing_is_refused(self, reference: str) -> None:
        assert problems({**of(a={"$ref": reference}), "$defs": {"a": STRING}}) == [
            f"query_schema: the reference {reference} names nothing."
        ]

    @pytest.mark.parametrize("word", ["$dynamicRef", "$schema", "$id"])
    def test_other_words_that_lead_out_fetch_nothing(self, word: str) -> None:
        """No server listens at this address: an attempt to fetch would be another error, or hang."""
        try:
            compile_validator({"type": "object", "properties": {"a": {word: "http://127.0.0.1:9/x", "type": "string"}}})
        except SchemaRefused as refused:
            assert "127.0.0.1" in str(refused)  # noqa: PT017  a schema may also be taken, unfetched

    def test_a_validator_never_fetches(self) -> None:
        with pytest.raises(SchemaRefused):
            compile_validator({"$ref": "file:///etc/hostname"})

    def test_properties_and_values_that_look_like_words_of_a_schema_stay(self) -> None:
        schema = of(**{"$defs": STRING, "definitions": STRING, "$ref": STRING, "a": {"enum": [{"$ref": "#/nothing"}]}})
        assert inline_references(schema) == schema
        assert problems(schema) == []


class TestProblems:
    """What a schema of parameters must not be, each told with its place."""

    @pytest.mark.parametrize(
        "schema", [{}, None, of(), of(a=STRING), of(a={}), {"properties": {"a": STRING}, "required": ["a"]}]
    )
    def test_good_schemas_have_none(self, schema: object) -> None:
        assert problems(schema) == []

    @pytest.mark.parametrize(
        ("schema", "problem"),
        [
            ([], "must be a JSON object"),
            ("text", "must be a JSON object"),
            ({"type": "array", "items": {}}, "must describe an object"),
            ({"type": ["object", "null"]}, "must describe an object"),
            ({**of(), "oneOf": [{}]}, "oneOf at the top level is rejected by Claude"),
            ({**of(), "anyOf": [{}]}, "anyOf at the top level"),
            ({**of(), "allOf": [{}]}, "allOf at the top level"),
            ({"$ref": "#/$defs/a", "$defs": {"a": {"oneOf": [{}]}}}, "oneOf at the top level"),
            ({**of(), "required": ["a"]}, "a is required, but not among the properties"),
            (of(a={"type": "text"}), "not a valid JSON Schema"),
            (of(a={"pattern": "("}), "not a valid JSON Schema"),
            ({"type": "object", "properties": []}, "not a valid JSON Schema"),
            (of(a={"type": "string", "minLength": -1}), "not a valid JSON Schema"),
            (of(a=True), "query_schema.a: must be an object; {} takes any value"),
            (of(a={"type": "array"}), "query_schema.a: an array needs `items`"),
            (of(a={"type": ["array", "null"]}), "query_schema.a: an array needs `items`"),
            (of(a={"type": "object"}), "query_schema.a: an object needs `properties`"),
            (of(a=of(b={"type": "array", "items": {"type": "object"}})), "query_schema.a.b[]: an object needs"),
            (of(a={"anyOf": [{"type": "array"}, STRING]}), "query_schema.a(anyOf): an array needs"),
            (of(a={"type": "object", "additionalProperties": {"type": "array"}}), "query_schema.a.*: an array needs"),
            (of(a={"type": "integer", "maximum": 10**30}), "64-bit"),
            (of(a={"description": "\ud800"}), "query_schema: "),
        ],
    )
    def test_bad_schemas_are_told(self, schema: object, problem: str) -> None:
        assert any(problem in each for each in problems(schema)), problems(schema)

    def test_a_schema_nested_without_end_is_refused(self) -> None:
        schema: Any = STRING
        for _ in range(3000):
            schema = {"not": schema}
        assert "nested too deep" in problems(of(a=schema))[0]

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "type",
                            "properties",
                            "items",
                            "$ref",
                            "required",
                            "enum",
                            "anyOf",
                            "$defs",
                            "a",
                            "pattern",
                            "default",
                        ]
                    ),
                    inner,
                    max_size=5,
                )
            ),
            max_leaves=20,
        )
    )
    def test_any_json_is_judged_and_what_passes_compiles(self, schema: Any) -> None:
        if not problems(schema) and schema:
            compile_validator(inline_references(schema))


class TestAliases:
    """Names that every client takes."""

    @given(st.lists(st.text(min_size=1), unique=True, max_size=20))
    def test_any_names_become_different_ones_that_pass(self, names: list[str]) -> None:
        taken: set[str] = set()
        for name in names:
            taken.add(alias(name, taken))
        assert len(taken) == len(names)
        assert all(re.fullmatch(r"[a-zA-Z0-9_.-]{1,64}", name) for name in taken)

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("status", "status"),
            ("a.b-c_D", "a.b-c_D"),
            ("filter[x]", "filter_x"),
            ("größe", "gr_e"),
            ("[]", "argument"),
            ("a\n", "a"),
            ("x" * 65, "x" * 60),
        ],
    )
    def test_a_name_changes_only_where_it_must(self, name: str, shown: str) -> None:
        assert alias(name, set()) == shown


def test_the_validator_is_the_2020_12_one() -> None:
    assert isinstance(compile_validator({"prefixItems": [STRING]}), jsonschema_rs.Draft202012Validator)
