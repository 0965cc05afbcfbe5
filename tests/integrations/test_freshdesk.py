"""The Freshdesk bundle against its stand-in: basic authentication, Link headers, numbered searches, files."""

import json
from typing import Any

import pytest

from accounts.errors import ConnectionRefused
from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import Environment
from tests.integrations.bundled import load
from tests.integrations.walking import call_every_tool, walk
from tests.mcp_client import McpClient
from tests.vendors.file_host import LOG, FileHost
from tests.vendors.freshdesk.api import Freshdesk
from tests.vendors.freshdesk.data import RECENT

ARGUMENTS: dict[str, dict[str, Any]] = {
    "list_all_freshdesk_tickets": {"include": ["requester", "stats"], "order_by": "updated_at", "order_type": "asc"},
    "get_single_freshdesk_ticket_by_id": {"id": 4001, "include": ["conversations", "company"]},
    "freshdesk_tickets_search": {"query": '"status:2 AND priority:1"'},
    "create_a_freshdesk_ticket": {
        "subject": "Cannot sign in", "description": "<p>Hello</p>", "email": "new@example.com", "name": "New",
        "status": 2, "priority": 3, "tags": ["login"], "custom_fields": {"cf_order": "7"},
    },
    "freshdesk_tickets_create_with_files": {
        "subject": "Broken", "description": "<p>See the log</p>", "requester_id": 1001, "status": 2,
        "tags": ["log", "api"],
        "attachments": [{"text": "a log", "filename": "log.txt"}],
    },
    "update_a_freshdesk_ticket_by_id": {"id": 4002, "status": 4, "responder_id": 71, "tags": ["done"]},
    "delete_a_freshdesk_ticket_by_id": {"id": 4003},
    "freshdesk_tickets_restore": {"id": 4003},
    "freshdesk_tickets_merge": {
        "primary_id": 4001, "ticket_ids": [4004], "convert_recepients_to_cc": True,
        "note_in_primary": {"body": "<p>Same order</p>", "private": True},
    },
    "freshdesk_tickets_read_attachment": {"ticket_id": 4001, "attachment_id": "9001"},
    "freshdesk_tickets_archived": {"id": 3001, "include": ["company"]},
    "list_all_freshdesk_conversations": {"ticket_id": 4001},
    "freshdesk_conversations_reply": {"ticket_id": 4001, "body": "<p>Hello</p>", "cc_emails": ["a@example.com"]},
    "freshdesk_conversations_reply_with_files": {
        "ticket_id": 4001, "body": "<p>Here it is</p>", "cc_emails": ["a@example.com", "b@example.com"],
        "attachments": [{"content_base64": "iVBORw0KGgo=", "filename": "a.png", "media_type": "image/png"}],
    },
    "freshdesk_conversations_add_note": {
        "ticket_id": 4001, "body": "<p>Called</p>", "notify_emails": ["bo@desk.example"],
    },
    "freshdesk_conversations_update_note": {"id": 0, "body": "<p>Called twice</p>"},
    "list_all_freshdesk_contacts": {"email": "customer05@example.com"},
    "get_single_freshdesk_contact_by_id": {"id": 1001},
    "freshdesk_contacts_search": {"query": '"active:true AND tag:\'vip\'"'},
    "freshdesk_contacts_autocomplete": {"term": "Cust"},
    "get_freshdesk_customer_overview": {"id": 1001},
    "create_a_freshdesk_contact": {"name": "Jane Doe", "email": "jane@example.com", "company_id": 11},
    "update_a_freshdesk_contact_by_id": {"id": 1002, "job_title": "Buyer"},
    "list_all_freshdesk_companies": {},
    "get_single_freshdesk_company_by_id": {"id": 11},
    "freshdesk_companies_autocomplete": {"name": "Ac"},
    "create_a_freshdesk_company": {"name": "Elm", "domains": ["elm.example"], "renewal_date": "2026-12-31"},
    "update_a_freshdesk_company_by_id": {"id": 12, "note": "Renewed"},
    "list_all_freshdesk_agents": {"state": "fulltime"},
    "get_single_freshdesk_agent_by_id": {"id": 72},
    "freshdesk_agents_autocomplete": {"term": "Bo"},
    "freshdesk_agents_me": {},
    "list_all_freshdesk_groups": {},
    "list_all_freshdesk_ticket_fields": {},
    "freshdesk_canned_responses_folders": {},
    "list_all_freshdesk_canned_responses": {"folder_id": 81},
    "get_single_freshdesk_canned_response_by_id": {"id": 91},
    "freshdesk_articles_categories": {},
    "freshdesk_articles_folders": {"category_id": 41},
    "list_all_freshdesk_articles": {"folder_id": 51},
    "get_single_freshdesk_article_by_id": {"id": 302},
    "freshdesk_articles_search": {"term": "reset password"},
    "create_a_freshdesk_article": {
        "folder_id": 51, "title": "New one", "description": "<p>Text</p>", "type": 1, "status": 1,
    },
    "update_a_freshdesk_article_by_id": {"id": 303, "status": 1, "tags": ["old"]},
    "list_all_freshdesk_time_entries": {"agent_id": 71, "billable": True, "executed_after": "2026-01-01T00:00:00Z"},
    "freshdesk_time_entries_of_ticket": {"ticket_id": 4001},
    "create_a_freshdesk_time_entry": {"ticket_id": 4001, "time_spent": "00:20", "note": "Call", "billable": False},
    "update_a_freshdesk_time_entry_by_id": {"id": 501, "note": "Long call"},
    "list_all_freshdesk_satisfaction_ratings": {"user_id": 1001},
    "search": {"query": "order"},
    "fetch": {"id": "ticket:4001"},
}  # fmt: skip


