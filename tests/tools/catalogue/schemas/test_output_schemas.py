"""outputSchema and structuredContent: what is published holds of every success, as official clients check it."""

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # what the Python client checks with has no types
import orjson
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from pytest_django.fixtures import Settings

from tests.mcp_client import McpClient
from tests.vendors.archive import archive_tool
from tests.vendors.scripted import ScriptedVendor
from tools.catalogue.costs import estimate_tokens
from tools.catalogue.formats import as_mcp
from tools.catalogue.schemas.conforming import INEXACT, conformed
from tools.catalogue.schemas.json_schemas import walk
from tools.catalogue.schemas.output_schemas import (
    MAX_CHARACTERS,
    Output,
    loosened,
    output_schema,
    result_schema,
)

LIST, GET = "list_all_archive_papers", "get_single_archive_paper_by_id"
ID = {"id": "7"}
STRING = {"type": "string"}
NULLABLE = {"type": ["string", "null"]}
WHOLE = {"type": ["string", "integer", "null"], "pattern": INEXACT}
WORDS = [
    "type",
    "properties",
    "items",
    "required",
    "enum",
    "anyOf",
    "oneOf",
    "allOf",
    "additionalProperties",
    "$ref",
    "a",
]
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(
        ["1", "007", "1.5", "1e400", "-0", "true", "18446744073709551616", "9" * 30, "١٢", "1_0", "Infinity"]
    ),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "c", "é"]), inner, max_size=4)
    ),
    max_leaves=20,
)
TYPES = st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null"])
SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    st.just({})
    | st.just(True)
    | st.builds(lambda kind: {"type": kind}, TYPES | st.lists(TYPES, min_size=1, unique=True)),
    lambda inner: (
        st.builds(lambda each: {"type": "array", "items": each}, inner)
        | st.builds(
            lambda each, more: {"type": "object", "properties": each, "required": list(each), **more},
            st.dictionaries(st.sampled_from(["a", "b", "é"]), inner, max_size=3),
            st.just({})
            | st.just({"additionalProperties": False})
            | st.builds(lambda x: {"additionalProperties": x}, inner),
        )
        | st.builds(
            lambda word, each: {word: each}, st.sampled_from(["anyOf", "oneOf", "allOf"]), st.lists(inner, min_size=1)
        )
    ),
    max_leaves=12,
)


def deviations() -> float:
    labels = {"integration": "archive"}
    found = [
        REGISTRY.get_sample_value("patchbay_answer_deviations_total", {**labels, "tool": tool}) for tool in (LIST, GET)
    ]
    return sum(each or 0 for each in found)


