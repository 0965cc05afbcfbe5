"""The Intercom bundle against its stand-in: a bearer token, a version header, cursors in the body, a text as answer."""

import json
from hashlib import sha256
from typing import Any

import pytest

from accounts.errors import ConnectionIncomplete, ConnectionRefused
from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import Environment
from tests.integrations.bundled import load
from tests.integrations.walking import call_every_tool, walk
from tests.mcp_client import McpClient
from tests.vendors.file_host import LOG, FileHost
from tests.vendors.intercom.api import TOKEN, VERSION, Intercom

ADMIN = {"admin_id": "71"}
FILE_ID = sha256(b"log.txt\0log.txt").hexdigest()[:12]


def where(field: str, value: Any, operator: str = "=") -> dict[str, Any]:
    """Return a query of one condition."""
    return {"query": {"operator": "AND", "value": [{"field": field, "operator": operator, "value": value}]}}


ARGUMENTS: dict[str, dict[str, Any]] = {
    "list_all_intercom_conversations": {},
    "get_single_intercom_conversation_by_id": {"conversation_id": "401"},
    "intercom_conversations_search": where("state", "open"),
    "count_intercom_conversations": {**where("state", "open"), "group_by": "admin"},
    "intercom_conversations_reply": {"conversation_id": "401", **ADMIN, "body": "Hello"},
    "intercom_conversations_add_note": {"conversation_id": "401", **ADMIN, "body": "Called"},
    "intercom_conversations_close": {"conversation_id": "401", **ADMIN},
    "intercom_conversations_open": {"conversation_id": "401", **ADMIN},
    "intercom_conversations_read_attachment": {"conversation_id": "401", "attachment_id": FILE_ID},
    "intercom_conversations_snooze": {
        "conversation_id": "401", **ADMIN, "snoozed_until": 4102444800,
    },
    "intercom_conversations_assign": {
        "conversation_id": "401", "type": "team", **ADMIN, "assignee_id": "62",
    },
    "intercom_conversations_tag": {"conversation_id": "401", "id": "82", **ADMIN},
    "intercom_conversations_untag": {"conversation_id": "401", "tag_id": "82", **ADMIN},
    "intercom_conversations_convert": {
        "conversation_id": "401", "ticket_type_id": "100", "attributes": {"_default_title_": "Lost"},
    },
    "intercom_tickets_search": where("title", "Repair", "^"),
    "count_intercom_tickets": {**where("open", True), "group_by": "state"},
    "get_single_intercom_ticket_by_id": {"ticket_id": "601"},
    "create_a_intercom_ticket": {
        "ticket_type_id": "100", "contacts": [{"id": "contact01"}], "ticket_attributes": {"_default_title_": "Lost"},
    },
    "update_a_intercom_ticket_by_id": {
        "ticket_id": "601", "ticket_state_id": "8502", "admin_id": 71, "assignee_id": "72",
    },
    "intercom_tickets_reply": {"ticket_id": "601", **ADMIN, "body": "Hello"},
    "intercom_tickets_add_note": {"ticket_id": "601", **ADMIN, "body": "Called"},
    "intercom_tickets_read_attachment": {"ticket_id": "601", "attachment_id": FILE_ID},
    "list_all_intercom_ticket_types": {},
    "list_all_intercom_ticket_states": {},
    "list_all_intercom_contacts": {},
    "get_single_intercom_contact_by_id": {"contact_id": "contact01"},
    "get_intercom_customer_overview": {"id": "contact01"},
    "intercom_contacts_search": where("email", "customer05@example.com"),
    "create_a_intercom_contact": {"role": "lead", "email": "jane@example.com", "name": "Jane Doe"},
    "update_a_intercom_contact_by_id": {"contact_id": "contact02", "phone": "+353871234567", "owner_id": 72},
    "intercom_contacts_archive": {"contact_id": "contact03"},
    "list_all_intercom_contact_notes": {"contact_id": "contact01"},
    "create_a_intercom_contact_note": {"contact_id": "contact01", **ADMIN, "body": "Prefers phone"},
    "list_all_intercom_companies": {"order": "asc"},
    "get_single_intercom_company_by_id": {"company_id": "company01"},
    "intercom_companies_contacts": {"company_id": "company01"},
    "list_all_intercom_articles": {},
    "get_single_intercom_article_by_id": {"article_id": 302},
    "intercom_articles_search": {"phrase": "reset", "state": "published"},
    "create_a_intercom_article": {"title": "New one", "author_id": 71, "body": "<p>Text</p>", "state": "draft"},
    "update_a_intercom_article_by_id": {"article_id": 303, "state": "draft"},
    "list_all_intercom_help_center_collections": {},
    "list_all_intercom_admins": {},
    "get_single_intercom_admin_by_id": {"admin_id": 72},
    "intercom_admins_me": {},
    "list_all_intercom_teams": {},
    "list_all_intercom_tags": {},
    "list_all_intercom_calls": {},
    "get_single_intercom_call_by_id": {"call_id": "1"},
    "intercom_calls_transcript": {"call_id": "1"},
    "search": {"query": "order"},
    "fetch": {"id": "conversation:401"},
}  # fmt: skip


