"""Names for ids, counts, histories and short answers of writes, as the bundles declare them."""

import json
from collections import Counter
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from tests.integrations.walking import MOST_OF_A_WRITE
from tests.mcp_client import McpClient
from tests.vendors.freshdesk.api import Freshdesk
from tests.vendors.intercom.api import Intercom
from tests.vendors.zendesk.api import Zendesk
from tools.calling import joining, names


@pytest.fixture(autouse=True)
def _with_names(settings: Settings) -> None:
    settings.NAMES_SECONDS = 300
    names._kept.clear()


def sent_to(stand_in: Any, method: str) -> Any:
    """Return the JSON body of the last request with this method."""
    return json.loads([request.body for request in stand_in.received if request.method == method][-1])


async def test_zendesk_names_groups_agents_statuses_fields_and_brands(zendesk_mcp: McpClient, zendesk: Zendesk) -> None:
    ticket = await zendesk_mcp.value("get_single_zendesk_ticket_by_id", {"id": 1002})
    named = {name: ticket[name] for name in ("group", "agent", "custom_status", "brand")}
    assert named == {"group": "Billing", "agent": "Cy Agent", "custom_status": "Waiting on courier", "brand": "Acme"}
    assert ticket["custom_fields"] == [{"id": 805, "field": "Order number"}]
    comments = (await zendesk_mcp.value("list_all_zendesk_comments", {"ticket_id": 1002}))["comments"]
    assert [comment.get("agent") for comment in comments] == [None, "Bo Agent"]
    # Of all users, only the team is asked for.
    [team] = [request for request in zendesk.received if request.path.endswith("/users")]
    assert team.many("role[]") == ["agent", "admin"]


async def test_zendesk_takes_names_for_ids(zendesk_mcp: McpClient, zendesk: Zendesk) -> None:
    change = {
        "id": 1002, "group_id": "support", "assignee_id": "Bo", "custom_status_id": "Solved",
        "custom_fields": [{"id": "Order number", "value": "7"}],
    }  # fmt: skip
    changed = await zendesk_mcp.value("update_a_zendesk_ticket_by_id", change)
    assert sent_to(zendesk, "PUT")["ticket"] == {
        "group_id": 501, "assignee_id": 102, "custom_status_id": 903,
        "custom_fields": [{"id": 805, "value": "7"}],
    }  # fmt: skip
    assert (changed["group"], changed["agent"]) == ("Support", "Bo Agent")
    sent = len([request for request in zendesk.received if request.method == "PUT"])
    for wrong, words in [
        ({"group_id": "Former team"}, "'Former team' (503, inactive)"),
        ({"assignee_id": "Agent"}, "may be any of 'Bo Agent' (102), 'Cy Agent' (103), 'Di Agent' (104)"),
        ({"custom_status_id": "Lost"}, "There are: 'Open' (901), 'Waiting on courier' (902), 'Solved' (903)."),
    ]:
        assert words in await zendesk_mcp.failure("update_a_zendesk_ticket_by_id", {"id": 1002, **wrong})
    assert len([request for request in zendesk.received if request.method == "PUT"]) == sent
    # An inactive one is taken by its id.
    await zendesk_mcp.value("update_a_zendesk_ticket_by_id", {"id": 1002, "group_id": "503"})
    assert sent_to(zendesk, "PUT")["ticket"] == {"group_id": 503}


async def test_where_names_are_off_a_text_that_is_no_id_is_refused(
    zendesk_mcp: McpClient, zendesk: Zendesk, settings: Settings
) -> None:
    settings.NAMES_SECONDS = 0
    words = await zendesk_mcp.failure("update_a_zendesk_ticket_by_id", {"id": 1002, "group_id": "Support"})
    assert "group_id: 'Support' is no id" in words
    assert [request.method for request in zendesk.received if request.method == "PUT"] == []


