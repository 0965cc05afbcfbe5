"""The overviews of a customer at the other vendors: what they show is what the vendors' own lists have."""

from typing import Any

import pytest

from tests.integrations.walking import walk
from tests.mcp_client import McpClient


@pytest.fixture
def mcp(request: pytest.FixtureRequest, transactional_db: None, vendor: str) -> McpClient:
    """A client of a server with every tool of a vendor."""
    client: McpClient = request.getfixturevalue(f"{vendor}_mcp")
    return client


def entries(shown: dict[str, Any], part: str) -> list[dict[str, Any]]:
    return [entry for entry in shown["timeline"] if entry["part"] == part]


OF_CONTACT = {"operator": "AND", "value": [{"field": "contact_ids", "operator": "=", "value": "contact05"}]}
# The customer, and the vendor's own list of their tickets.
CUSTOMERS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "zendesk": (105, "zendesk_users_requested_tickets", {"id": 105}),
    "freshdesk": (
        1005, "list_all_freshdesk_tickets", {"requester_id": 1005, "updated_since": "2020-01-01T00:00:00Z"},
    ),
    "intercom": ("contact05", "intercom_tickets_search", {"query": OF_CONTACT}),
}  # fmt: skip


@pytest.mark.parametrize("vendor", CUSTOMERS)
async def test_a_customer_is_found_by_id_address_and_name(mcp: McpClient, vendor: str) -> None:
    who, listed, of_customer = CUSTOMERS[vendor]
    overview, subject = f"get_{vendor}_customer_overview", "user" if vendor == "zendesk" else "contact"
    shown = await mcp.value(overview, {"id": who})
    customer = shown[subject]
    assert customer["id"] == who
    assert await mcp.value(overview, {"email": customer["email"]}) == shown
    by_name = await mcp.value(overview, {"name": customer["name"]})
    # Freshdesk's list of names has no more than these.
    assert by_name[subject].items() <= customer.items()
    assert by_name["timeline"] == shown["timeline"]
    records = await walk(mcp, listed, of_customer)
    assert records
    assert {entry["record"]["id"] for entry in entries(shown, "tickets")} == {record["id"] for record in records}
    dates = [entry["at"] for entry in shown["timeline"]]
    assert dates == sorted(dates, reverse=True)
    assert not any(row.keys() & {"failed", "not_asked"} for row in shown["parts"].values()), shown["parts"]


@pytest.mark.parametrize(("vendor", "name"), [("zendesk", "customer"), ("freshdesk", "Cust"), ("intercom", "Customer")])
async def test_several_of_a_name_are_candidates(mcp: McpClient, vendor: str, name: str) -> None:
    shown = await mcp.value(f"get_{vendor}_customer_overview", {"name": name})
    assert len(shown["candidates"]) > 1
    assert "Ask the person which one is meant" in shown["note"]


@pytest.mark.parametrize(("vendor", "part"), [("zendesk", "comments"), ("freshdesk", "messages")])
async def test_the_newest_messages_stand_beside_their_tickets(mcp: McpClient, vendor: str, part: str) -> None:
    shown = await mcp.value(f"get_{vendor}_customer_overview", {"id": 105 if vendor == "zendesk" else 1006})
    tickets = [entry["record"]["id"] for entry in entries(shown, "tickets")][:3]
    messages = entries(shown, part)
    assert {entry["of"] for entry in messages} <= set(tickets)
    assert 0 < len(messages) <= 2 * len(tickets)
    assert all("body" in entry["record"] for entry in messages)
