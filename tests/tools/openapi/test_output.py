"""outputSchema describes what is returned: an answer as its document describes it needs no conversion."""

import json
from random import Random
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # what the Python client checks with has no types

from tests.tools.openapi.documents import answering, described
from tests.vendors.application import Answer, Request
from tests.vendors.imported import Import
from tests.vendors.scripted import ScriptedVendor

OPERATIONS = 80
# Among them those of Patchbay's own members, which stand beside a result.
NAMES = ("id", "name", "data", "result", "truncated", "remarks", "envelope", "total_count", "status", "done", "items",
         "a-b", "@type", "next_cursor", "result_count")  # fmt: skip
SCALARS: tuple[dict[str, Any], ...] = (
    {"type": "string"}, {"type": "integer"}, {"type": "number"}, {"type": "boolean"}, {"type": "string", "enum": ["x"]},
    {"type": "string", "nullable": True}, {"type": "integer", "format": "int64"},
)  # fmt: skip
VALUES = {"string": "x", "integer": 7, "number": 2.5, "boolean": True}


def a_schema(random: Random, depth: int = 3) -> dict[str, Any]:
    """Return a schema as documents have them."""
    kind = random.choice(["scalar", "object", "object", "array", "map", "all", "one", "any"] if depth else ["scalar"])
    match kind:
        case "scalar":
            return random.choice(SCALARS)
        case "array":
            return {"type": "array", "items": a_schema(random, depth - 1)}
        case "map":
            return {"type": "object", "additionalProperties": a_schema(random, depth - 1)}
        case "all":
            first, second = an_object(random, depth - 1), an_object(random, depth - 1)
            apart = {name: each for name, each in second["properties"].items() if name not in first["properties"]}
            return {"allOf": [first, {**second, "properties": apart}]}
        case "one":
            return {"oneOf": [an_object(random, depth - 1), random.choice(SCALARS)]}
        case "any":
            return {}
        case _:
            return an_object(random, depth)


def an_object(random: Random, depth: int) -> dict[str, Any]:
    names = random.sample(NAMES, random.randint(1, 4))
    return {"type": "object", "properties": {name: a_schema(random, max(depth - 1, 0)) for name in names}}


def an_answer(random: Random) -> dict[str, Any]:
    """Return the schema of an answer: an object, a list, or a list in an envelope with or without pages."""
    part = a_schema(random)
    rows = {"type": "array", "items": part}
    cursor = {"type": "string", "nullable": True}
    around: dict[str, Any] = random.choice([{}, {"total": {"type": "integer"}}, {"next_cursor": cursor}])
    envelope = {"type": "object", "properties": {"data": rows, **around}}
    return random.choice([an_object(random, 3), rows, envelope, envelope])


def example(schema: dict[str, Any], random: Random) -> Any:
    """Return a value that a schema describes."""
    if "allOf" in schema:
        return {name: value for part in schema["allOf"] for name, value in example(part, random).items()}
    if "oneOf" in schema:
        return example(random.choice(schema["oneOf"]), random)
    if schema.get("nullable") and random.random() < 0.3:
        return None
    match schema.get("type"):
        case "array":
            return [example(schema["items"], random) for _ in range(random.randint(0, 3))]
        case "object":
            members = dict(schema.get("properties", {}))
            if "additionalProperties" in schema:
                members["k"] = schema["additionalProperties"]
            return {name: example(member, random) for name, member in members.items()}
        case None:
            return random.choice([7, "x", [1], {"k": None}])
        case kind:
            return VALUES[kind]


async def test_an_answer_as_documented_is_described_as_it_is_returned(
    importing: Import, scripted: ScriptedVendor
) -> None:
    random = Random(12)
    schemas = {f"/things{number}": an_answer(random) for number in range(OPERATIONS)}
    paging = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in ("cursor", "limit")]
    text = described({
        path: {"get": answering(schema, operationId=f"read{path[1:]}", parameters=paging[: random.choice([0, 2])])}
        for path, schema in schemas.items()
    })  # fmt: skip
    scripted.answer = lambda request: Answer(200, example(schemas[request.path], Random(request.path)))
    client = await importing(text)
    tools = (await client.request("tools/list")).json()["result"]["tools"]
    assert len(tools) == OPERATIONS
    described_tools = [tool for tool in tools if "outputSchema" in tool]
    assert len(described_tools) > OPERATIONS * 0.8
    for tool in described_tools:
        result = await client.call(tool["name"])
        path = scripted.last.path
        assert not result["isError"], (path, schemas[path], result)
        shown = json.loads(result["content"][0]["text"])
        assert result["structuredContent"] == shown, (path, schemas[path], tool["outputSchema"])
        jsonschema.Draft202012Validator(tool["outputSchema"]).validate(shown)
        # A list is described as one, paged or not.
        if "result_count" in tool["outputSchema"].get("required", []):
            assert tool["outputSchema"]["properties"]["result"]["type"] == "array", path


async def test_a_list_of_a_write_or_without_pages_is_described_as_a_list(
    importing: Import, scripted: ScriptedVendor
) -> None:
    rows = {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "integer"}}}}
    unpaged = answering(rows, parameters=[{"name": "page", "in": "query", "schema": {"type": "integer"}}])
    text = described({"/rules": {"post": answering(rows), "get": unpaged}})
    client = await importing(text)

    def answer(request: Request) -> Answer:
        return Answer(200, [{"id": 1}, {"id": 2}])

    scripted.answer = answer
    for tool in (await client.request("tools/list")).json()["result"]["tools"]:
        item = tool["outputSchema"]["properties"]["result"]["items"]
        assert item["type"] == ["object", "null"]
        assert {"integer", "null"} <= {*item["properties"]["id"]["type"]}
        result = await client.call(tool["name"])
        assert result["structuredContent"] == {"result": [{"id": 1}, {"id": 2}]}
