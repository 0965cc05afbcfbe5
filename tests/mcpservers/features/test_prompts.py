"""Prompts: the tasks that clients offer in their menus, filled in, in both eras, where a server has their tools."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts.models import IntegratedAccount
from mcpservers.lifecycle import create_server
from tests.mcp_client import STATELESS, McpClient

VERSIONS = pytest.mark.parametrize("version", ["2024-11-05", "2025-11-25", STATELESS])


async def asked(mcp: McpClient, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = (await mcp.request(method, params)).json()
    return answer


@VERSIONS
async def test_the_prompts_of_the_integration_are_listed(mcp: McpClient, version: str) -> None:
    result = (await asked(mcp.at(version), "prompts/list"))["result"]
    prompts = {prompt["name"]: prompt for prompt in result["prompts"]}
    assert {"triage_customer", "follow_up_chat"} <= prompts.keys()
    assert prompts["triage_customer"]["title"]
    assert {"name": "customer", "required": True} in [
        {"name": each["name"], "required": each["required"]} for each in prompts["triage_customer"]["arguments"]
    ]


@VERSIONS
async def test_a_prompt_comes_with_its_arguments_filled_in(mcp: McpClient, version: str) -> None:
    params = {"name": "triage_customer", "arguments": {"customer": "alex {x} & co"}}
    [message] = (await asked(mcp.at(version), "prompts/get", params))["result"]["messages"]
    assert message["role"] == "user"
    assert "alex {x} & co" in message["content"]["text"]
    assert "list_all_fuse_desk_contacts" in message["content"]["text"]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"name": "triage_customers"}, "there is no prompt triage_customers; did you mean triage_customer?"),
        ({"name": "triage_customer"}, "the prompt triage_customer needs customer."),
        ({"name": "triage_customer", "arguments": {"customer": " "}}, "needs customer."),
        ({"name": "triage_customer", "arguments": {"customer": "a", "x": "y"}}, "x is no argument of the prompt"),
        ({"name": "triage_customer", "arguments": {"customer": ["a"]}}, "customer must be a text of at most 2,000"),
        ({"name": "triage_customer", "arguments": "a"}, "arguments must be an object of texts."),
        ({}, "name must be the name of a prompt."),
    ],
)
async def test_what_does_not_fit_is_told(mcp: McpClient, params: dict[str, Any], words: str) -> None:
    error = (await asked(mcp, "prompts/get", params))["error"]
    assert error["code"] == -32602
    assert words in error["message"]


async def test_a_server_offers_what_its_filters_leave(account: IntegratedAccount, mcp: McpClient) -> None:
    """A server without the tools of a prompt does not offer it; one without prompts does not know the methods."""
    make = sync_to_async(create_server)
    _, emails = await make(
        account, "tests", name="Emails", methods=[], tags=[], tools=["get_single_fuse_desk_email_by_id"]
    )
    _, both = await make(
        account, "tests", name="Both", methods=[], tags=[],
        tools=["get_single_fuse_desk_chat_by_id", "list_all_fuse_desk_contacts"],
    )  # fmt: skip
    assert (await asked(McpClient(emails), "prompts/list"))["error"]["code"] == -32601
    without = (await asked(McpClient(emails), "initialize", INITIALIZE))["result"]["capabilities"]
    assert without.keys() == {"tools", "resources", "completions"}
    listed = (await asked(McpClient(both), "prompts/list"))["result"]["prompts"]
    assert [prompt["name"] for prompt in listed] == ["follow_up_chat", "summarise_chat"]
    capabilities = (await asked(mcp, "initialize", INITIALIZE))["result"]["capabilities"]
    assert capabilities["prompts"] == {"listChanged": True}
    assert capabilities["resources"] == {"listChanged": True}
    assert capabilities["completions"] == {}


INITIALIZE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}}