class TestPublished:
    """What stands in the listing."""

    def test_a_documented_schema_is_loosened(self) -> None:
        schema = archive_tool("get").output
        assert schema is not None
        assert schema.schema == {
            "type": "object",
            "properties": {
                "id": WHOLE,
                "title": NULLABLE,
                "state": NULLABLE,
                "price": {"type": ["string", "number", "null"], "pattern": INEXACT},
                "filed": {"type": ["boolean", "null"]},
                "body": NULLABLE,
                "author": {"type": ["object", "null"], "properties": {"name": NULLABLE, "mail": NULLABLE}},
                "pages": {
                    "type": ["array", "null"],
                    "items": {
                        "type": ["object", "null"],
                        "properties": {"number": WHOLE, "text": NULLABLE},
                    },
                },
                "links": {"type": ["object", "null"], "properties": {}, "additionalProperties": NULLABLE},
                "extra": {},
            },
        }

    def test_a_page_stands_around_the_items_of_a_list(self) -> None:
        page, single = archive_tool("list").output, archive_tool("get").output
        assert page is not None
        assert single is not None
        assert page.schema["required"] == ["result", "result_count"]
        assert page.schema["properties"]["result"]["items"]["properties"] == single.schema["properties"]

    @pytest.mark.parametrize(
        ("documented", "loose"),
        [
            ({"anyOf": [STRING, {"type": "null"}]}, NULLABLE),
            ({"oneOf": [STRING, {"type": "integer"}]}, {"type": ["string", "integer", "null"]}),
            ({"oneOf": [STRING, {}]}, {}),
            ({"enum": ["a"]}, {}),
            ({"const": 7, "type": "integer"}, {"type": ["integer", "null"]}),
            ({"not": STRING}, {}),
            (
                {"allOf": [{"type": "object", "properties": {"a": STRING}}, {"properties": {"b": STRING}}]},
                {"type": ["object", "null"], "properties": {"a": NULLABLE, "b": NULLABLE}},
            ),
            (
                {"oneOf": [{"properties": {"a": STRING}}, {"properties": {"a": {"type": "integer"}}}]},
                {"type": ["object", "null"], "properties": {"a": {"type": ["string", "integer", "null"]}}},
            ),
            ({"type": "array"}, {"type": ["array", "null"], "items": {}}),
            ({"type": "array", "prefixItems": [STRING], "items": STRING}, {"type": ["array", "null"], "items": {}}),
            ({"type": "object"}, {"type": ["object", "null"], "properties": {}}),
            (
                {"type": "object", "properties": 7, "required": 7, "anyOf": 7},
                {"type": ["object", "null"], "properties": {}},
            ),
            (True, {}),
        ],
    )
    def test_combinators_and_odd_schemas_take_more_rather_than_less(self, documented: Any, loose: Any) -> None:
        assert loosened(documented) == loose

    def test_a_member_may_have_another_form_in_each_of_a_thousand_variants(self) -> None:
        variants = [{"type": "object", "properties": {"a": {"type": "string", "maxLength": n}}} for n in range(1500)]
        assert loosened({"oneOf": variants})["properties"] == {"a": NULLABLE}

    def test_references_are_inlined_and_end(self) -> None:
        node = {"type": "object", "properties": {"inner": {"$ref": "#/$defs/node"}}}
        schema = result_schema({"$ref": "#/$defs/node", "$defs": {"node": node}}, of_items=False)
        assert "$ref" not in json.dumps(schema)
        assert result_schema({"$ref": "#/nothing"}, of_items=False) is None

    def test_a_list_that_documents_the_whole_array_documents_its_items(self) -> None:
        documented = {"type": "array", "items": {"type": "object", "properties": {"a": STRING}}}
        assert result_schema(documented, of_items=True) == loosened(documented["items"])

    def test_a_large_schema_loses_inner_levels(self) -> None:
        wide: Any = STRING
        for _ in range(5):
            wide = {"type": "object", "properties": {f"m{count}": wide for count in range(6)}}
        shown = result_schema(wide, of_items=False)
        assert shown is not None
        assert shown["properties"]["m0"]["properties"]["m0"]["properties"]
        assert len(orjson.dumps(shown)) <= MAX_CHARACTERS

    def test_names_that_clients_reject_are_left_out_and_still_pass(self) -> None:
        documented = {"type": "object", "properties": {"@id": STRING, "a": STRING}, "additionalProperties": STRING}
        schema = output_schema(loosened(documented), paged=False)
        assert schema == {"type": "object", "properties": {"a": NULLABLE}}

    def test_a_member_that_may_be_anything_is_not_listed(self) -> None:
        inner = {"type": "object", "properties": {"a": STRING, "b": {}}}
        documented = {"type": "object", "properties": {"c": {}, "d": inner, "e": {"type": "array", "items": inner}}}
        output = Output(output_schema(loosened(documented), paged=False))
        named = {"type": ["object", "null"], "properties": {"a": NULLABLE}}
        assert output.listed["properties"] == {"d": named, "e": {"type": ["array", "null"], "items": named}}

    def test_beside_a_schema_of_other_members_it_is_listed(self) -> None:
        documented = {"type": "object", "properties": {"a": {}}, "additionalProperties": STRING}
        output = Output(output_schema(loosened(documented), paged=False))
        assert output.listed["properties"]["a"] == {}

    @given(SCHEMAS, VALUES)
    def test_what_is_listed_accepts_whatever_is_sent(self, documented: Any, answer: Any) -> None:
        output = Output(output_schema(loosened(documented), paged=False))
        sent = output.conformed(answer if isinstance(answer, dict) else {"result": answer})
        jsonschema.Draft202012Validator(output.listed).validate(sent)

    def test_it_costs_a_model_nothing(self) -> None:
        listed = as_mcp(archive_tool("get"))
        without = {name: value for name, value in listed.items() if name != "outputSchema"}
        assert estimate_tokens(listed) == estimate_tokens(without) == estimate_tokens([without])

    @given(SCHEMAS)
    def test_every_schema_keeps_the_rules_of_clients(self, documented: Any) -> None:
        for paged in (True, False):
            schema = output_schema(loosened(documented), paged=paged)
            jsonschema.Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object"
            assert not {"$ref", "anyOf", "oneOf", "allOf", "required"} & {
                word for _, node in walk(schema) for word in node
            }
            for _, node in walk(schema):
                assert "array" not in node.get("type", []) or "items" in node
                assert "object" not in node.get("type", []) or "properties" in node


