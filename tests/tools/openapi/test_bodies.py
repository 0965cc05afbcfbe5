"""Bodies of imported operations, listed and called through MCP: what the document allows can be given and is sent."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.mcp_client import McpClient
from tests.tools.openapi.documents import described, operation
from tests.vendors.imported import Import
from tests.vendors.scripted import ScriptedVendor
from tools.catalogue.schemas.clients import listing_problems

Serve = Callable[..., Awaitable[tuple[McpClient, dict[str, Any]]]]
PATTERNS = {
    "lookahead": "^(?!0{4})[0-9]{4}$", "password": "^(?=.*[A-Z])(?=.*[0-9]).{8,}$", "inline": "(?i)^[a-z]+$",
    "anchors": r"\A[0-9]+\z", "named": "^(?P<n>x)$", "php": "/^[a-z]+$/i", "posix": "^[[:alpha:]]+$",
    "escape": r"^[\w\-\.]+\@x$", "possessive": "^a++$", "atomic": "^(?>a)$", "unicode": r"^\p{IsLatin}+$",
    "bracket": r"^[a-z[\]]*$", "hyphen": r"^[\w-.]+$", "blank": r"^\h+$",
}  # fmt: skip
VALUES = {
    "lookahead": "0001", "password": "aB345678", "inline": "ABC", "anchors": "12", "named": "x", "php": "aBc",
    "posix": "é", "escape": "a.b-c@x", "possessive": "aa", "atomic": "a", "unicode": "é", "bracket": "a[]",
    "hyphen": "a-.", "blank": "\t ",
}  # fmt: skip
SHARED = {
    "anchors": "^[0-9]+$", "named": "^(x)$", "escape": r"^[\w\-.]+@x$", "bracket": r"^[a-z\[\]]*$",
    "hyphen": r"^[\w\-.]+$",
}  # fmt: skip


@pytest.fixture
def serve(importing: Import) -> Serve:
    """Serve one operation with a JSON body of a schema; return a client and the tool as it is listed."""

    async def served(
        schema: Any, http: str = "post", media_type: str = "application/json", **more: Any
    ) -> tuple[McpClient, dict[str, Any]]:
        content = {"required": True, "content": {media_type: {"schema": schema}}}
        text = described({"/things": {http: operation(operationId="createThing", requestBody=content)}}, **more)
        client = await importing(text)
        [tool] = (await client.request("tools/list")).json()["result"]["tools"]
        assert list(listing_problems(tool)) == []
        return client, tool

    return served


def sent(scripted: ScriptedVendor) -> Any:
    return json.loads(scripted.last.body)


@pytest.mark.parametrize("beyond", [True, {}, {"type": "string"}])
async def test_members_that_no_document_names_are_sent(serve: Serve, scripted: ScriptedVendor, beyond: Any) -> None:
    schema = {"type": "object", "required": ["subject"], "properties": {"subject": {"type": "string"}}}
    client, tool = await serve({**schema, "additionalProperties": beyond})
    await client.value(tool["name"], {"subject": "a", "customfield_1": "b"})
    assert sent(scripted) == {"subject": "a", "customfield_1": "b"}
    if beyond == {"type": "string"}:
        assert "customfield_1" in await client.failure(tool["name"], {"subject": "a", "customfield_1": [5]})
    for name in ("_method", "X-HTTP-Method-Override"):
        assert "may set" in await client.failure(tool["name"], {"subject": "a", name: "DELETE"})
    assert "subject is required" in await client.failure(tool["name"], {"customfield_1": "b"})


async def test_a_closed_body_still_names_the_nearest_argument(serve: Serve) -> None:
    client, tool = await serve({"type": "object", "properties": {"subject": {"type": "string"}}})
    assert tool["inputSchema"]["additionalProperties"] is False
    assert "did you mean subject?" in await client.failure(tool["name"], {"subjet": "a"})


async def test_what_is_left_out_for_its_size_is_named_and_can_be_given(serve: Serve, scripted: ScriptedVendor) -> None:
    words = {"type": "string", "description": "Words about a member. " * 8}
    many = {f"member_{n}": words for n in range(300)}
    schema = {"type": "object", "properties": {**many, "note": words, "deep": {"type": "object", "properties": many}}}
    client, tool = await serve(schema)
    listed = tool["inputSchema"]
    assert "member_299" not in listed["properties"]
    assert "Also takes member_" in listed["additionalProperties"]["description"]
    given = {"member_299": "x", "deep": {"member_298": "y"}}
    await client.value(tool["name"], given)
    assert sent(scripted) == given


@pytest.mark.parametrize("root", ["", "message"])
async def test_what_is_required_and_described_nowhere_is_named_and_can_be_given(
    serve: Serve, scripted: ScriptedVendor, root: str
) -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "required": ["lost"],
        "properties": {"name": {"type": "string"}, "from": {"type": "object", "required": ["id"], "properties": {}}},
        "anyOf": [{"required": ["name"]}, {"required": ["parts"]}],
    }
    client, tool = await serve({"type": "object", "properties": {root: schema}} if root else schema)
    listed = tool["inputSchema"]
    assert listed["additionalProperties"]["description"] == "Also takes lost, parts."
    assert "required" not in listed
    given = {"lost": 1, "parts": [{"a": None}], "from": {"id": "x"}}
    await client.value(tool["name"], given)
    assert sent(scripted) == ({root: given} if root else given)
    await client.value(tool["name"], {"name": "n"})


async def test_what_stands_beside_a_reference_never_contradicts_it(serve: Serve, scripted: ScriptedVendor) -> None:
    rate = {"$ref": "#/components/schemas/Rate"}
    schemas = {"Rate": {"type": "object", "properties": {"value": {"type": "number"}}}, "Name": {"type": "string"}}
    members = {
        "typed": {**rate, "type": "number"},
        "limited": {**rate, "minLength": 1, "maxLength": 80},
        "name": {"$ref": "#/components/schemas/Name", "maxLength": 2},
    }
    client, tool = await serve({"type": "object", "properties": members}, components={"schemas": schemas})
    given = {"typed": {"value": 1.5}, "limited": {"value": 2}, "name": "ab"}
    await client.value(tool["name"], given)
    assert sent(scripted) == given
    assert "name" in await client.failure(tool["name"], {"name": "abc"})


async def test_only_patterns_that_all_engines_take_are_listed(serve: Serve, scripted: ScriptedVendor) -> None:
    members = {name: {"type": "string", "pattern": pattern} for name, pattern in PATTERNS.items()}
    client, tool = await serve({"type": "object", "properties": members})
    for name, listed in tool["inputSchema"]["properties"].items():
        assert listed.get("pattern", "") == SHARED.get(name, "")
        assert ("Must match the regular expression" in listed.get("description", "")) is (name not in SHARED)
    await client.value(tool["name"], VALUES)
    assert sent(scripted) == VALUES
    for name, value in {"lookahead": "0000", "password": "short", "inline": "1", "php": "1", "possessive": "b"}.items():
        assert name in await client.failure(tool["name"], {name: value})


async def test_formats_that_break_clients_are_words_and_are_checked_here(
    serve: Serve, scripted: ScriptedVendor
) -> None:
    members = {"mail": {"type": "string", "format": "email"}, "site": {"type": "string", "format": "uri"}}
    client, tool = await serve({"type": "object", "properties": members})
    assert "format" not in json.dumps(tool["inputSchema"])
    good = {"mail": "a@b.example", "site": "https://b.example"}
    await client.value(tool["name"], good)
    assert sent(scripted) == good
    assert "mail" in await client.failure(tool["name"], {"mail": "nobody"})
    assert "site" in await client.failure(tool["name"], {"site": "b.example"})


async def test_what_only_the_vendor_sets_is_no_argument(serve: Serve, scripted: ScriptedVendor) -> None:
    schemas = {"Id": {"type": "string", "readOnly": True}}
    members = {"id": {"$ref": "#/components/schemas/Id"}, "name": {"type": "string"}}
    client, tool = await serve(
        {"type": "object", "required": ["id", "name"], "properties": members}, "put", components={"schemas": schemas}
    )
    await client.value(tool["name"], {"name": "a"})
    assert sent(scripted) == {"name": "a"}


@pytest.mark.parametrize("value", [{"a": 1}, [{"a": 1}, {"b": [2]}], "text", 7, True])
async def test_a_body_of_which_nothing_is_said_takes_any_json(
    serve: Serve, scripted: ScriptedVendor, value: Any
) -> None:
    client, tool = await serve({})
    await client.call(tool["name"], {"body": value})
    assert sent(scripted) == value


async def test_the_last_of_many_variants_is_sent(serve: Serve, scripted: ScriptedVendor) -> None:
    locale = {"oneOf": [{"const": f"l{n:02}"} for n in range(1, 41)]}
    client, tool = await serve({"type": "object", "properties": {"locale": locale}}, "patch")
    assert len(tool["inputSchema"]["properties"]["locale"]["enum"]) == 40
    await client.value(tool["name"], {"locale": "l40"})
    assert sent(scripted) == {"locale": "l40"}
    assert "locale" in await client.failure(tool["name"], {"locale": "l41"})


def named(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": [*values]}


TEXTS_BESIDE = {
    "delay": {"anyOf": [{"type": "integer"}, named("now", "a.b|c")]},
    "limit": {"oneOf": [{"type": "number"}, {"const": "inf"}]},
    "flag": {"anyOf": [{"type": "boolean"}, named("auto")]},
    "tags": {"oneOf": [named("all"), {"type": "array", "items": {"type": "string"}}]},
    "owner": {"anyOf": [{"type": "object", "properties": {"id": {"type": "integer"}}}, named("")]},
    "rows": {"type": "array", "items": {"anyOf": [{"type": "integer"}, named("last")]}},
    "listed": {"type": ["integer", "string"], "enum": [1, "many"]},
}


async def test_a_text_that_is_not_among_those_beside_another_kind_is_read_as_that_kind(
    serve: Serve, scripted: ScriptedVendor
) -> None:
    client, tool = await serve({"type": "object", "properties": TEXTS_BESIDE})
    listed = tool["inputSchema"]["properties"]
    assert listed["delay"]["description"] == "Text is one of now, a.b|c."
    assert listed["owner"]["description"] == "An empty text unsets it."
    given = {
        "delay": "1893456000", "limit": "0.5", "flag": "true", "tags": '["x"]', "owner": '{"id": 1}',
        "rows": ["5", "last"], "listed": "1",
    }  # fmt: skip
    await client.value(tool["name"], given)
    assert sent(scripted) == {
        "delay": 1893456000, "limit": 0.5, "flag": True, "tags": ["x"], "owner": {"id": 1}, "rows": [5, "last"],
        "listed": 1,
    }  # fmt: skip
    texts = {"delay": "a.b|c", "limit": "inf", "flag": "auto", "tags": "all", "owner": "", "listed": "many"}
    await client.value(tool["name"], texts)
    assert sent(scripted) == texts
    for name, value in {"delay": "foo", "limit": "INF", "flag": "maybe", "tags": "[1", "owner": "x"}.items():
        assert name in await client.failure(tool["name"], {name: value})
    assert "delay" in await client.failure(tool["name"], {"delay": "axb|c"})


async def test_null_deletes_a_member_in_a_merge_patch(serve: Serve, scripted: ScriptedVendor) -> None:
    inner = {"type": "object", "properties": {"c": {"type": "integer"}, "d": named("x", "y")}, "required": ["d"]}
    members = {
        "a": {"type": "string"},
        "b": inner,
        "tags": {"type": "object", "additionalProperties": {"type": "string"}},
        "rows": {"type": "array", "items": inner},
    }
    patch = "application/merge-patch+json"
    client, tool = await serve({"type": "object", "properties": members}, "patch", media_type=patch)
    for given in (
        {"a": "x", "b": {"c": None, "d": "x"}}, {"b": {"c": None, "d": "x"}}, {"a": None}, {"b": None}, {"rows": None},
        {"tags": {"old": None}},
    ):  # fmt: skip
        shown = await client.value(tool["name"], given)
        assert (sent(scripted), shown) == (given, {})
    assert dict(scripted.last.headers)["content-type"] == patch
    assert "d" in await client.failure(tool["name"], {"b": {"d": None}})
    wrapped = {"type": "object", "properties": {"b": inner}}
    client, tool = await serve(wrapped, "patch", media_type=patch)
    await client.value(tool["name"], {"c": None, "d": "x"})
    assert sent(scripted) == {"b": {"c": None, "d": "x"}}
