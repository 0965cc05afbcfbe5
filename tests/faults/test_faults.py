"""Every input of this folder is imported, called over MCP, and compared with what is right."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.mcp_client import McpClient
from tests.vendors.application import Answer
from tests.vendors.imported import Import, described
from tests.vendors.scripted import ScriptedVendor

HERE = Path(__file__).parent
CASES = [case for name in ("cases", "more") for case in yaml.safe_load((HERE / f"{name}.yaml").read_text())]
SHOWN = yaml.safe_load((HERE / "shown.yaml").read_text())
TICKET = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
JSON = "application/json"


def answer_of(case: dict[str, Any]) -> Answer:
    said = {"status": 200, "body": {}, "media_type": JSON, "headers": {}, **case}
    body = said["raw"].encode() if "raw" in said else said["body"]
    if "latin_1" in said:
        body = said["latin_1"].encode("latin-1")
    return Answer(said["status"], body, said["headers"], said["media_type"])


async def tool_of(client: McpClient) -> dict[str, Any]:
    (tool,) = (await client.request("tools/list")).json()["result"]["tools"]
    found: dict[str, Any] = tool
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
async def test_what_was_sent_and_shown_is_right(
    case: dict[str, Any], importing: Import, scripted: ScriptedVendor
) -> None:
    text = described(case["paths"], **{"components": case.get("components", {}), **case.get("parts", {})})
    client = await importing(text, fields=case.get("fields"))
    tool = await tool_of(client)
    for name in case.get("lacks", []):
        assert name not in tool["inputSchema"]["properties"]
    for word, wanted in case.get("schema", {}).items():
        assert tool["inputSchema"][word] == wanted
    if "arguments" in case:
        assert len(tool["inputSchema"]["properties"]) == case["arguments"]
        return
    scripted.answer = lambda request: answer_of(case.get("answer", {}))
    result = await client.call(tool["name"], case["call"])
    text = result["content"][0]["text"]
    if "failure" in case:
        assert result["isError"]
        assert case["failure"] in text
        return
    assert not result["isError"], text
    check_shown(case, json.loads(text), result.get("structuredContent"))
    check_sent(case.get("sent", {}), scripted)


def check_shown(case: dict[str, Any], shown: dict[str, Any], structured: Any) -> None:
    assert not {*case.get("lacks", [])} & shown.keys()
    for name, wanted in case.get("shown", {}).items():
        assert shown[name] == wanted
    for name, wanted in case.get("structured", {}).items():
        assert structured[name] == wanted
    if case.get("goes_on"):
        assert shown.get("next_cursor") or shown.get("envelope") or shown.get("remarks")


def check_sent(sent: dict[str, Any], scripted: ScriptedVendor) -> None:
    request = scripted.last
    if "target" in sent:
        assert request.path + (f"?{request.query}" if request.query else "") == sent["target"]
    if "body" in sent:
        assert request.json() == sent["body"]
    if "any_body" in sent:
        assert request.json() in sent["any_body"]
    if "raw" in sent:
        assert request.body.decode() == sent["raw"]
    if "parts" in sent:
        types = {part.get_param("name", header="content-disposition"): part for part in request.parts()}
        assert {name: part.get_content_type() for name, part in types.items()} == sent["parts"]
    for name, value in sent.get("headers", {}).items():
        assert request.header(name) == ([] if value is None else [value])
    assert sent.get("accepts", "") in request.header_value("accept")
    assert len(scripted.received) == sent.get("requests", 1)


@pytest.mark.parametrize("case", SHOWN, ids=lambda case: case["id"])
async def test_what_the_vendor_answered_is_shown(
    case: dict[str, Any], importing: Import, scripted: ScriptedVendor
) -> None:
    schema = {"type": "array", "items": TICKET} if case.get("list") else TICKET
    responses = {"200": {"description": "ok", "content": {JSON: {"schema": schema}}}}
    body = {"content": {JSON: {"schema": {"type": "object", "properties": {"subject": {"type": "string"}, "x": {}}}}}}
    if case.get("write"):
        paths: dict[str, Any] = {"/tickets": {"post": {"requestBody": body, "responses": responses}}}
    else:
        paths = {
            "/tickets": {"get": {"operationId": "listTickets" if case.get("list") else "me", "responses": responses}}
        }
    client = await importing(described(paths))
    tool = await tool_of(client)
    scripted.answer = lambda request: answer_of(case)
    result = await client.call(tool["name"], {"subject": "a"} if case.get("write") else {})
    text = result["content"][0]["text"]
    if "failure" in case:
        assert result["isError"]
        assert not [words for words in case["failure"] if words not in text]
        return
    assert not result["isError"], text
    shown = json.loads(text)
    for name, wanted in case.get("shown", {}).items():
        assert shown[name] == wanted
    assert case.get("words", "") in text
    assert bool(shown.get("remarks")) >= bool(case.get("remark"))