def ids(rows: list[Any]) -> list[int]:
    return [row["id"] for row in rows]


def test_a_wrong_key_is_not_connected(environment: Environment, freshdesk: Freshdesk) -> None:
    with pytest.raises(ConnectionRefused, match="You have to be logged in"):
        connect_account(
            environment,
            load("freshdesk"),
            "tests",
            name="Wrong",
            fields={"domain": "acme", "api_key": "somebody-elses-key"},
            base_url=f"{freshdesk.address}/api/v2",
        )


async def test_every_tool_is_answered(freshdesk_mcp: McpClient, freshdesk: Freshdesk) -> None:
    note = next(row["id"] for row in freshdesk.data.tables["conversations"].values() if row["source"] == 2)
    await call_every_tool(
        freshdesk_mcp,
        freshdesk,
        {**ARGUMENTS, "freshdesk_conversations_update_note": {"id": note, "body": "<p>New</p>"}},
    )


LISTS = {
    "list_all_freshdesk_contacts": "contacts",
    "list_all_freshdesk_companies": "companies",
    "list_all_freshdesk_agents": "agents",
    "list_all_freshdesk_groups": "groups",
    "list_all_freshdesk_time_entries": "time_entries",
    "list_all_freshdesk_satisfaction_ratings": "satisfaction_ratings",
    "freshdesk_canned_responses_folders": "canned_response_folders",
    "freshdesk_articles_categories": "categories",
}


async def test_every_list_is_walked_to_its_end_by_links(freshdesk_mcp: McpClient, freshdesk: Freshdesk) -> None:
    for tool, table in LISTS.items():
        assert ids(await walk(freshdesk_mcp, tool, limit=4)) == list(freshdesk.data.tables[table]), tool


async def test_tickets_are_walked_with_their_filters_kept_by_the_links(
    freshdesk_mcp: McpClient, freshdesk: Freshdesk
) -> None:
    tickets = freshdesk.data.tables["tickets"].values()
    assert ids(await walk(freshdesk_mcp, "list_all_freshdesk_tickets", limit=7)) == list(range(4000 + RECENT, 4000, -1))
    since = {"updated_since": "2026-01-01T00:00:00Z", "company_id": 12, "order_type": "asc"}
    expected = [row["id"] for row in tickets if row["company_id"] == 12 and not row["deleted"]]
    assert ids(await walk(freshdesk_mcp, "list_all_freshdesk_tickets", since, limit=3)) == expected
    assert len(expected) > 3


BELOW = {
    "list_all_freshdesk_conversations": ("conversations", {"ticket_id": 4007}),
    "list_all_freshdesk_articles": ("articles", {"folder_id": 51}),
    "freshdesk_articles_folders": ("folders", {"category_id": 41}),
    "list_all_freshdesk_canned_responses": ("canned_responses", {"folder_id": 81}),
    "freshdesk_time_entries_of_ticket": ("time_entries", {"ticket_id": 4001}),
}


async def test_what_lies_below_something_is_walked_to_its_end(freshdesk_mcp: McpClient, freshdesk: Freshdesk) -> None:
    for tool, (table, owner) in BELOW.items():
        rows = freshdesk.data.tables[table].values()
        expected = [row["id"] for row in rows if owner.items() <= row.items()]
        assert ids(await walk(freshdesk_mcp, tool, owner, limit=3)) == expected, tool
        assert expected, tool


@pytest.mark.parametrize("limit", [30, 11])
async def test_a_search_is_walked_by_numbered_pages(freshdesk_mcp: McpClient, freshdesk: Freshdesk, limit: int) -> None:
    """The vendor's pages hold 30 whatever is asked; smaller ones are cut from them here."""
    found = await walk(freshdesk_mcp, "freshdesk_tickets_search", {"query": '"priority:<4"'}, limit=limit)
    assert ids(found) == [row["id"] for row in freshdesk.data.tables["tickets"].values() if row["priority"] <= 4]
    assert len(found) == 64
    assert {request.one("per_page") for request in freshdesk.received[1:]} == {""}