async def test_zendesk_counts_with_names_within_what_the_search_gives(zendesk_mcp: McpClient, zendesk: Zendesk) -> None:
    tickets = list(zendesk.data.tables["tickets"].values())
    count = "count_zendesk_search_results"
    assert await zendesk_mcp.value(count, {"query": "type:ticket"}) == {"count": len(tickets), "is_complete": True}
    by_group = await zendesk_mcp.value(count, {"query": "type:ticket", "group_by": "group"})
    assert {group["name"]: group["count"] for group in by_group["groups"]} == Counter(
        {501: "Support", 502: "Billing"}[ticket["group_id"]] for ticket in tickets
    )
    by_tag = await zendesk_mcp.value(count, {"query": "type:ticket", "group_by": "tag"})
    assert {group["value"]: group["count"] for group in by_tag["groups"]} == Counter(
        tag for ticket in tickets for tag in ticket["tags"]
    )
    zendesk.data.tables["tickets"] |= {number: {**tickets[0], "id": number} for number in range(5001, 6100)}
    part = await zendesk_mcp.value(count, {"query": "type:ticket", "group_by": "status"})
    assert (part["count"], part["is_complete"]) == (1000, False)
    assert "the first 1,000 of 1,156" in part["note"]
    assert 422 not in zendesk.answered


async def test_freshdesk_names_groups_agents_products_and_its_numbers(
    freshdesk_mcp: McpClient, freshdesk: Freshdesk
) -> None:
    ticket = await freshdesk_mcp.value("get_single_freshdesk_ticket_by_id", {"id": 4002})
    named = {
        name: ticket[name] for name in ("status_name", "priority_name", "source_name", "group", "agent", "product")
    }
    assert named == {
        "status_name": "Pending", "priority_name": "Medium", "source_name": "Email", "group": "Billing", "agent": "Bo",
        "product": "Product 0",
    }  # fmt: skip
    messages = await freshdesk_mcp.value("list_all_freshdesk_conversations", {"ticket_id": 4002})
    assert messages["conversations"][0]["agent"] == "Ana"
    # An article's status is another than a ticket's.
    assert "status_name" not in await freshdesk_mcp.value("get_single_freshdesk_article_by_id", {"id": 302})
    fields = [request for request in freshdesk.received if request.path.endswith("/ticket_fields")]
    assert len(fields) == 1


async def test_freshdesk_takes_names_for_ids(freshdesk_mcp: McpClient, freshdesk: Freshdesk) -> None:
    change = {"id": 4002, "status": "Waiting on supplier", "group_id": "Returns", "responder_id": "Cy"}
    await freshdesk_mcp.value("update_a_freshdesk_ticket_by_id", change)
    assert sent_to(freshdesk, "PUT") == {"status": 6, "group_id": 33, "responder_id": 73}
    words = await freshdesk_mcp.failure("update_a_freshdesk_ticket_by_id", {"id": 4002, "status": "Done"})
    assert "status: there is no 'Done'" in words
    assert "'Waiting on supplier' (6)" in words


async def test_freshdesk_counts_what_a_search_finds_and_what_is_recent(
    freshdesk_mcp: McpClient, freshdesk: Freshdesk
) -> None:
    tickets = list(freshdesk.data.tables["tickets"].values())
    found = await freshdesk_mcp.value("count_freshdesk_tickets", {"query": '"priority:<4"', "group_by": "status"})
    names_of = {2: "Open", 3: "Pending", 4: "Resolved", 5: "Closed"}
    assert {group["name"]: group["count"] for group in found["groups"]} == Counter(
        names_of[ticket["status"]] for ticket in tickets
    )
    recent = [ticket for ticket in tickets if not ticket["deleted"]]
    counted = await freshdesk_mcp.value(
        "count_recent_freshdesk_tickets", {"updated_since": "2026-01-01T00:00:00Z", "group_by": "created:month"}
    )
    assert counted["groups"] == [{"value": "2026-03", "count": len(recent)}]
    assert counted["is_complete"]


