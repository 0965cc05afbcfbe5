"""The links of records, and `search` and `fetch`, at each vendor: addresses as its own UI has them."""

from typing import Any

import pytest

from tests.integrations.bundled import BUNDLES, load
from tests.mcp_client import McpClient
from tests.vendors.freshdesk.api import Freshdesk
from tests.vendors.intercom.api import Intercom
from tests.vendors.zendesk.api import Zendesk
from tools.catalogue.compilation import build

ZENDESK = "https://acme.zendesk.com/agent"
FRESHDESK = "https://acme.freshdesk.com/a"
INBOX, APP = "https://app.eu.intercom.com/a/inbox/acme1/inbox", "https://app.eu.intercom.com/a/apps/acme1"
PAGES: dict[str, dict[str, tuple[dict[str, Any], str]]] = {
    "zendesk": {
        "get_single_zendesk_ticket_by_id": ({"id": 1008}, f"{ZENDESK}/tickets/1008"),
        "list_all_zendesk_tickets": ({"limit": 1}, f"{ZENDESK}/tickets/1001"),
        "zendesk_users_requested_tickets": ({"id": 112, "limit": 1}, f"{ZENDESK}/tickets/1008"),
        "zendesk_views_tickets": ({"id": 701, "limit": 1}, f"{ZENDESK}/tickets/1001"),
        "search_zendesk": ({"query": "type:organization", "limit": 1}, f"{ZENDESK}/organizations/601"),
        "zendesk_search_export": ({"query": "agent", "filter_type": "user", "limit": 1}, f"{ZENDESK}/users/102"),
        "zendesk_users_me": ({}, f"{ZENDESK}/users/101"),
        "zendesk_organizations_users": ({"id": 601, "limit": 1}, f"{ZENDESK}/users/105"),
    },
    "freshdesk": {
        "get_single_freshdesk_ticket_by_id": ({"id": 4008}, f"{FRESHDESK}/tickets/4008"),
        "freshdesk_tickets_search": ({"query": "\"tag:'refund'\"", "limit": 1}, f"{FRESHDESK}/tickets/4001"),
        "freshdesk_contacts_autocomplete": ({"term": "Cust", "limit": 1}, f"{FRESHDESK}/contacts/1001"),
        "get_single_freshdesk_company_by_id": ({"id": 11}, f"{FRESHDESK}/companies/11"),
        "freshdesk_articles_search": ({"term": "password", "limit": 1}, f"{FRESHDESK}/solutions/articles/301"),
    },
    "intercom": {
        "list_all_intercom_conversations": ({"limit": 1}, f"{INBOX}/conversation/"),
        "get_single_intercom_contact_by_id": ({"contact_id": "contact00"}, f"{APP}/users/contact00"),
        # An article's own address is the one that readers know.
        "list_all_intercom_articles": ({"limit": 1}, "https://help.example/"),
    },
}


async def check_pages(mcp: McpClient, name: str) -> None:
    """Call each tool, and compare the link of its first record."""
    for tool, (arguments, address) in PAGES[name].items():
        shown = await mcp.value(tool, arguments)
        record = shown["result"][0] if "result_count" in shown else shown
        exact = f"{address}{record['id']}" if address.endswith("/conversation/") else address
        assert record["url"].startswith(address) if address.endswith("/") else record["url"] == exact, (tool, record)


async def titles(mcp: McpClient, query: str) -> dict[str, tuple[str, str]]:
    shown = await mcp.value("search", {"query": query})
    assert "failed" not in shown
    return {each["id"]: (each["title"], each["url"]) for each in shown["results"]}


async def test_zendesk_searches_with_its_own_search(zendesk_mcp: McpClient, zendesk: Zendesk) -> None:
    await check_pages(zendesk_mcp, "zendesk")
    zendesk.received.clear()
    found = await titles(zendesk_mcp, "order 17")
    assert found["ticket:1018"] == ("Order 17 has not arrived", f"{ZENDESK}/tickets/1018")
    assert {(each.path, each.one("query")) for each in zendesk.received} == {
        ("/api/v2/search", "type:ticket order 17"),
        ("/api/v2/users/search", "order 17"),
    }
    ticket = await zendesk_mcp.value("fetch", {"id": "ticket:1018"})
    assert "Hello, where is order 17?" in ticket["text"]
    assert "Message 1" in ticket["text"]
    person = await titles(zendesk_mcp, "Customer 05")
    assert person == {"user:106": ("Customer 05 customer.05@example.com", f"{ZENDESK}/users/106")}
    shown = await zendesk_mcp.value("fetch", {"id": "user:106"})
    assert "has not arrived" in shown["text"]
    assert shown["metadata"]["email"] == "customer.05@example.com"
    assert "The arguments do not fit fetch." in await zendesk_mcp.failure("fetch", {"id": "ticket:x"})


async def test_freshdesk_has_its_newest_tickets_compared(freshdesk_mcp: McpClient, freshdesk: Freshdesk) -> None:
    await check_pages(freshdesk_mcp, "freshdesk")
    found = await titles(freshdesk_mcp, "order 17")
    assert found["ticket:4018"] == ("Order 17 has not arrived", f"{FRESHDESK}/tickets/4018")
    shown = await freshdesk_mcp.value("search", {"query": "Where is it"})
    assert "tickets of the last 30 days by subject and tags (not messages)" in shown["searched"]
    assert "contacts by the beginning of a name (not email address)" in shown["searched"]
    ticket = await freshdesk_mcp.value("fetch", {"id": "ticket:4018"})
    assert "Message 1" in ticket["text"]
    assert "Order (https://shop.example/17)" in ticket["text"]
    assert (await titles(freshdesk_mcp, "password"))["article:301"] == (
        "Reset your password, part 0", f"{FRESHDESK}/solutions/articles/301",
    )  # fmt: skip


async def test_intercom_is_asked_for_each_word(intercom_mcp: McpClient, intercom: Intercom) -> None:
    await check_pages(intercom_mcp, "intercom")
    listed = (await intercom_mcp.value("list_all_intercom_conversations", {"limit": 5}))["result"]
    wanted = listed[4]
    words = wanted["source"]["body"]
    intercom.received.clear()
    found = await titles(intercom_mcp, words)
    assert found[f"conversation:{wanted['id']}"][1] == f"{INBOX}/conversation/{wanted['id']}"
    [asked] = [each for each in intercom.received if each.path == "/conversations/search"]
    assert len(asked.json()["query"]["value"]) > 1
    read = await intercom_mcp.value("fetch", {"id": f"conversation:{wanted['id']}"})
    assert words in read["text"]
    # Nothing says how to link to a ticket.
    assert (await titles(intercom_mcp, "Repair 7"))["ticket:608"] == ("Repair 7", "https://app.intercom.com/")


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(path.stem for path in BUNDLES.glob("*.yaml")))
def test_each_link_and_each_search_is_of_what_is_documented(name: str) -> None:
    catalogue = build(load(name))
    assert catalogue.definition
    for resource, held in catalogue.definition.resources.items():
        if held.searchable:
            lister = catalogue.of_method(held.searchable.method)
            assert lister
            assert lister.pager
            assert lister.input_schema["properties"].keys() >= held.searchable.arguments.keys()
            for key, argument in held.searchable.beside.items():
                beside = catalogue.of_method(key)
                assert beside
                assert argument in beside.input_schema["properties"]
        if held.record_url:
            assert catalogue.of_method(f"{resource}.get")
