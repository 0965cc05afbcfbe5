"""Arguments as they were meant: nulls and empties that the schema takes or not, JSON in texts, many digits."""

import json
from decimal import Decimal
from typing import Any

import jsonschema_rs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import bounded_json
from accounts.errors import NumberTooLarge
from tests.mcp_client import McpClient
from tests.vendors.desk import desk_tool
from tests.vendors.scripted import ScriptedVendor
from tools.calling.sending.binding import bind
from tools.calling.sending.checking import check
from tools.catalogue.tool import Tool
from tools.errors import InvalidArguments

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
NULLABLE = {"type": ["string", "null"]}
PAIR = {"type": "object", "properties": {"x": TEXT, "y": TEXT}}
ROWS = {"type": "array", "items": {"type": "object", "properties": {"x": TEXT}}}
ID = {"type": "object", "properties": {"id": TEXT}, "required": ["id"]}


def updating(required: tuple[str, ...] = (), **properties: Any) -> Tool:
    """Return a tool that updates: an id in the path, and these members of a JSON body."""
    body = {"type": "object", "properties": properties, "required": [*required]}
    return desk_tool("tickets.update", query_schema=ID, body_schema=body)


def sent(tool: Tool, **arguments: Any) -> Any:
    """Return the JSON body that a call sends."""
    return orjson.loads(bind(tool, check(tool, {"id": "1", **arguments})).body)


def left_out(tool: Tool, **arguments: Any) -> list[str]:
    places: list[str] = []
    check(tool, {"id": "1", **arguments}, left_out=places)
    return places