async def test_a_search_ends_with_its_tenth_page_and_says_what_to_do(
    freshdesk_mcp: McpClient, freshdesk: Freshdesk
) -> None:
    ticket = freshdesk.data.tables["tickets"][4001]
    freshdesk.data.tables["tickets"] |= {number: {**ticket, "id": number} for number in range(6001, 6400)}
    given = 0
    page: dict[str, Any] = {"next_cursor": ""}
    while page.get("next_cursor") is not None:
        cursor = {"next_cursor": page["next_cursor"]} if page["next_cursor"] else {}
        asked = {"query": '"priority:<4"', "limit": 30, **cursor}
        page = await freshdesk_mcp.value("freshdesk_tickets_search", asked)
        given += len(page["result"])
    assert given == 300
    assert "no more than the first 300 items" in page["truncated"][0]["advice"]
    assert 400 not in freshdesk.answered


async def test_an_archived_ticket_is_read_where_the_lists_leave_it_out(freshdesk_mcp: McpClient) -> None:
    assert (await freshdesk_mcp.value("freshdesk_tickets_archived", {"id": 3001}))["id"] == 3001
    assert "404" in await freshdesk_mcp.failure("get_single_freshdesk_ticket_by_id", {"id": 3001})


async def test_merged_tickets_are_closed(freshdesk_mcp: McpClient, freshdesk: Freshdesk) -> None:
    await freshdesk_mcp.value("freshdesk_tickets_merge", {"primary_id": 4001, "ticket_ids": [4002, 4004]})
    assert [freshdesk.data.tables["tickets"][each]["status"] for each in (4002, 4004)] == [5, 5]


async def test_lists_that_come_whole_are_cut_into_pages(freshdesk_mcp: McpClient) -> None:
    assert len(await walk(freshdesk_mcp, "freshdesk_contacts_autocomplete", {"term": "customer"}, limit=10)) == 33
    companies = await walk(freshdesk_mcp, "freshdesk_companies_autocomplete", {"name": "ac"}, limit=1)
    assert [row["name"] for row in companies] == ["Acme", "Acorn"]
    fields = await walk(freshdesk_mcp, "list_all_freshdesk_ticket_fields")
    assert fields[1]["choices"]["6"][0] == "Waiting on supplier"


async def test_html_comes_as_text_once_with_its_links(freshdesk_mcp: McpClient) -> None:
    ticket = await freshdesk_mcp.value("get_single_freshdesk_ticket_by_id", {"id": 4001})
    assert ticket["description"].startswith("Hello, where is order 0?")
    assert "https://shop.example/0" in ticket["description"]
    assert "<" not in ticket["description"]
    assert "description_text" not in ticket
    assert "responder_id" not in ticket  # what is null is left out
    article = await freshdesk_mcp.value("get_single_freshdesk_article_by_id", {"id": 302})
    assert "Forgot password" in article["description"]
    assert "<" not in article["description"]
    messages = await freshdesk_mcp.value("list_all_freshdesk_conversations", {"ticket_id": 4002})
    assert [row["body"] for row in messages["result"]] == ["Message 0", "Message 1"]
    assert "body_text" not in messages["result"][0]


async def test_fields_narrow_what_comes_back(freshdesk_mcp: McpClient) -> None:
    page = await freshdesk_mcp.value("list_all_freshdesk_contacts", {"fields": ["id", "email"], "limit": 1})
    assert page["result"] == [{"id": 1001, "email": "customer00@example.com"}]


async def test_a_ticket_is_created_changed_and_answered(freshdesk_mcp: McpClient, freshdesk: Freshdesk) -> None:
    made = await freshdesk_mcp.value(
        "create_a_freshdesk_ticket",
        {"subject": "Cannot sign in", "description": "<p>Hello</p>", "email": "new@example.com", "status": 2},
    )
    assert json.loads(freshdesk.received[-1].body)["status"] == 2
    assert freshdesk.data.tables["contacts"][made["requester_id"]]["email"] == "new@example.com"
    changed = await freshdesk_mcp.value(
        "update_a_freshdesk_ticket_by_id", {"id": made["id"], "status": 6, "group_id": 32}
    )
    assert (changed["status"], changed["group_id"]) == (6, 32)
    await freshdesk_mcp.value("freshdesk_conversations_add_note", {"ticket_id": made["id"], "body": "<p>Known</p>"})
    await freshdesk_mcp.value("freshdesk_conversations_reply", {"ticket_id": made["id"], "body": "<p>Hello</p>"})
    messages = await walk(freshdesk_mcp, "list_all_freshdesk_conversations", {"ticket_id": made["id"]})
    assert [(row["body"], row["private"]) for row in messages] == [("Known", True), ("Hello", False)]


