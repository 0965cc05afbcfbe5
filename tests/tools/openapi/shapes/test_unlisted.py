"""What a document says and no listing can is checked before anything is sent."""

import json
from typing import Any

import pytest

from tests.mcp_client import McpClient
from tests.tools.openapi.documents import described, operation
from tests.vendors.imported import Import
from tests.vendors.scripted import ScriptedVendor
from tools.catalogue.schemas.clients import UNLISTED, listing_problems

FIELDS = {"token": "t"}
WORDS = {"type": "string", "description": "Words about a member. " * 8}
MANY = {f"member_{n}": WORDS for n in range(300)}
ID = {"type": "integer", "readOnly": True}
SCHEMAS = {
    "Stamp": {"type": "string", "readOnly": True},
    "Base": {"type": "object", "properties": {"made_at": {"$ref": "#/components/schemas/Stamp"}}},
    "Person": {
        "allOf": [
            {"$ref": "#/components/schemas/Base"},
            {
                "type": "object",
                "properties": {"id": ID, "name": WORDS, "friend": {"$ref": "#/components/schemas/Person"}},
            },
        ]
    },
}
PERSON = {"$ref": "#/components/schemas/Person"}
LARGE = {
    "type": "object",
    "properties": {
        "id": ID,
        "name": WORDS,
        "deep": {"type": "object", "properties": {**MANY, "owner": PERSON, "rows": {"type": "array", "items": PERSON}}},
        "by_key": {"type": "object", "additionalProperties": PERSON},
        **MANY,
    },
}
# Where only the vendor sets a member, in an object that takes any.
OF_VENDOR: tuple[tuple[dict[str, Any], str], ...] = (
    ({"deep": {"owner": {"id": 1}}}, "deep.owner.id"),
    ({"deep": {"owner": {"made_at": "now"}}}, "deep.owner.made_at"),
    ({"deep": {"owner": {"friend": {"friend": {"id": 1}}}}}, "deep.owner.friend.friend.id"),
    ({"deep": {"rows": [{"name": "a"}, {"id": 2}]}}, "deep.rows[1].id"),
    ({"by_key": {"a": {"made_at": "now"}}}, "by_key.a.made_at"),
    ({"id": 5}, "id"),
)


async def tool_for(
    importing: Import, schema: Any, http: str = "post", path: str = "/things", schemas: Any = None, **more: Any
) -> tuple[McpClient, dict[str, Any]]:
    """Return a client, and the one tool, whose body has a schema."""
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    text = described({path: {http: operation(operationId="createThing", requestBody=body, **more)}},
                     components={"schemas": {**SCHEMAS, **(schemas or {})}})  # fmt: skip
    client = await importing(text, fields=FIELDS)
    [tool] = (await client.request("tools/list")).json()["result"]["tools"]
    assert list(listing_problems(tool)) == []
    assert not [word for word in UNLISTED if f'"{word}"' in json.dumps(tool)]
    return client, tool


@pytest.mark.parametrize("root", ["", "thing"])
async def test_what_only_the_vendor_sets_is_refused_wherever_it_lies(
    importing: Import, scripted: ScriptedVendor, root: str
) -> None:
    wrapped = {"type": "object", "required": [root], "properties": {root: LARGE}}
    client, tool = await tool_for(importing, wrapped if root else LARGE)
    for arguments, place in OF_VENDOR:
        assert f"{place}: only the vendor sets it" in await client.failure(tool["name"], arguments)
    assert scripted.received == []
    given = {"deep": {"owner": {"name": "a", "friend": {"name": "b"}}, "member_7": "x"}, "member_299": "y"}
    await client.value(tool["name"], given)
    assert scripted.last.json() == ({root: given} if root else given)


async def test_a_member_of_the_vendor_may_have_the_name_of_another_argument(
    importing: Import, scripted: ScriptedVendor
) -> None:
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    client, tool = await tool_for(importing, LARGE, "put", "/things/{id}", parameters=[parameter])
    await client.value(tool["name"], {"id": 3, "name": "a"})
    assert (scripted.last.path, scripted.last.json()) == ("/things/3", {"name": "a"})


PATTERNS = {"^s_": {"type": "string"}, "^n_": {"type": "integer", "minimum": 1}, "^o_": PERSON}