class TestNull:
    """A null is sent where the schema takes it; elsewhere it is left out, and that is told."""

    @pytest.mark.parametrize(
        ("schema", "value"),
        [
            (NULLABLE, None),
            ({"anyOf": [TEXT, {"type": "null"}]}, None),
            ({"type": ["string", "null"], "enum": ["a", None]}, None),
            ({"enum": ["a", None]}, None),
            ({}, None),
            ({"type": "object", "properties": {"plan": NULLABLE}}, {"plan": None}),
            ({"type": "object", "properties": {}}, {"made_up": None}),
            ({"type": "object", "additionalProperties": {}}, {"a": {"b": [None]}}),
            ({"type": "array", "items": NULLABLE}, ["a", None]),
            ({"type": "array", "items": {"type": "object", "properties": {"a": NULLABLE}}}, [{"a": None}]),
            ({"allOf": [{"type": "object", "properties": {"a": NULLABLE}}]}, {"a": None}),
        ],
    )
    def test_it_stays_where_it_is_allowed(self, schema: Any, value: Any) -> None:
        for required in ((), ("a",)):
            assert sent(updating(required, a=schema), a=value) == {"a": value}
            assert left_out(updating(required, a=schema), a=value) == []

    @pytest.mark.parametrize(
        ("schema", "value", "kept", "places"),
        [
            (TEXT, None, ..., ["a (null)"]),
            (PAIR, {"x": None, "y": "1"}, {"y": "1"}, ["a.x (null)"]),
            ({"type": "object", "properties": {"x": TEXT}}, {"x": None}, ..., ["a.x (null)"]),
            (ROWS, [{"x": None}, {"x": "b"}], [{}, {"x": "b"}], ["a[0].x (null)"]),
            ({"type": "array", "items": {"type": "object", "properties": {"x": TEXT}}}, [{"x": None, "z": 1}],
             [{"z": 1}], ["a[0].x (null)"]),
            (NUMBER, "", ..., ['a ("")']),
            ({"type": "string", "minLength": 1}, "", ..., ['a ("")']),
            ({"type": "string", "enum": ["x"]}, "", ..., ['a ("")']),
            (TEXT, [], ..., ["a ([])"]),
            ({"type": "array", "items": TEXT, "minItems": 1}, [], ..., ["a ([])"]),
            ({"type": "object", "properties": {"x": TEXT}, "required": ["x"]}, {}, ..., ["a ({})"]),
        ],
    )  # fmt: skip
    def test_it_is_left_out_where_it_is_not(self, schema: Any, value: Any, kept: Any, places: list[str]) -> None:
        tool = updating(a=schema, other=TEXT)
        assert sent(tool, a=value, other="x") == {"other": "x", **({} if kept is ... else {"a": kept})}
        assert left_out(tool, a=value, other="x") == places

    @pytest.mark.parametrize(
        ("schema", "value"),
        [
            (TEXT, ""), ({"type": "string", "enum": ["", "x"]}, ""), ({"type": "array", "items": TEXT}, []),
            ({"type": "object", "properties": {}}, {}), ({"type": "array", "items": TEXT}, [""]), (NUMBER, 0),
            ({"type": "boolean"}, False),
        ],
    )  # fmt: skip
    def test_what_is_empty_and_allowed_is_sent(self, schema: Any, value: Any) -> None:
        assert sent(updating(a=schema), a=value) == {"a": value}

    @pytest.mark.parametrize(
        ("schema", "value", "place"),
        [
            ({"type": "array", "items": {"type": "number"}}, [None, 5], "a[0]: null"),
            ({"type": "array", "items": {"type": "array", "items": TEXT}}, [["a", None, "c"]], "a[0][1]: null"),
            ({"type": "array", "items": {"type": "array", "items": TEXT}}, [["a"], [None, None]], "a[1][0]: null"),
            ({"type": "array", "items": NUMBER}, [3, "", 1], 'a[1]: ""'),
            ({"type": "array", "items": TEXT}, [None, None], "a: the documentation allows none of its items"),
            ({"type": "array", "items": NUMBER}, '[""]', "a: the documentation allows none of its items"),
            ({"type": "object", "properties": {"r": {"type": "array", "items": NUMBER}, "w": NUMBER}},
             {"r": [""], "w": 1}, "a.r: the documentation allows none of its items"),
        ],
    )  # fmt: skip
    def test_a_list_keeps_all_its_items_or_is_refused(self, schema: Any, value: Any, place: str) -> None:
        for required in ((), ("a",)):
            with pytest.raises(InvalidArguments) as refused:
                check(updating(required, a=schema, other=TEXT), {"id": "1", "a": value, "other": "x"})
            assert place in refused.value.problems[0] or (required and "a" in refused.value.problems[0])

    @pytest.mark.parametrize("value", [[""], [None], "[null]", {"r": [""], "w": ""}, {"r": [None]}])
    def test_what_is_required_is_not_emptied(self, value: Any) -> None:
        inner = {"r": {"type": "array", "items": NUMBER}, "w": {"type": "string", "minLength": 1}}
        schema = {"type": "object", "properties": inner} if isinstance(value, dict) else inner["r"]
        with pytest.raises(InvalidArguments):
            check(updating(("a",), a=schema, other=TEXT), {"id": "1", "a": value, "other": "x"})
        # What a framework filled in with nothing is an object without members.
        tool = updating(("a",), a={"type": "object", "properties": inner})
        assert sent(tool, a={"r": [], "w": ""}) == {"a": {"r": []}}
        assert sent(tool, a={"r": None, "w": ""}) == {"a": {}}

    def test_an_update_that_would_lose_its_only_change_is_refused(self) -> None:
        tool = updating(a=TEXT, b={"type": "object", "properties": {"c": NUMBER}})
        for arguments in ({"a": None}, {"b": {"c": None}}, {"a": None, "b": {"c": ""}}):
            with pytest.raises(InvalidArguments) as refused:
                check(tool, {"id": "1", **arguments})
            assert "so nothing would be changed" in refused.value.problems[0]
        # Another write, or a read, does what it does.
        create = {"type": "object", "properties": {"title": TEXT}}
        assert check(desk_tool("tickets.create", body_schema=create), {"title": None}) == {}

    async def test_the_model_reads_what_was_left_out(self, desk: McpClient, scripted: ScriptedVendor) -> None:
        shown = await desk.value("create_a_desk_ticket", {"title": "x", "level": None})
        assert json.loads(scripted.last.body) == {"title": "x"}
        assert shown["remarks"] == ["Not sent, since the documentation allows no such value: level (null)."]

    def test_parameters_leave_out_what_is_empty_and_say_nothing(self) -> None:
        window = {"type": "object", "properties": {"after": TEXT, "before": TEXT}}
        ids, empty = {"type": "array", "items": NUMBER}, {"type": "string", "enum": ["", "x"]}
        query = {"type": "object", "properties": {"window": window, "q": TEXT, "ids": ids, "empty": empty}}
        tool = desk_tool("tickets.list", query_schema=query)
        given = {"window": {"after": "2026", "before": None}, "q": "", "ids": [], "empty": "", "next_cursor": ""}
        places: list[str] = []
        assert check(tool, given, left_out=places) == {"window": {"after": "2026"}, "empty": ""}
        assert places == []
        assert check(tool, {"window": {"after": None, "before": ""}}) == {}


