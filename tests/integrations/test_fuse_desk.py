"""The FuseDesk bundle, held against what is known of the vendor's API and against the rules of clients."""

import json
import re
from typing import Any

import httpx
import pytest

from accounts.models import Integration
from demo.simulator import ROUTES
from tests.bundles import ESSENTIALS
from tests.mcp_client import McpClient
from tools.catalogue.compilation import Catalogue, build
from tools.catalogue.formats import as_mcp
from tools.catalogue.schemas.json_schemas import walk
from tools.documentation.verdicts import report_of
from tools.retrieval import listing as retrieval_listing
from tools.retrieval.sources import sources_of

HEROES = {
    "list_all_fuse_desk_cases", "get_single_fuse_desk_case_by_id", "list_all_fuse_desk_chats",
    "get_single_fuse_desk_chat_by_id", "list_all_fuse_desk_emails", "list_all_fuse_desk_contacts",
}  # fmt: skip
DESTRUCTIVE = {
    "fuse_desk_cases_reply", "fuse_desk_cases_bulk_update", "fuse_desk_cases_request_feedback",
    "fuse_desk_cases_do_ask_feedback", "fuse_desk_chats_close", "delete_a_fuse_desk_department_by_id",
    "delete_a_fuse_desk_case_tag_by_id", "create_a_fuse_desk_webhook", "delete_a_fuse_desk_webhook_by_id",
}  # fmt: skip


@pytest.fixture
def catalogue(integration: Integration) -> Catalogue:
    return build(integration)


def called(catalogue: Catalogue) -> set[tuple[str, str]]:
    return {
        (tool.method.http, re.sub(r"\{\w+\}", "{}", tool.method.path.lstrip("/")))
        for tool in catalogue
        if not tool.composite
    }


def test_no_record_is_a_draft(catalogue: Catalogue) -> None:
    assert catalogue.drafts == ()


def test_every_method_of_the_definition_has_a_tool(catalogue: Catalogue, integration: Integration) -> None:
    methods = sum(len(resource.methods) for resource in integration.parsed().resources.values())
    assert len(catalogue) == methods


def test_every_operation_of_the_vendor_has_a_tool_and_no_tool_calls_another(catalogue: Catalogue) -> None:
    known = {(route.method, re.sub(r"\{\w+\}", "{}", route.path)) for route in ROUTES}
    assert called(catalogue) == known


def test_the_names_that_the_product_promises_are_there(catalogue: Catalogue) -> None:
    assert catalogue.tools.keys() >= HEROES


def test_exactly_what_cannot_be_taken_back_is_destructive(catalogue: Catalogue) -> None:
    assert {tool.name for tool in catalogue if tool.destructive} == DESTRUCTIVE


def test_exactly_the_gets_read(catalogue: Catalogue) -> None:
    assert all(tool.read_only is (tool.method.http == "GET") for tool in catalogue)


def test_what_adds_something_each_time_is_not_idempotent(catalogue: Catalogue) -> None:
    for name in ("create_a_fuse_desk_case", "fuse_desk_cases_add_note", "fuse_desk_cases_reply"):
        assert not catalogue.get(name).idempotent


def test_tags_open_the_support_desk_without_what_admins_do(catalogue: Catalogue) -> None:
    assert catalogue.tag_filters == ["admin", "crm", "support"]
    support = catalogue.select(tags=["support"])
    assert "fuse_desk_cases_reply" in support.tools
    assert "fuse_desk_cases_bulk_update" not in support.tools
    assert not any(tool.name.startswith("delete_") for tool in support)
    assert all(tool.tags for tool in catalogue)


def test_each_tool_is_as_clients_take_it(catalogue: Catalogue) -> None:
    for tool in catalogue:
        shown = as_mcp(tool)
        schema = shown["inputSchema"]
        assert re.fullmatch(r"[a-z0-9_]{1,64}", tool.name)
        assert shown["title"]
        assert 40 <= len(shown["description"]) <= 1024
        assert schema["type"] == "object"
        assert not {"oneOf", "anyOf", "allOf"} & schema.keys()
        assert all(re.fullmatch(r"[a-zA-Z0-9_.-]{1,64}", name) for name in schema["properties"])
        assert "$ref" not in json.dumps(schema)
        assert {type(value) for key, value in shown["annotations"].items() if key.endswith("Hint")} == {bool}


def test_each_argument_says_what_it_is(catalogue: Catalogue) -> None:
    silent = [
        f"{tool.name}{path}"
        for tool in catalogue
        for path, node in walk(tool.input_schema)
        if not node.get("description") and not path.endswith((".fields[]", ".limit", ".detail", ".after", ".before"))
    ]
    assert silent == []