@pytest.mark.parametrize("beyond", [{}, {"additionalProperties": False}, {"additionalProperties": {"type": "boolean"}}])
@pytest.mark.parametrize("place", ["top", "inside"])
async def test_each_pattern_of_names_keeps_its_own_schema(
    importing: Import, scripted: ScriptedVendor, beyond: dict[str, Any], place: str
) -> None:
    free = {"type": "object", "properties": {"known": {"type": "string"}}, "patternProperties": PATTERNS, **beyond}
    inside = place == "inside"
    client, tool = await tool_for(
        importing, {"type": "object", "properties": {"x": WORDS, "free": free}} if inside else free
    )

    async def refused(value: dict[str, Any]) -> str:
        return await client.failure(tool["name"], {"free": value} if inside else value)

    listed = tool["inputSchema"]["properties"]["free"] if inside else tool["inputSchema"]
    assert "`^s_` take string, `^n_` take integer" in listed["additionalProperties"]["description"]
    given = {"s_a": "1", "n_a": 2, "o_a": {"name": "b"}, "known": "c"}
    given |= {"other": True} if beyond.get("additionalProperties") else {}
    await client.value(tool["name"], {"free": given} if inside else given)
    assert scripted.last.json() == ({"free": given} if inside else given)
    for value, name in (
        ({"s_a": {"b": 1}}, "s_a"),
        ({"n_a": "b"}, "n_a"),
        ({"n_a": 0}, "n_a"),
        ({"o_a": {"id": 1}}, "id"),
    ):
        assert name in await refused(value)
    if beyond:
        assert "other" in await refused({"other": "text"})


async def test_values_in_text_are_taken_as_their_pattern_means_them(
    importing: Import, scripted: ScriptedVendor
) -> None:
    client, tool = await tool_for(
        importing, {"type": "object", "properties": {"x": WORDS}, "patternProperties": PATTERNS}
    )
    await client.value(tool["name"], {"s_a": "12", "n_a": "12", "o_a": '{"name": "b"}'})
    assert scripted.last.json() == {"s_a": "12", "n_a": 12, "o_a": {"name": "b"}}


def kind(value: Any, required: tuple[str, ...] = (), **members: Any) -> dict[str, Any]:
    return {"type": "object", "required": ["kind", *required], "properties": {"kind": value, **members}}


CARD = kind({"const": "card"}, ("number",), number={"type": "string"}, limit={"type": "integer"}, id=ID)
CASH = kind({"enum": ["cash", "coins"]}, currency={"type": "string"}, limit={"type": "string"})
OPEN = {**kind({"const": "other"}), "additionalProperties": True}
COMMON = {"type": "object", "properties": {"note": {"type": "string"}, "currency": {"type": "string"}}}
TAKEN: tuple[dict[str, Any], ...] = (
    {"kind": "card", "number": "1", "limit": 5}, {"kind": "cash", "currency": "EUR", "limit": "none"},
    {"kind": "coins"},
)  # fmt: skip
REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"kind": "card"}, "number"),
    ({"kind": "card", "number": "1", "limit": "none"}, "limit"),
    ({"kind": "card", "number": "1", "id": 4}, "id"),
    ({"kind": "cash", "limit": 5}, "limit"),
    ({"kind": "coins", "number": "1"}, "number"),
    ({"kind": "stones"}, "kind"),
)


@pytest.mark.parametrize("word", ["oneOf", "anyOf"])
@pytest.mark.parametrize("place", ["top", "inside", "list"])
async def test_a_variant_goes_only_with_its_own_kind(
    importing: Import, scripted: ScriptedVendor, word: str, place: str
) -> None:
    union = {word: [CARD, CASH]}
    inner = {"type": "array", "items": union} if place == "list" else union
    client, tool = await tool_for(
        importing, union if place == "top" else {"type": "object", "properties": {"x": WORDS, "pay": inner}}
    )

    def given(value: dict[str, Any]) -> dict[str, Any]:
        return value if place == "top" else {"pay": [value] if place == "list" else value}

    for value in TAKEN:
        await client.value(tool["name"], given(value))
        assert scripted.last.json() == given(value)
    scripted.received.clear()
    for value, name in REFUSED:
        assert name in await client.failure(tool["name"], given(value))
    assert scripted.received == []


async def test_what_stands_beside_the_variants_or_is_open_goes_with_every_kind(
    importing: Import, scripted: ScriptedVendor
) -> None:
    beside = {"allOf": [COMMON, {"oneOf": [CARD, CASH]}]}
    client, tool = await tool_for(importing, {"type": "object", "properties": {"x": WORDS, "pay": beside}})
    await client.value(tool["name"], {"pay": {"kind": "card", "number": "1", "note": "n", "currency": "EUR"}})
    assert "currency" in await client.failure(
        tool["name"], {"pay": {"kind": "card", "number": "1", "currency": ["EUR"]}}
    )
    open_too = {"oneOf": [CARD, OPEN]}
    client, tool = await tool_for(importing, {"type": "object", "properties": {"x": WORDS, "pay": open_too}})
    await client.value(tool["name"], {"pay": {"kind": "other", "number": "n"}})
    assert scripted.last.json() == {"pay": {"kind": "other", "number": "n"}}


