"""Resources: what an account can do, in words, and its records by address, as far as a server's filters leave them."""

import json
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async

from accounts.models import IntegratedAccount
from mcpservers.features.documentation import documentation_of, first_sentence
from mcpservers.lifecycle import create_server
from tests.fuse_desk import requests
from tests.mcp_client import STATELESS, McpClient
from tools.catalogue.compilation import catalogue_of
from tools.models import Call
from tools.record.recorder import recorder
from tools.tokens import fits

VERSIONS = pytest.mark.parametrize("version", ["2024-11-05", "2025-11-25", STATELESS])
GET = "get_single_fuse_desk_case_by_id"


async def result_of(mcp: McpClient, method: str, **params: Any) -> dict[str, Any]:
    answer = (await mcp.request(method, params)).json()
    result: dict[str, Any] = answer["result"]
    return result


async def error_of(mcp: McpClient, uri: Any) -> dict[str, Any]:
    error: dict[str, Any] = (await mcp.request("resources/read", {"uri": uri})).json()["error"]
    return error


async def narrowed(account: IntegratedAccount, *tools: str, **settings: Any) -> McpClient:
    make = sync_to_async(create_server)
    _, token = await make(account, "tests", name="Few", methods=[], tags=[], tools=list(tools), **settings)
    return McpClient(token)


@VERSIONS
async def test_resources_and_templates_are_listed(mcp: McpClient, version: str) -> None:
    listed = (await result_of(mcp.at(version), "resources/list"))["resources"]
    assert {each["uri"] for each in listed} == {
        "patchbay://fuse_desk/documentation", "patchbay://fuse_desk/departments", "patchbay://fuse_desk/reps",
        "patchbay://fuse_desk/case_tags",
    }  # fmt: skip
    templates = (await result_of(mcp.at(version), "resources/templates/list"))["resourceTemplates"]
    named = {each["uriTemplate"]: each for each in templates}
    assert {"patchbay://fuse_desk/cases/{id}", "patchbay://fuse_desk/contacts/{id}"} <= named.keys()
    case = named["patchbay://fuse_desk/cases/{id}"]
    assert (case["name"], case["title"], case["mimeType"]) == (GET, "Case", "application/json")
    assert case["description"] == "Returns one case with its history of messages, notes and changes."


@VERSIONS
async def test_an_address_reads_what_its_tool_returns_and_is_recorded_as_its_call(mcp: McpClient, version: str) -> None:
    read = await result_of(mcp.at(version), "resources/read", uri="patchbay://fuse_desk/cases/CAS-89102")
    [content] = read["contents"]
    assert content["uri"] == "patchbay://fuse_desk/cases/CAS-89102"
    assert json.loads(content["text"]) == await mcp.value(GET, {"id": "CAS-89102"})
    assert read.get("ttlMs") == (0 if version == STATELESS else None)
    await sync_to_async(recorder.flush)()
    by_address, by_name = await sync_to_async(lambda: list(Call.objects.order_by("pk")))()
    assert (by_address.tool, by_address.outcome, by_address.arguments) == (GET, "ok", {"id": "CAS-89102"})
    assert (by_address.server_id, by_address.via) == (by_name.server_id, by_name.via)
    assert by_address.revision == version


async def test_the_documentation_says_what_the_tools_do_and_what_none_does(
    account: IntegratedAccount, mcp: McpClient
) -> None:
    uri = "patchbay://fuse_desk/documentation"
    [content] = (await result_of(mcp.at(STATELESS), "resources/read", uri=uri))["contents"]
    assert content["mimeType"] == "text/markdown"
    parts = content["text"].split("\n## ")
    assert [part.splitlines()[0] for part in parts[1:]] == [
        "What it reads", "What it changes", "What cannot be undone or reaches a customer: ask a person first",
        "What it cannot do",
    ]  # fmt: skip
    reads, changes, risks, cannot = parts[1:]
    assert "- List cases (`list_all_fuse_desk_cases`): Lists cases as summaries" in reads
    assert "(`update_a_fuse_desk_case_by_id`): Changes one case. Ask a person first with status closed." in changes
    assert "`fuse_desk_cases_reply`" in risks
    assert "- Open or send attachments" in cannot
    assert "- Search the text of cases, notes or chats" in cannot
    few = await narrowed(account, GET)
    [shown] = (await result_of(few, "resources/read", uri=uri))["contents"]
    assert "with 1 tool" not in shown["text"]
    assert "This server has 1 tool for the FuseDesk account “Acme FuseDesk”." in shown["text"]
    assert "list_all_fuse_desk_cases" not in shown["text"]