def ids(rows: list[Any]) -> list[str]:
    return [row["id"] for row in rows]


def test_only_a_host_of_the_vendor_is_connected(environment: Environment) -> None:
    """The token goes to that host: an address that somebody made up must not get it."""
    fields = {"api_host": "api.intercom.io.example.com", "token": TOKEN}
    with pytest.raises(ConnectionIncomplete):
        connect_account(environment, load("intercom"), "tests", name="Wrong", fields=fields)


def test_a_wrong_token_is_not_connected(environment: Environment, intercom: Intercom) -> None:
    fields = {"api_host": "api.intercom.io", "token": "somebody-elses-token"}
    with pytest.raises(ConnectionRefused, match="Access Token Invalid"):
        connect_account(environment, load("intercom"), "tests", name="Wrong", fields=fields, base_url=intercom.address)


async def test_every_tool_is_answered(intercom_mcp: McpClient, intercom: Intercom) -> None:
    await call_every_tool(intercom_mcp, intercom, ARGUMENTS)
    assert {request.header_value("intercom-version") for request in intercom.received} == {VERSION}


LISTS = {
    "list_all_intercom_conversations": ("conversations", 20),
    "list_all_intercom_contacts": ("contacts", 10),
    "list_all_intercom_companies": ("companies", 5),
    "list_all_intercom_articles": ("articles", 10),
    "list_all_intercom_help_center_collections": ("collections", 2),
    "list_all_intercom_calls": ("calls", 9),
    "list_all_intercom_admins": ("admins", 3),
    "list_all_intercom_teams": ("teams", 1),
    "list_all_intercom_tags": ("tags", 2),
    "list_all_intercom_ticket_types": ("ticket_types", 1),
    "list_all_intercom_ticket_states": ("ticket_states", 3),
}


async def test_every_list_is_walked_to_its_end(intercom_mcp: McpClient, intercom: Intercom) -> None:
    """By cursor, by number, or cut from a whole: as the vendor gives it, a model sees no difference."""
    for tool, (table, limit) in LISTS.items():
        assert sorted(ids(await walk(intercom_mcp, tool, limit=limit))) == sorted(intercom.data.tables[table]), tool


async def test_a_search_is_walked_by_a_cursor_in_the_body(intercom_mcp: McpClient, intercom: Intercom) -> None:
    found = await walk(intercom_mcp, "intercom_conversations_search", where("state", "open"), limit=5)
    assert ids(found) == [row["id"] for row in intercom.data.tables["conversations"].values() if row["open"]]
    sent = json.loads(intercom.received[-1].body)
    assert sent["pagination"] == {"per_page": 5, "starting_after": "c15"}
    assert sent["query"] == where("state", "open")["query"]
    assert intercom.received[-1].parameters == []