async def test_a_kind_that_is_also_in_the_path_decides_nothing(importing: Import, scripted: ScriptedVendor) -> None:
    parameter = {"name": "limit", "in": "query", "schema": {"type": "boolean"}}
    client, tool = await tool_for(importing, {"oneOf": [CARD, CASH]}, parameters=[parameter])
    await client.value(tool["name"], {"kind": "card", "number": "1", "limit": 5, "limit_query": True})
    assert (scripted.last.query, scripted.last.json()) == ("limit=true", {"kind": "card", "number": "1", "limit": 5})


def nested(inner: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return an object that leads to another one through these members."""
    for name in reversed(names):
        inner = {"type": "object", "properties": {name: inner}}
    return inner


@pytest.mark.parametrize("levels", range(6))
async def test_variants_too_deep_to_be_checked_take_every_kind(
    importing: Import, scripted: ScriptedVendor, levels: int
) -> None:
    way = [*"abcdef"[:levels], "means"]
    # So much just below the inner variants that nothing is checked from there on.
    much = {"n" * 60 + str(number): {"type": "integer"} for number in range(250)}
    outer = kind({"const": "card"}, **nested({"oneOf": [CARD, CASH]}, *way)["properties"])
    outer["properties"]["more"] = nested({"type": "object", "properties": much}, *way)
    whole = {"type": "object", "properties": {"x": WORDS, "pay": {"oneOf": [outer, CASH]}}}
    client, tool = await tool_for(importing, whole)
    given: dict[str, Any] = {"kind": "card", "number": "1", "limit": 5}
    for name in reversed(way):
        given = {name: given}
    await client.value(tool["name"], {"pay": {"kind": "card", **given}})
    assert scripted.last.json() == {"pay": {"kind": "card", **given}}


MAPPED = {"propertyName": "kind", "mapping": {"card": "ByCard", "cash": "ByCash", "coins": "ByCash"}}
BY_CARD = kind({"type": "string"}, ("number",), number={"type": "string"}, limit={"type": "integer"}, id=ID)
BY_CASH = kind({"type": "string"}, currency={"type": "string"}, limit={"type": "string"})
WAYS = [{"$ref": "#/components/schemas/ByCard"}, {"$ref": "#/components/schemas/ByCash"}]
ALL_WAYS = {"type": "object", "properties": {"kind": {"type": "string"}, "note": WORDS}, "discriminator": MAPPED}


def below(schema: dict[str, Any]) -> dict[str, Any]:
    return {"allOf": [{"$ref": "#/components/schemas/Way"}, schema]}


@pytest.mark.parametrize(
    ("union", "schemas"),
    [
        ({"oneOf": WAYS, "discriminator": MAPPED}, {"ByCard": BY_CARD, "ByCash": BY_CASH}),
        ({"$ref": "#/components/schemas/Way"}, {"Way": ALL_WAYS, "ByCard": below(BY_CARD), "ByCash": below(BY_CASH)}),
    ],
)
async def test_variants_that_only_a_mapping_tells_apart_keep_their_own_members(
    importing: Import, scripted: ScriptedVendor, union: dict[str, Any], schemas: dict[str, Any]
) -> None:
    whole = {"type": "object", "properties": {"x": WORDS, "pay": union}}
    client, tool = await tool_for(importing, whole, schemas=schemas)
    for value in TAKEN:
        await client.value(tool["name"], {"pay": value})
        assert scripted.last.json() == {"pay": value}
    scripted.received.clear()
    for value, name in REFUSED:
        assert name in await client.failure(tool["name"], {"pay": value})
    assert scripted.received == []


async def test_a_mapping_that_leaves_a_variant_out_refuses_none(importing: Import, scripted: ScriptedVendor) -> None:
    told = {"propertyName": "kind", "mapping": {"card": "ByCard"}}
    whole = {"type": "object", "properties": {"x": WORDS, "pay": {"oneOf": WAYS, "discriminator": told}}}
    client, tool = await tool_for(importing, whole, schemas={"ByCard": BY_CARD, "ByCash": BY_CASH})
    await client.value(tool["name"], {"pay": {"kind": "card", "currency": "EUR", "limit": 5}})
    assert scripted.last.json() == {"pay": {"kind": "card", "currency": "EUR", "limit": 5}}