async def test_intercom_names_admins_teams_and_tags(intercom_mcp: McpClient, intercom: Intercom) -> None:
    conversation = await intercom_mcp.value("get_single_intercom_conversation_by_id", {"conversation_id": "401"})
    assert (conversation["admin"], conversation["team"], conversation["tags"]) == ("Ana", "Support", ["refund"])
    intercom.data.tables["contacts"]["contact01"] |= {
        "owner_id": 72, "tags": {"type": "list", "data": [{"type": "tag", "id": "82"}, {"type": "tag", "id": "83"}]},
    }  # fmt: skip
    read = await intercom_mcp.call("get_single_intercom_contact_by_id", {"contact_id": "contact01"})
    contact = json.loads(read["content"][0]["text"])
    assert (contact["admin"], contact["tag_names"]) == ("Bo", ["shipping", "vip"])
    assert read["structuredContent"]["tag_names"] == contact["tag_names"]


async def test_intercom_takes_names_for_ids(intercom_mcp: McpClient, intercom: Intercom) -> None:
    """The one argument of an assignment takes admins and teams."""
    assign = {"conversation_id": "401", "type": "team", "admin_id": "Ana", "assignee_id": "Billing"}
    await intercom_mcp.value("intercom_conversations_assign", assign)
    assert sent_to(intercom, "POST") == {
        "message_type": "assignment", "type": "team", "admin_id": "71", "assignee_id": "62",
    }  # fmt: skip
    await intercom_mcp.value("intercom_conversations_tag", {"conversation_id": "401", "id": "vip", "admin_id": "Bo"})
    assert sent_to(intercom, "POST") == {"id": "83", "admin_id": "72"}
    change = {"ticket_id": "601", "ticket_state_id": "Resolved", "admin_id": "Bo", "assignee_id": "Cy"}
    await intercom_mcp.value("update_a_intercom_ticket_by_id", change)
    assert sent_to(intercom, "PUT") == {"ticket_state_id": "8504", "admin_id": 72, "assignee_id": "73"}
    words = await intercom_mcp.failure("intercom_conversations_assign", {**assign, "assignee_id": "Sales"})
    assert "There are: 'Ana' (71), 'Bo' (72), 'Cy' (73), 'Di' (74), 'Support' (61), 'Billing' (62)." in words


async def test_intercom_counts_conversations_and_tickets(intercom_mcp: McpClient, intercom: Intercom) -> None:
    conversations = intercom.data.tables["conversations"].values()
    is_open = {"query": {"operator": "AND", "value": [{"field": "open", "operator": "=", "value": True}]}}
    count = "count_intercom_conversations"
    expected = [row for row in conversations if row["open"]]
    assert await intercom_mcp.value(count, is_open) == {"count": len(expected), "is_complete": True}
    by_tag = await intercom_mcp.value(count, {**is_open, "group_by": "tag"})
    tags = Counter(tag["name"] for row in expected for tag in row["tags"]["tags"])
    assert {group["value"]: group["count"] for group in by_tag["groups"] if group["value"] != "(none)"} == tags
    by_day = await intercom_mcp.value(count, {**is_open, "group_by": "created:day"})
    assert by_day["groups"] == [{"value": "2026-03-01", "count": len(expected)}]
    states = await intercom_mcp.value("count_intercom_tickets", {**is_open, "group_by": "state"})
    assert states["groups"] == [{"value": "Submitted", "count": 27}]


async def test_the_newest_parts_of_a_conversation_can_be_asked_for(intercom_mcp: McpClient, intercom: Intercom) -> None:
    for number in range(20):
        intercom.data.add_part("conversation", "401", "note", intercom.data.me, f"Note {number}")
    asked = {"conversation_id": "401", "last": 2}
    conversation = await intercom_mcp.value("get_single_intercom_conversation_by_id", asked)
    assert [part["body"] for part in conversation["conversation_parts"]] == ["Note 18", "Note 19"]
    assert conversation["remarks"] == ["conversation_parts has entries 21–22 of 22, counted from the oldest."]