async def test_a_search_reads_and_so_does_every_list(intercom_mcp: McpClient) -> None:
    tools = (await intercom_mcp.request("tools/list")).json()["result"]["tools"]
    hints = {tool["name"]: tool["annotations"]["readOnlyHint"] for tool in tools}
    assert hints["intercom_conversations_search"]
    assert hints["list_all_intercom_companies"]
    assert not hints["intercom_conversations_close"]


async def test_a_condition_may_name_a_list(intercom_mcp: McpClient) -> None:
    addresses = [f"customer0{number}@example.com" for number in (3, 5)]
    page = await intercom_mcp.value("intercom_contacts_search", where("email", addresses, "IN"))
    assert ids(page["result"]) == ["contact03", "contact05"]
    assert page["total_count"] == 2


async def test_tickets_are_found_by_date_and_by_whether_they_are_open(
    intercom_mcp: McpClient, intercom: Intercom
) -> None:
    rows = [row for row in intercom.data.tables["tickets"].values() if row["open"]]
    found = await walk(intercom_mcp, "intercom_tickets_search", where("open", True))
    assert ids(found) == ids(rows)
    first = min(row["created_at"] for row in rows)
    assert await walk(intercom_mcp, "intercom_tickets_search", where("created_at", first, "<="))


async def test_conditions_may_be_joined_by_or(intercom_mcp: McpClient) -> None:
    either = [{"field": "email", "operator": "=", "value": f"customer0{number}@example.com"} for number in (3, 5)]
    asked = {"query": {"operator": "OR", "value": either}, "detail": "full"}
    found = await walk(intercom_mcp, "intercom_contacts_search", asked)
    assert ids(found) == ["contact03", "contact05"]
    assert found[0]["company_ids"] == ["company03"]
    assert found[0]["location"] == {"country": "Ireland", "city": "Dublin"}


async def test_members_of_a_company_and_notes_are_walked(intercom_mcp: McpClient, intercom: Intercom) -> None:
    people = await walk(intercom_mcp, "intercom_companies_contacts", {"company_id": "company01"}, limit=2)
    assert ids(people) == ["contact01", "contact18", "contact35"]
    for number in range(3):
        intercom.data.add_note("contact01", intercom.data.me, f"Note {number}")
    notes = await walk(intercom_mcp, "list_all_intercom_contact_notes", {"contact_id": "contact01"}, limit=2)
    assert [note["body"] for note in notes] == ["Note 0", "Note 1", "Note 2"]


async def test_articles_are_found_without_their_texts_and_read_as_text(intercom_mcp: McpClient) -> None:
    found = await walk(intercom_mcp, "intercom_articles_search", {"phrase": "reset", "state": "published"}, limit=10)
    assert len(found) == 24
    assert "body" not in found[0]
    article = await intercom_mcp.value("get_single_intercom_article_by_id", {"article_id": 302})
    assert "Press Forgot password." in article["body"]
    assert "<" not in article["body"]
    assert "translated_content" not in article


async def test_a_conversation_is_read_answered_and_closed(intercom_mcp: McpClient, intercom: Intercom) -> None:
    conversation = {"conversation_id": "401"}
    await intercom_mcp.value("intercom_conversations_add_note", {**conversation, **ADMIN, "body": "Known"})
    await intercom_mcp.value("intercom_conversations_reply", {**conversation, **ADMIN, "body": "It is on its way"})
    close = {**conversation, **ADMIN}
    assert (await intercom_mcp.value("intercom_conversations_close", close))["state"] == "closed"
    read = await intercom_mcp.value("get_single_intercom_conversation_by_id", conversation)
    assert read["source"]["body"] == "Hello, where is order 0?"
    parts = [(part["part_type"], part.get("body")) for part in read["conversation_parts"]]
    assert parts[-3:] == [("note", "Known"), ("comment", "It is on its way"), ("close", None)]
    assert read["tags"] == ["refund"]
    assert read["contacts"] == ["contact00"]