class TestConformed:
    """Values that deviate from the documentation, brought into its form."""

    @pytest.mark.parametrize(
        ("kind", "value", "shown"),
        [
            ("string", 7, "7"),
            ("string", 1.5, "1.5"),
            ("string", True, "true"),
            ("string", {"a": [1]}, '{"a":[1]}'),
            ("string", [], None),
            ("integer", "7", 7),
            ("integer", "-7", -7),
            ("integer", 7.0, 7.0),
            ("integer", "007", None),
            ("integer", "7.5", None),
            ("integer", 7.5, None),
            ("integer", "x", None),
            ("integer", "", None),
            ("integer", True, None),
            ("integer", "1e400", None),
            ("number", "7.50", 7.5),
            ("number", "0.5", 0.5),
            ("number", "0.1234567890123456789", None),
            ("number", "NaN", None),
            ("boolean", "true", True),
            ("boolean", 0, False),
            ("boolean", "1", True),
            ("boolean", "perhaps", None),
            ("object", [], {}),
            ("object", [1], None),
            ("array", {}, []),
            ("array", "x", None),
            ("string", None, None),
        ],
    )
    def test_numbers_and_texts_are_exchanged_where_nothing_is_lost(self, kind: str, value: Any, shown: Any) -> None:
        assert conformed(value, loosened({"type": kind})) == shown

    def test_a_whole_number_beyond_64_bits_keeps_its_digits(self) -> None:
        digits = "123456789012345678901234567890"
        assert conformed(digits, loosened({"type": "integer"})) == digits
        assert orjson.dumps(conformed(digits, {"type": ["integer", "null"]})).decode() == digits
        assert conformed(digits, loosened(STRING)) == digits

    async def test_a_whole_number_that_floats_would_change_is_text(
        self, archive: McpClient, scripted: ScriptedVendor
    ) -> None:
        scripted.body = b'{"id": 1234567890123456789, "title": "x", "extra": {"n": -9007199254740993, "m": 7}}'
        result = await archive.call(GET, ID)
        assert json.loads(result["content"][0]["text"])["id"] == 1234567890123456789
        shown = result["structuredContent"]
        assert (shown["id"], shown["extra"]) == ("1234567890123456789", {"n": "-9007199254740993", "m": 7})
        tools = (await archive.request("tools/list")).json()["result"]["tools"]
        listed = next(tool for tool in tools if tool["name"] == GET)
        jsonschema.Draft202012Validator(listed["outputSchema"]).validate(shown)

    @hypothesis_settings(max_examples=200)
    @given(SCHEMAS, VALUES, st.booleans())
    def test_whatever_a_vendor_answers_passes_the_check_of_a_client(
        self, documented: Any, value: Any, paged: bool
    ) -> None:
        schema = output_schema(loosened(documented), paged=paged)
        page = {"result": [value], "next_cursor": None, "result_count": 1}
        shown = page if paged else value if isinstance(value, dict) else {"result": value}
        output = Output(schema)
        sent = orjson.loads(orjson.dumps(shown))
        came = json.loads(orjson.dumps(sent if output.fits(sent) else output.conformed(sent)))
        jsonschema.Draft202012Validator(schema).validate(came)
        assert came.keys() == shown.keys()