async def test_the_newest_comments_and_those_before_them_can_be_asked_for(
    zendesk_mcp: McpClient, zendesk: Zendesk
) -> None:
    expected = [each["id"] for each in zendesk.data.comments[1008]]
    newest = await zendesk_mcp.value("list_all_zendesk_comments", {"ticket_id": 1008, "last": 5})
    assert [each["id"] for each in newest["comments"]] == expected[-5:]
    assert newest["remarks"] == ["comments has entries 56–60 of 60, counted from the oldest."]
    older = await zendesk_mcp.value("list_all_zendesk_comments", {"ticket_id": 1008, "last": 5, "before_entry": 56})
    assert [each["id"] for each in older["comments"]] == expected[-10:-5]


async def test_a_history_that_is_too_long_to_be_joined_says_which_end_is_missing(
    zendesk_mcp: McpClient, zendesk: Zendesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "MOST_PAGES", 1)
    shown = await zendesk_mcp.value("list_all_zendesk_comments", {"ticket_id": 1008})
    assert len(shown["comments"]) == 50
    assert shown["remarks"] == ["Only the first 50 entries were read, and the newest ones are missing."]
    assert len([request for request in zendesk.received if request.path.endswith("/comments")]) == 1


async def test_only_the_names_of_what_is_shown_are_asked_for(zendesk_mcp: McpClient, zendesk: Zendesk) -> None:
    asked = {"limit": 2, "fields": ["id", "group"]}
    page = await zendesk_mcp.value("list_all_zendesk_tickets", asked)
    assert page["result"] == [{"id": 1001, "group": "Support"}, {"id": 1002, "group": "Billing"}]
    paths = [request.path.rpartition("/")[2] for request in zendesk.received if request.path.startswith("/api/v2/")]
    assert paths[-2:] == ["tickets", "groups"]


WRITES: dict[str, dict[str, Any]] = {
    "update_a_fuse_desk_case_by_id": {"id": "CAS-89102", "summary": "The export ends early"},
    "fuse_desk_cases_add_note": {"id": "CAS-89102", "note": "Called."},
    "fuse_desk_cases_reply": {"id": "CAS-89102", "body": "Good news."},
    "fuse_desk_cases_snooze": {"id": "CAS-89102", "until": "2099-01-05T09:00:00+01:00"},
    "fuse_desk_cases_tag": {"id": "CAS-89102", "tag_id": "refund"},
    "fuse_desk_cases_untag": {"id": "CAS-89102", "tag_id": "refund"},
    "fuse_desk_cases_bulk_update": {"caseids": ["CAS-89102"], "repid": "Maya"},
    "fuse_desk_chats_close": {"id": "CHT-5542"},
}


async def test_a_write_answers_with_the_record_in_short(mcp: McpClient) -> None:
    for name, given in WRITES.items():
        changed = await mcp.value(name, given)
        assert {"history", "messages"}.isdisjoint(changed), name
        assert len(json.dumps(changed)) <= MOST_OF_A_WRITE, name


async def test_the_tags_of_a_case_have_names_in_both_forms(mcp: McpClient) -> None:
    await mcp.value("fuse_desk_cases_tag", {"id": "CAS-89102", "tag_id": "refund"})
    read = await mcp.call("get_single_fuse_desk_case_by_id", {"id": "CAS-89102"})
    case = json.loads(read["content"][0]["text"])
    assert "refund" in case["tag_names"]
    assert len(case["tag_names"]) == len(case["tags"])
    assert read["structuredContent"]["tag_names"] == case["tag_names"]
    counted = await mcp.value("count_fuse_desk_cases", {"group_by": "tag"})
    assert "refund" in {group["name"] for group in counted["groups"]}