async def test_work_is_assigned_to_a_team(intercom_mcp: McpClient, intercom: Intercom) -> None:
    assign = {"conversation_id": "401", "type": "team", **ADMIN, "assignee_id": "62"}
    assert (await intercom_mcp.value("intercom_conversations_assign", assign))["team_assignee_id"] == 62
    words = await intercom_mcp.failure("intercom_conversations_assign", {**assign, "assignee_id": "999"})
    assert "Resource Not Found" in words


@pytest.mark.parametrize("tool", ["intercom_conversations_add_note", "intercom_tickets_add_note"])
async def test_a_note_is_never_a_comment(intercom_mcp: McpClient, intercom: Intercom, tool: str) -> None:
    sent = len(intercom.received)
    kind = {"message_type": "comment", "type": "admin"}
    owner = {"ticket_id": "601"} if "tickets" in tool else {"conversation_id": "401"}
    words = await intercom_mcp.failure(tool, {**owner, **ADMIN, **kind, "body": "x"})
    assert "message_type" in words
    assert len(intercom.received) == sent


async def test_a_ticket_is_created_and_changed(intercom_mcp: McpClient, intercom: Intercom) -> None:
    made = await intercom_mcp.value("create_a_intercom_ticket", ARGUMENTS["create_a_intercom_ticket"])
    assert made["ticket_attributes"]["_default_title_"] == "Lost"
    assert made["ticket_type"] == {"id": "100", "name": "Repair"}
    change = {"ticket_id": made["id"], "ticket_state_id": "8504", "open": False}
    changed = await intercom_mcp.value("update_a_intercom_ticket_by_id", change)
    assert changed["ticket_state"]["category"] == "resolved"
    assert not changed["open"]
    words = await intercom_mcp.failure("update_a_intercom_ticket_by_id", {**change, "ticket_state_id": "1"})
    assert "Ticket state id is not valid" in words
    assert "ticket_state_id_invalid" in words


async def test_a_transcript_comes_as_text(intercom_mcp: McpClient) -> None:
    result = await intercom_mcp.call("intercom_calls_transcript", {"call_id": "1"})
    assert not result["isError"]
    assert "Customer: Where is my order – the große one?" in result["content"][0]["text"]
    words = await intercom_mcp.failure("intercom_calls_transcript", {"call_id": "2"})
    assert "Transcript not found" in words


async def test_an_attachment_keeps_its_id_although_its_address_changes(
    intercom_mcp: McpClient, intercom: Intercom, file_host: FileHost
) -> None:
    for kind, owner, place in (("conversation", "401", "source"), ("ticket", "601", "ticket_parts")):
        named = {f"{kind}_id": owner}
        record = await intercom_mcp.value(f"get_single_intercom_{kind}_by_id", named)
        held = record[place] if place == "source" else record[place][0]
        assert held["attachments"] == [{"id": FILE_ID, "name": "log.txt", "media_type": "text/plain", "bytes": 43}]
        assert file_host.address not in json.dumps(record)
        shown = await intercom_mcp.value(f"intercom_{kind}s_read_attachment", {**named, "attachment_id": FILE_ID})
        assert shown["text"] == LOG.decode()
        assert file_host.last.header("authorization") == []
    assert len({request.query for request in file_host.received}) == 2


async def test_several_refusals_come_as_one_sentence(intercom_mcp: McpClient) -> None:
    words = await intercom_mcp.failure("create_a_intercom_contact", {"role": "user", "email": "customer01@example.com"})
    assert "HTTP 409" in words
    assert "A contact matching those details already exists with id=contact01" in words
    assert "conflict" in words


async def test_the_limit_is_told_and_a_429_says_how_long_to_wait(intercom_mcp: McpClient, intercom: Intercom) -> None:
    intercom.remaining = 1
    meta = (await intercom_mcp.call("list_all_intercom_tags"))["_meta"]
    assert (meta["ratelimit-limit"], meta["ratelimit-remaining"]) == (1667, 0)
    assert meta["ratelimit-reset"] > 0  # from the moment that X-RateLimit-Reset names
    sent = len(intercom.received)
    words = await intercom_mcp.failure("list_all_intercom_tags")
    assert "rate limit" in words
    assert len(intercom.received) == sent + 1