class TestThroughTheProtocol:
    """As clients get it."""

    ANSWER = {
        "id": "12",
        "title": 7,
        "state": "unknown",
        "price": "1.50",
        "pages": {},
        "links": {"a": 1},
        "beside": [1],
    }

    async def test_what_has_the_documented_form_is_passed_on_as_it_is(
        self, archive: McpClient, scripted: ScriptedVendor
    ) -> None:
        scripted.body = b'{"id": 12, "title": "x", "state": "neither", "beside": {"a": 1}}'
        before = deviations()
        result = await archive.call(GET, ID)
        assert result["structuredContent"] == json.loads(result["content"][0]["text"]) == json.loads(scripted.body)
        assert deviations() == before

    async def test_what_deviates_is_brought_into_form_and_counted_while_the_text_keeps_it(
        self, archive: McpClient, scripted: ScriptedVendor
    ) -> None:
        scripted.body = json.dumps(self.ANSWER).encode()
        before = deviations()
        result = await archive.call(GET, ID)
        text = json.loads(result["content"][0]["text"])
        assert (text["id"], text["title"], text["price"]) == ("12", 7, "1.50")
        assert result["structuredContent"] == {
            "id": 12, "title": "7", "state": "unknown", "price": 1.5, "links": {"a": "1"}, "beside": [1],
        }  # fmt: skip
        assert deviations() == before + 1

    async def test_a_page_is_structured_too(self, archive: McpClient, scripted: ScriptedVendor) -> None:
        scripted.body = json.dumps({"papers": [self.ANSWER, None, 7]}).encode()
        structured = (await archive.call(LIST))["structuredContent"]
        assert [item and item["id"] for item in structured["result"]] == [12, None, None]
        assert (structured["next_cursor"], structured["result_count"]) == (None, 3)

    @pytest.mark.parametrize("answer", [[1, 2], None, "text", 7])
    async def test_an_answer_of_another_kind_is_wrapped(
        self, archive: McpClient, scripted: ScriptedVendor, answer: object
    ) -> None:
        scripted.body = json.dumps(answer).encode()
        assert (await archive.call(GET, ID))["structuredContent"] == {"result": answer}

    async def test_what_was_cut_still_passes(
        self, archive: McpClient, scripted: ScriptedVendor, settings: Settings
    ) -> None:
        settings.RESULT_TOKENS = 1000
        pages = [{"number": count, "text": "x" * 3000} for count in range(9)]
        scripted.body = json.dumps({"id": 1, "pages": pages, "links": {"a": "y" * 9000}}).encode()
        structured = (await archive.call(GET, ID))["structuredContent"]
        assert structured["truncated"]
        jsonschema.validate(structured, archive_tool("get").output.schema)  # type: ignore[union-attr]

    async def test_failures_and_undocumented_tools_have_none(
        self, archive: McpClient, scripted: ScriptedVendor
    ) -> None:
        assert "structuredContent" not in await archive.call("archive_papers_raw", ID)
        scripted.status = 500
        assert "structuredContent" not in await archive.call(GET, ID)
        assert "structuredContent" not in await archive.call(GET, {"idd": 1})

    @pytest.mark.parametrize(
        ("version", "knows"),
        [(None, False), ("2024-11-05", False), ("2025-03-26", False), ("2025-06-18", True), ("2025-11-25", True),
         ("2026-07-28", True)],
    )  # fmt: skip
    async def test_schema_and_content_go_together_to_the_revisions_that_know_them(
        self, archive: McpClient, scripted: ScriptedVendor, version: str | None, knows: bool
    ) -> None:
        client = archive.at(version)
        tools = (await client.request("tools/list")).json()["result"]["tools"]
        assert {tool["name"] for tool in tools if "outputSchema" in tool} == ({LIST, GET} if knows else set())
        assert ("structuredContent" in await client.call(GET, ID)) is knows