class TestTexts:
    """What a text stands for is taken where text itself is not allowed, and never where it is."""

    NODE: dict[str, Any] = {
        "type": "object",
        "properties": {
            "name": TEXT,
            "children": {"type": "array", "items": {"type": "object", "properties": {"n": NUMBER}}},
        },
    }

    @pytest.mark.parametrize(
        ("schema", "value", "meant"),
        [
            ({"type": "array", "items": TEXT}, '["a", "b"]', ["a", "b"]),
            ({"type": "array", "items": NUMBER}, '["1", 2]', [1, 2]),
            ({"type": "array", "items": TEXT}, [1, 2], ["1", "2"]),
            (NODE, {"name": "x", "children": '[{"n": "1"}]'}, {"name": "x", "children": [{"n": 1}]}),
            (NODE, '{"name": "x", "children": "[]"}', {"name": "x", "children": []}),
            ({"type": "boolean"}, "true", True), ({"type": "boolean"}, "False", False),
            ({"type": "number"}, "1.5", 1.5), ({"type": "number"}, "7", 7), (NUMBER, "-7", -7),
            ({"anyOf": [NUMBER, {"type": "boolean"}]}, "true", True),
            ({"oneOf": [{"type": "array", "items": NUMBER}, NUMBER]}, "[1]", [1]),
            ({"anyOf": [{"type": "object", "properties": {"a": NUMBER}}, {"type": "null"}]}, '{"a": "1"}', {"a": 1}),
            ({"anyOf": [NODE, NUMBER]}, '{"name": 7}', {"name": "7"}),
            ({"enum": [1, 2]}, "2", 2),
        ],
    )  # fmt: skip
    def test_it_is_taken_as_meant(self, schema: Any, value: Any, meant: Any) -> None:
        assert sent(updating(a=schema), a=value) == {"a": meant}

    @pytest.mark.parametrize(
        "schema",
        [TEXT, NULLABLE, {}, {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}, {"type": ["string", "integer"]},
         {"oneOf": [NUMBER, {"type": "string", "minLength": 1}]}, {"allOf": [TEXT]}],
    )  # fmt: skip
    @pytest.mark.parametrize("value", ["[1]", "{}", "7", "true", "null", '"x"', "1e3"])
    def test_a_text_that_is_allowed_stays(self, schema: Any, value: str) -> None:
        assert sent(updating(a=schema), a=value) == {"a": value}
        assert sent(updating(a={"type": "array", "items": schema}), a=[value]) == {"a": [value]}

    @pytest.mark.parametrize(
        ("schema", "value", "written"),
        [
            ({"type": "array", "items": NUMBER}, [5.0], "[5]"), (NUMBER, 5.0, "5"), (NUMBER, "5.0", "5"),
            ({"type": "object", "properties": {"l": {"type": "array", "items": NUMBER}, "f": {"type": "number"}}},
             {"l": [5.0, 6], "f": 5.0}, '{"l":[5,6],"f":5.0}'),
            ({}, [5.0], "[5.0]"), ({"type": "number"}, "5.0", "5.0"), (TEXT, 1.0, '"1"'),
        ],
    )  # fmt: skip
    def test_a_whole_number_with_a_fraction_of_zero_is_one(self, schema: Any, value: Any, written: str) -> None:
        tool = updating(a=schema)
        assert bind(tool, check(tool, {"id": 1.0, "a": value})).body.decode() == f'{{"a":{written}}}'

    @pytest.mark.parametrize("value", ["1e400", "-1e999", "5.5"])
    def test_a_number_beyond_its_type_is_refused(self, value: str) -> None:
        with pytest.raises(InvalidArguments):
            check(updating(a=NUMBER if value == "5.5" else {"type": "number"}), {"id": "1", "a": value})

    @pytest.mark.parametrize("value", ["x", "[1", "01x", "1.0.0", "NaN", "tru", '"7"', "[" * 70 + "]" * 70])
    def test_what_stands_for_nothing_is_refused(self, value: str) -> None:
        for schema in (NUMBER, {"type": "array", "items": NUMBER}, {"type": "boolean"}, {"type": "object"}):
            with pytest.raises(InvalidArguments):
                check(updating(a=schema), {"id": "1", "a": value})

    async def test_the_arguments_themselves_may_be_text(self, desk: McpClient, scripted: ScriptedVendor) -> None:
        body = '{"title": "x", "level": "3"}'
        answer = await desk.post(
            {
                "jsonrpc": "2.0",
                "id": 7,
                "method": "tools/call",
                "params": {"name": "create_a_desk_ticket", "arguments": body},
            }
        )
        assert not answer.json()["result"]["isError"]
        assert json.loads(scripted.last.body) == {"title": "x", "level": 3}
        for empty in ("{}", "", None):
            assert check(desk_tool("tickets.list"), empty) == {}
        with pytest.raises(InvalidArguments):
            check(desk_tool("tickets.list"), "[1]")

    @pytest.mark.parametrize(
        "digits", ["9007199254740993", "1234567890123456789", "12345678901234567890", "1" * 25, "-" + "9" * 40]
    )
    def test_a_whole_number_keeps_its_digits(self, digits: str) -> None:
        for value in (digits, int(digits)):
            tool = updating(a=NUMBER, b={"type": "array", "items": NUMBER}, c=TEXT)
            body = bind(tool, check(tool, {"id": digits, "a": value, "b": [value], "c": value})).body
            assert body.decode() == f'{{"a":{digits},"b":[{digits}],"c":"{digits}"}}'
            queried = desk_tool("tickets.list")
            assert f"size_above={digits}" in bind(queried, check(queried, {"size_above": value})).target

    @pytest.mark.parametrize(
        "digits", ["0.1234567890123456789012345", "12345678901234567890.5", "-0.30000000000000000001"]
    )
    async def test_a_fraction_keeps_its_digits(self, desk: McpClient, scripted: ScriptedVendor, digits: str) -> None:
        tool = updating(a={"type": "number"}, b={"type": "array", "items": {"type": "number"}})
        body = bind(tool, check(tool, {"id": "1", "a": digits, "b": [digits, 0.5]})).body
        assert body.decode() == f'{{"a":{digits},"b":[{digits},0.5]}}'
        scripted.body = json.dumps({"data": [{"id": count} for count in range(10)]}).encode()
        given = f'{{"share": {digits}, "size_above": 1{"0" * 30}}}'
        params = f'{{"name": "list_all_desk_tickets", "arguments": {given}}}'
        answer = await desk.post(f'{{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {params}}}'.encode())
        assert scripted.last.one("share") == digits
        assert scripted.last.one("size_above") == f"1{'0' * 30}"
        assert json.loads(answer.json()["result"]["content"][0]["text"])["next_cursor"]

    async def test_digits_in_a_request_reach_the_vendor(self, desk: McpClient, scripted: ScriptedVendor) -> None:
        params = b'{"name": "create_a_desk_ticket", "arguments": {"title": "x", "level": 1234567890123456789012345}}'
        await desk.post(b'{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": ' + params + b"}")
        assert scripted.last.body == b'{"title":"x","level":1234567890123456789012345}'