def test_every_list_tells_the_model_to_pass_the_cursor_back(catalogue: Catalogue) -> None:
    lists = [tool for tool in catalogue if tool.pager]
    assert {tool.name for tool in lists} >= {tool.name for tool in catalogue if tool.method_name == "list"}
    for tool in lists:
        assert "unchanged" in tool.input_schema["properties"]["next_cursor"]["description"]


def test_every_record_serves_models_well(integration: Integration) -> None:
    records = report_of(integration).records
    assert {record.key: record.verdict.findings for record in records if record.verdict.score < 90} == {}


def test_tools_that_a_text_names_exist(catalogue: Catalogue) -> None:
    texts = [catalogue.instructions, *(json.dumps(as_mcp(tool)) for tool in catalogue)]
    named = set(
        re.findall(r"\b(?:(?:list_all|get_single|create_a|update_a|delete_a)_)?fuse_desk_[a-z_]+", " ".join(texts))
    )
    assert named - catalogue.tools.keys() == set()


def test_the_essentials_come_first_in_the_instructions(catalogue: Catalogue) -> None:
    start = catalogue.instructions[:ESSENTIALS]
    assert "next_cursor" in start
    assert "never instructions" in start
    assert "wait for a yes" in start


def test_the_whole_costs_a_model_no_more_than_it_should(catalogue: Catalogue) -> None:
    listed = {name: len(entry.decode()) // 4 for name, entry in catalogue.entries.items()}
    # Each of these two stands for many calls of the others.
    many = listed["count_fuse_desk_cases"] + listed["get_fuse_desk_customer_overview"]
    assert sum(listed.values()) - many <= 8_890
    both = retrieval_listing.listed(sources_of(catalogue.definition, catalogue))
    assert sum(len(json.dumps(entry, separators=(",", ":"))) // 4 for entry in both) <= 380
    assert max(listed.values()) < 950


def sample(name: str, schema: dict[str, Any]) -> Any:
    """Return a value that the simulator's data know."""
    known: dict[str, Any] = {
        "id": "1", "depid": "1", "tag_id": "1", "search": "a", "openedby": "phone", "until": "2030-01-01T00:00:00Z",
        "caseids": ["1"], "url": "https://example.com/hook", "objectType": "case", "action": "create",
        "name": "Billing", "query": "scanner",
    }  # fmt: skip
    return known.get(name, schema.get("enum", ["text"])[0])


async def test_every_tool_reaches_its_operation_with_its_required_arguments(
    mcp: McpClient, vendor: httpx.Client
) -> None:
    """A refusal of the sample values is as good as a success: what counts is that the operation was found."""
    tools = (await mcp.request("tools/list")).json()["result"]["tools"]
    for tool in tools:
        schema = tool["inputSchema"]
        needed = [*schema.get("required", [])] or (["id"] if "overview" in tool["name"] else [])
        if "update" in tool["name"]:
            needed += [name for name in schema["properties"] if name not in needed][:1]
        arguments = {name: sample(name, schema["properties"][name]) for name in needed}
        arguments |= {"id": "case:1"} if tool["name"] == "fetch" else {}
        result = await mcp.call(tool["name"], arguments)
        text = result["content"][0]["text"]
        assert not result["isError"] or ("HTTP 4" in text and "no such path" not in text), (tool["name"], text)
    # The count walks three pages of cases; the search has two of cases and of emails, chats and contacts.
    assert vendor.get("/_control").json()["requests"] == len(tools) + 2 + 5


async def test_a_change_of_nothing_is_refused_before_it_is_sent(mcp: McpClient, vendor: httpx.Client) -> None:
    nothing: dict[str, dict[str, Any]] = {
        "update_a_fuse_desk_case_by_id": {"id": "CAS-89102"},
        "update_a_fuse_desk_chat_by_id": {"id": "CHT-5542"},
        "update_a_fuse_desk_contact_by_id": {"id": "1"},
        "update_a_fuse_desk_department_by_id": {"id": "DEP-04"},
        "fuse_desk_cases_bulk_update": {"caseids": ["CAS-89102"]},
    }
    for name, arguments in nothing.items():
        assert "Nothing was sent to FuseDesk" in await mcp.failure(name, arguments)
    assert vendor.get("/_control").json()["requests"] == 0


async def test_a_case_comes_without_nulls_doubles_and_markup(mcp: McpClient) -> None:
    page = await mcp.value("list_all_fuse_desk_cases", {"limit": 100})
    assert [row for row in page["result"] if None in row.values()] == []
    assert [row for row in page["result"] if {"caseid", "casenumber"} & row.keys()] == []
    case = await mcp.value("get_single_fuse_desk_case_by_id", {"id": "CAS-89102"})
    texts = "".join(entry.get("body", "") for entry in case["history"])
    assert "the audit on Felixstowe\u00a02 needs one file" in texts
    assert "<" not in texts
    assert [entry for entry in case["history"] if "html" in entry] == []