async def test_files_go_along_with_lists_and_numbers(freshdesk_mcp: McpClient, freshdesk: Freshdesk) -> None:
    made = await freshdesk_mcp.value(
        "freshdesk_tickets_create_with_files",
        {
            "subject": "Broken",
            "description": "<p>See the log</p>",
            "requester_id": 1001,
            "priority": 4,
            "tags": ["log", "api"],
            "attachments": [
                {"text": "an error – with an umlaut: ü", "filename": "log.txt"},
                {"content_base64": "iVBORw0KGgo=", "filename": "a.png", "media_type": "image/png"},
            ],
        },
    )
    kept = freshdesk.data.tables["tickets"][made["id"]]
    assert (kept["priority"], kept["tags"]) == (4, ["log", "api"])
    assert [(file["name"], file["content_type"]) for file in kept["attachments"]] == [
        ("log.txt", "text/plain"),
        ("a.png", "image/png"),
    ]
    assert kept["attachments"][0]["_content"].decode() == "an error – with an umlaut: ü"
    assert kept["attachments"][1]["_content"] == b"\x89PNG\r\n\x1a\n"


async def test_attachments_of_the_first_message_and_of_a_late_one_are_read(
    freshdesk_mcp: McpClient, freshdesk: Freshdesk, file_host: FileHost
) -> None:
    ticket = await freshdesk_mcp.value("get_single_freshdesk_ticket_by_id", {"id": 4001})
    assert ticket["attachments"] == [{"id": "9001", "name": "log.txt", "media_type": "text/plain", "bytes": 43}]
    for ticket_id, own, asked in ((4001, "9001", 1), (4007, "9002", 2)):
        freshdesk.received.clear()
        given = {"ticket_id": ticket_id, "attachment_id": own}
        shown = await freshdesk_mcp.value("freshdesk_tickets_read_attachment", given)
        assert shown == {
            "file": {"id": own, "name": "log.txt", "media_type": "text/plain", "bytes": 43}, "text": LOG.decode(),
        }  # fmt: skip
        assert len(freshdesk.received) == asked
        assert file_host.last.header("authorization") == []
    words = await freshdesk_mcp.failure(
        "freshdesk_tickets_read_attachment", {"ticket_id": 4001, "attachment_id": "9002"}
    )
    assert words == (
        "The record has no attachment '9002'. It has: 9001 ('log.txt', text/plain, 43 bytes). "
        "Call again with one of these ids."
    )


async def test_a_note_is_never_public(freshdesk_mcp: McpClient, freshdesk: Freshdesk) -> None:
    note = {"ticket_id": 4001, "body": "<p>x</p>", "private": False}
    assert "private" in await freshdesk_mcp.failure("freshdesk_conversations_add_note", note)
    assert not any(request.method == "POST" for request in freshdesk.received)


async def test_a_refusal_names_the_field_in_words(freshdesk_mcp: McpClient) -> None:
    words = await freshdesk_mcp.failure("update_a_freshdesk_ticket_by_id", {"id": 4001, "group_id": 999})
    assert "HTTP 400" in words
    assert "Validation failed; group_id: There is no group matching the given group_id" in words
    taken = {"name": "Twin", "email": "customer01@example.com"}
    words = await freshdesk_mcp.failure("create_a_freshdesk_contact", taken)
    assert "HTTP 409" in words
    assert "email: It should be a unique value" in words
    assert "duplicate_value" in words


async def test_what_is_not_there_is_told_although_the_vendor_says_nothing(freshdesk_mcp: McpClient) -> None:
    assert "HTTP 404" in await freshdesk_mcp.failure("get_single_freshdesk_ticket_by_id", {"id": 999999})


async def test_a_query_without_its_quotes_is_refused_before_it_is_sent(
    freshdesk_mcp: McpClient, freshdesk: Freshdesk
) -> None:
    sent = len(freshdesk.received)
    assert "query" in await freshdesk_mcp.failure("freshdesk_tickets_search", {"query": "status:2"})
    assert len(freshdesk.received) == sent


async def test_the_limit_is_told_and_a_429_says_how_long_to_wait(
    freshdesk_mcp: McpClient, freshdesk: Freshdesk
) -> None:
    freshdesk.remaining = 1
    result = await freshdesk_mcp.call("list_all_freshdesk_groups")
    assert not result["isError"]
    assert result["_meta"]["ratelimit-limit"] == 700
    assert result["_meta"]["ratelimit-remaining"] == 0
    sent = len(freshdesk.received)
    words = await freshdesk_mcp.failure("list_all_freshdesk_groups")
    assert "rate limit" in words
    assert "24 seconds" in words
    assert len(freshdesk.received) == sent + 1  # never asked twice