SCHEMAS = st.recursive(
    st.sampled_from(
        [TEXT, NUMBER, NULLABLE, {"type": "boolean"}, {"type": "number"}, {}, {"enum": ["", "a", None, 7]}]
    ),
    lambda inner: st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(lambda a, b: {"type": "object", "properties": {"a": a, "b": b}, "required": ["a"]}, inner, inner),
        st.builds(lambda a, b: {"anyOf": [a, b]}, inner, inner),
        st.builds(lambda a: {"type": "object", "additionalProperties": a, "properties": {}}, inner),
    ),
    max_leaves=6,
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.sampled_from(["", "x", "7", "[1]", '{"a":1}', "true"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=8,
)


EXTREME = [
    b"1e400",
    b"-1e400",
    b"1e-400",
    b"-1E-400",
    b"1e99999999999999999999",
    b"1e-99999999999999999999",
    b"5" * 400,
]


@pytest.mark.parametrize("digits", EXTREME)
@pytest.mark.parametrize("written", [b"%s", b'"%s"', b"[1, %s]", b'"[1, %s]"', b"[%s, 12345678901234567890]"])
def test_a_number_beyond_the_floats_keeps_its_digits_or_is_refused(digits: bytes, written: bytes) -> None:
    tool = updating(a={"type": ["number", "array"], "items": {"type": "number"}})
    try:
        value = bounded_json.loads_request(written % digits)
        content = bind(tool, check(tool, {"id": "1", "a": value})).body
    except (NumberTooLarge, InvalidArguments):
        return
    numbers = json.loads(content, parse_float=Decimal, parse_int=Decimal)["a"]
    assert Decimal(digits.decode()) in (numbers if isinstance(numbers, list) else [numbers])


@given(SCHEMAS, VALUES)
def test_what_fits_is_sent_unchanged_and_what_is_sent_fits(schema: Any, value: Any) -> None:
    tool = desk_tool("tickets.create", body_schema={"type": "object", "properties": {"v": schema}})
    fits = jsonschema_rs.is_valid(schema, value)
    try:
        body = orjson.loads(bind(tool, check(tool, {"v": value})).body)
    except InvalidArguments:
        assert not fits
        return
    if fits:
        assert body == {"v": value}
    elif body:
        assert jsonschema_rs.is_valid(schema, body["v"])