def test_the_documentation_keeps_within_the_budget(account: IntegratedAccount) -> None:
    """With less room the tools are only named; with too little even for that, the rest is counted."""
    tools = catalogue_of(account.integration)
    texts = {budget: documentation_of(tools, "FuseDesk", "Acme", budget=budget) for budget in (20_000, 1_500, 300)}
    for budget, text in texts.items():
        assert fits(text.encode(), budget)
    assert ": Lists cases as summaries" in texts[20_000]
    assert ": Lists cases as summaries" not in texts[1_500]
    assert all(f"`{tool.name}`" in texts[1_500] for tool in tools)
    assert texts[300].endswith("more lines, for which there is no room here.")


def test_the_first_sentence_of_a_description_is_whole() -> None:
    assert first_sentence("Returns one, e.g. a case v1.2. Use it often.") == "Returns one, e.g. a case v1.2."
    assert first_sentence("No end") == "No end"


@pytest.mark.parametrize("version", ["2025-11-25", STATELESS])
async def test_what_a_filter_hides_has_no_address(account: IntegratedAccount, mcp: McpClient, version: str) -> None:
    few = (await narrowed(account, GET)).at(version)
    assert len((await result_of(few, "resources/list"))["resources"]) == 1
    [only] = (await result_of(few, "resources/templates/list"))["resourceTemplates"]
    assert only["uriTemplate"] == "patchbay://fuse_desk/cases/{id}"
    code = -32602 if version == STATELESS else -32002
    for hidden in ("patchbay://fuse_desk/contacts/1042", "patchbay://fuse_desk/departments", "file:///etc/passwd"):
        error = await error_of(few, hidden)
        assert (error["code"], error["data"]) == (code, {"uri": hidden})
        assert error["message"] == (
            f"Resource not found: {hidden}. Nothing was read. resources/list and resources/templates/list say which "
            "there are."
        )


async def test_failures_are_told_in_the_words_of_the_tool(mcp: McpClient, vendor: httpx.Client) -> None:
    missing = await error_of(mcp, "patchbay://fuse_desk/cases/CAS-1")
    assert missing["code"] == -32002
    assert "No such record exists." in missing["message"]
    wrong = await error_of(mcp, "patchbay://fuse_desk/cases/CHT-5542")
    assert wrong["code"] == -32602
    assert "id: 'CHT-5542' is the id of a chat; it takes the id of a case, such as CAS-89102." in wrong["message"]
    escaping = await error_of(mcp, "patchbay://fuse_desk/emails/%2E%2E%2Fcontacts")
    assert escaping["code"] == -32602
    assert (await error_of(mcp, 7))["code"] == -32602
    assert (await error_of(mcp, "patchbay://fuse_desk/cases/" + "1" * 3000))["code"] == -32002
    before = len(requests(vendor))
    vendor.post("/_control", json={"limit": 1000, "remaining": 0}).raise_for_status()
    response = await mcp.request("resources/read", {"uri": "patchbay://fuse_desk/cases/CAS-89102"})
    limited = response.json()["error"]
    assert limited["code"] == -32603
    assert "rate limit is reached" in limited["message"]
    assert limited["data"]["ratelimit-remaining"] == 0 == int(response.headers["ratelimit-remaining"])
    assert len(requests(vendor)) >= before


async def test_in_search_mode_addresses_stay(account: IntegratedAccount, mcp: McpClient) -> None:
    found = await narrowed(account, search_mode=True)
    assert (await result_of(found, "resources/templates/list"))["resourceTemplates"]
    read = await result_of(found, "resources/read", uri="patchbay://fuse_desk/cases/CAS-89102")
    assert json.loads(read["contents"][0]["text"])["id"] == "CAS-89102"


async def test_the_header_that_names_a_resource_must_match(mcp: McpClient) -> None:
    """MCP 2026-07-28, Streamable HTTP: Mcp-Name repeats the uri of resources/read, and the name of prompts/get."""
    params = {"uri": "patchbay://fuse_desk/documentation"}
    for header in (None, "patchbay://fuse_desk/cases/1"):
        response = await mcp.at(STATELESS).request("resources/read", params, {"Mcp-Name": header})
        assert (response.status_code, response.json()["error"]["code"]) == (400, -32020)
    response = await mcp.at(STATELESS).request("prompts/get", {"name": "watch_chats"}, {"Mcp-Name": "other"})
    assert response.json()["error"]["code"] == -32020
