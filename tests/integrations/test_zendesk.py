"""The Zendesk bundle against its stand-in: OAuth with a person's consent, cursors, bodies with a root member."""

import json
import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from accounts.errors import ConsentNeeded
from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import Environment, IntegratedAccount
from tests.integrations.bundled import load
from tests.integrations.walking import call_every_tool, walk
from tests.mcp_client import McpClient
from tests.people import People
from tests.portal_site import browser
from tests.vendors.file_host import LOG, FileHost
from tests.vendors.zendesk import api as stand_in
from tests.vendors.zendesk.api import Zendesk
from tests.vendors.zendesk.data import TICKETS

ARGUMENTS: dict[str, dict[str, Any]] = {
    "list_all_zendesk_tickets": {"sort": "-updated_at"},
    "get_single_zendesk_ticket_by_id": {"id": 1001},
    "create_a_zendesk_ticket": {
        "subject": "Cannot sign in", "comment": {"body": "Hello", "public": False}, "requester_id": 105,
        "priority": "high", "tags": ["login"], "custom_fields": [{"id": 805, "value": "7"}],
    },
    "update_a_zendesk_ticket_by_id": {"id": 1002, "status": "solved", "assignee_id": 102, "group_id": 501},
    "zendesk_tickets_reply": {"id": 1002, "comment": {"body": "Hello", "public": True}, "status": "pending"},
    "zendesk_tickets_add_note": {"id": 1002, "comment": {"body": "Called", "public": False}},
    "zendesk_tickets_add_tags": {"id": 1002, "tags": ["vip"]},
    "zendesk_tickets_remove_tags": {"id": 1002, "tags": ["vip"]},
    "zendesk_tickets_metrics": {"id": 1002},
    "zendesk_tickets_incidents": {"id": 1001},
    "zendesk_tickets_read_attachment": {"ticket_id": 1001, "attachment_id": "498001"},
    "zendesk_tickets_merge": {"id": 1003, "ids": [1004], "target_comment": "Same order"},
    "delete_a_zendesk_ticket_by_id": {"id": 1005},
    "list_all_zendesk_comments": {"ticket_id": 1001, "sort": "-created_at"},
    "search_zendesk": {"query": "type:ticket status<solved tags:refund", "sort_by": "created_at", "sort_order": "asc"},
    "count_zendesk_search_results": {"query": "type:user"},
    "zendesk_search_export": {"query": "order", "filter_type": "ticket"},
    "list_all_zendesk_users": {"role": ["agent", "admin"]},
    "get_single_zendesk_user_by_id": {"id": 105},
    "zendesk_users_search": {"query": "customer"},
    "zendesk_users_me": {},
    "zendesk_users_requested_tickets": {"id": 105, "sort": "id"},
    "get_zendesk_customer_overview": {"id": 105},
    "create_a_zendesk_user": {"name": "Jane Doe", "email": "jane@example.com", "skip_verify_email": True},
    "update_a_zendesk_user_by_id": {"id": 105, "notes": "Prefers phone"},
    "list_all_zendesk_organizations": {},
    "get_single_zendesk_organization_by_id": {"id": 601},
    "zendesk_organizations_autocomplete": {"name": "ac"},
    "zendesk_organizations_tickets": {"id": 602},
    "zendesk_organizations_users": {"id": 602},
    "create_a_zendesk_organization": {"name": "Elm Inc.", "domain_names": ["elm.example"]},
    "update_a_zendesk_organization_by_id": {"id": 601, "notes": "Renewed"},
    "list_all_zendesk_groups": {"exclude_deleted": True},
    "get_single_zendesk_group_by_id": {"id": 501},
    "list_all_zendesk_views": {"active": True},
    "get_single_zendesk_view_by_id": {"id": 701},
    "zendesk_views_tickets": {"id": 701, "sort_by": "created", "sort_order": "desc"},
    "zendesk_views_count": {"id": 701},
    "list_all_zendesk_macros": {"active": True},
    "zendesk_macros_preview": {"ticket_id": 1002, "id": 751},
    "list_all_zendesk_tags": {},
    "list_all_zendesk_ticket_fields": {},
    "list_all_zendesk_custom_statuses": {"active": True, "status_categories": "open,hold"},
    "list_all_zendesk_satisfaction_ratings": {"score": "received_with_comment", "start_time": 0},
    "get_single_zendesk_satisfaction_rating_by_id": {"id": 851},
    "zendesk_attachments_upload_text": {"filename": "steps.txt", "content": "1. Press the button"},
    "search": {"query": "order"},
    "fetch": {"id": "ticket:1002"},
}  # fmt: skip


def ids(rows: list[Any]) -> list[int]:
    return [row["id"] for row in rows]


def test_an_account_needs_a_persons_consent(environment: Environment) -> None:
    fields = {"subdomain": "acme", "client_id": stand_in.CLIENT_ID, "client_secret": stand_in.CLIENT_SECRET}
    with pytest.raises(ConsentNeeded):
        connect_account(environment, load("zendesk"), "tests", name="Acme", fields=fields)


def test_an_admin_connects_it_in_the_portal(people: People, zendesk: Zendesk) -> None:
    """By the form, the page that leads to the vendor, the vendor's own page, and back."""
    load("zendesk")
    ana = browser(people.owner)
    form = {
        "name": "Our Zendesk",
        "field_subdomain": "acme",
        "field_client_id": stand_in.CLIENT_ID,
        "field_client_secret": stand_in.CLIENT_SECRET,
        "base_url": f"{zendesk.address}/api/v2",
    }
    consent = ana.post("/accounts/connect/zendesk", form, follow=True)
    link = re.search(r'href="([^"]+/oauth/authorizations/new[^"]+)"', consent.content.decode())
    assert link
    sent_back = urlsplit(httpx.get(unescape(link[1])).headers["location"])
    ana.get(f"{sent_back.path}?{sent_back.query}")
    account = IntegratedAccount.objects.get()
    assert (account.name, account.status, zendesk.issued) == ("Our Zendesk", IntegratedAccount.Status.ACTIVE, 1)


def test_what_was_consented_to_is_noted(zendesk_account: IntegratedAccount, zendesk: Zendesk) -> None:
    assert zendesk_account.scopes == ["read", "write"]
    assert zendesk.issued == 1
    asked = next(request for request in zendesk.received if request.path == "/oauth/authorizations/new")
    assert asked.one("scope") == "read write"
    assert asked.one("code_challenge_method") == "S256"


async def test_every_tool_is_answered(zendesk_mcp: McpClient, zendesk: Zendesk) -> None:
    await call_every_tool(zendesk_mcp, zendesk, ARGUMENTS)


LISTS = {
    "list_all_zendesk_tickets": "tickets",
    "list_all_zendesk_users": "users",
    "list_all_zendesk_organizations": "organizations",
    "list_all_zendesk_groups": "groups",
    "list_all_zendesk_views": "views",
    "list_all_zendesk_macros": "macros",
    "list_all_zendesk_ticket_fields": "ticket_fields",
    "list_all_zendesk_satisfaction_ratings": "satisfaction_ratings",
}


async def test_every_list_is_walked_to_its_end_by_cursors(zendesk_mcp: McpClient, zendesk: Zendesk) -> None:
    """The last page has a cursor too: only has_more tells that it is the last."""
    for tool, table in LISTS.items():
        assert ids(await walk(zendesk_mcp, tool, limit=5)) == list(zendesk.data.tables[table]), tool


async def test_a_page_size_that_divides_the_list_costs_no_page_more(zendesk_mcp: McpClient, zendesk: Zendesk) -> None:
    zendesk.received.clear()
    assert len(await walk(zendesk_mcp, "list_all_zendesk_organizations", limit=2)) == 4
    assert len(zendesk.received) == 2


async def test_tags_have_names_alone(zendesk_mcp: McpClient) -> None:
    tags = await walk(zendesk_mcp, "list_all_zendesk_tags", limit=10)
    assert [tag["name"] for tag in tags] == [f"tag_{number}" for number in range(27)]


BELOW = {
    "zendesk_users_requested_tickets": ({"id": 105}, {"requester_id": 105}),
    "zendesk_organizations_tickets": ({"id": 602}, {"organization_id": 602}),
    "zendesk_tickets_incidents": ({"id": 1001}, {"problem_id": 1001}),
}


async def test_tickets_of_something_are_walked_to_their_end(zendesk_mcp: McpClient, zendesk: Zendesk) -> None:
    for tool, (arguments, fits) in BELOW.items():
        rows = zendesk.data.tables["tickets"].values()
        expected = [row["id"] for row in rows if fits.items() <= row.items()]
        assert ids(await walk(zendesk_mcp, tool, arguments, limit=2)) == expected, tool
        assert len(expected) > 2, tool


async def test_a_view_holds_as_many_as_it_says(zendesk_mcp: McpClient) -> None:
    rows = await walk(zendesk_mcp, "zendesk_views_tickets", {"id": 701}, limit=10)
    assert (await zendesk_mcp.value("zendesk_views_count", {"id": 701}))["value"] == len(rows) > 30


async def test_a_view_is_sorted_as_asked(zendesk_mcp: McpClient) -> None:
    newest = {"id": 701, "sort_by": "created", "sort_order": "desc"}
    dates = [row["created_at"] for row in await walk(zendesk_mcp, "zendesk_views_tickets", newest, limit=20)]
    assert dates == sorted(dates, reverse=True)


async def test_a_search_ends_where_the_vendor_does_and_says_what_to_do(
    zendesk_mcp: McpClient, zendesk: Zendesk
) -> None:
    ticket = zendesk.data.tables["tickets"][1001]
    zendesk.data.tables["tickets"] |= {number: {**ticket, "id": number} for number in range(5001, 6100)}
    given = 0
    page: dict[str, Any] = {"next_cursor": ""}
    while page.get("next_cursor") is not None:
        cursor = {"next_cursor": page["next_cursor"]} if page["next_cursor"] else {}
        page = await zendesk_mcp.value("search_zendesk", {"query": "type:ticket", "limit": 100, **cursor})
        given += len(page["result"])
    assert given == 1000
    assert page["total_count"] > 1000
    assert "no more than the first 1,000 items" in page["truncated"][0]["advice"]
    assert 422 not in zendesk.answered


async def test_a_ticket_gets_a_status_of_the_accounts_own_and_loses_its_agent(
    zendesk_mcp: McpClient, zendesk: Zendesk
) -> None:
    statuses = await walk(zendesk_mcp, "list_all_zendesk_custom_statuses", {"active": True})
    assert [(row["id"], row["name"], row["category"]) for row in statuses] == [
        (901, "Open", "open"), (902, "Waiting on courier", "hold"), (903, "Solved", "solved"),
    ]  # fmt: skip
    await zendesk_mcp.value("update_a_zendesk_ticket_by_id", {"id": 1002, "custom_status_id": 902, "assignee_id": None})
    ticket = zendesk.data.tables["tickets"][1002]
    assert (ticket["custom_status_id"], ticket["assignee_id"]) == (902, None)


async def test_a_long_conversation_is_read_in_either_order_with_each_text_once(
    zendesk_mcp: McpClient, zendesk: Zendesk
) -> None:
    expected = ids(zendesk.data.comments[1008])
    comments = await walk(zendesk_mcp, "list_all_zendesk_comments", {"ticket_id": 1008}, limit=25)
    assert ids(comments) == expected
    turned = {"ticket_id": 1008, "sort": "-created_at"}
    assert ids(await walk(zendesk_mcp, "list_all_zendesk_comments", turned, limit=25)) == expected[::-1]
    assert comments[1]["body"] == "Message 1"
    assert comments[1]["channel"] == "api"
    assert {"html_body", "plain_body", "metadata"} & comments[1].keys() == set()
    assert {comment["public"] for comment in comments} == {True, False}


async def test_a_search_is_walked_by_numbered_pages(zendesk_mcp: McpClient, zendesk: Zendesk) -> None:
    query = {"query": 'type:ticket tags:refund "has not arrived"'}
    found = await walk(zendesk_mcp, "search_zendesk", query, limit=4)
    assert ids(found) == [row["id"] for row in zendesk.data.tables["tickets"].values() if "refund" in row["tags"]]
    assert (await zendesk_mcp.value("count_zendesk_search_results", query))["count"] == len(found) == 19


async def test_an_export_is_walked_by_cursors_under_an_alias(zendesk_mcp: McpClient, zendesk: Zendesk) -> None:
    arguments = {"query": "order", "filter_type": "ticket"}
    assert len(await walk(zendesk_mcp, "zendesk_search_export", arguments, limit=20)) == TICKETS
    assert zendesk.received[-1].one("filter[type]") == "ticket"
    assert zendesk.received[-1].one("page[size]") == "20"


async def test_a_list_of_roles_goes_as_the_vendor_writes_lists(zendesk_mcp: McpClient, zendesk: Zendesk) -> None:
    team = await walk(zendesk_mcp, "list_all_zendesk_users", {"role": ["agent", "admin"]})
    assert [user["role"] for user in team] == ["admin", "agent", "agent", "agent"]
    assert zendesk.received[-1].many("role[]") == ["agent", "admin"]


async def test_a_ticket_is_created_noted_and_answered(zendesk_mcp: McpClient, zendesk: Zendesk) -> None:
    made = await zendesk_mcp.value(
        "create_a_zendesk_ticket",
        {"subject": "Cannot sign in", "comment": {"body": "Hello"}, "requester_id": 105, "tags": ["login"]},
    )
    assert json.loads(zendesk.received[-1].body).keys() == {"ticket"}
    note = {"id": made["id"], "comment": {"body": "Known defect", "public": False}}
    await zendesk_mcp.value("zendesk_tickets_add_note", note)
    reply = {"id": made["id"], "comment": {"body": "It works again", "public": True}, "status": "solved"}
    assert (await zendesk_mcp.value("zendesk_tickets_reply", reply))["status"] == "solved"
    comments = await walk(zendesk_mcp, "list_all_zendesk_comments", {"ticket_id": made["id"]})
    expected = [("Hello", True), ("Known defect", False), ("It works again", True)]
    assert [(comment["body"], comment["public"]) for comment in comments] == expected


async def test_a_note_is_never_a_reply_nor_the_other_way(zendesk_mcp: McpClient, zendesk: Zendesk) -> None:
    sent = len(zendesk.received)
    for tool, public in (("zendesk_tickets_add_note", True), ("zendesk_tickets_reply", False)):
        words = await zendesk_mcp.failure(tool, {"id": 1001, "comment": {"body": "x", "public": public}})
        assert "comment.public" in words
    assert len(zendesk.received) == sent


async def test_tags_are_added_and_taken_off(zendesk_mcp: McpClient, zendesk: Zendesk) -> None:
    added = await zendesk_mcp.value("zendesk_tickets_add_tags", {"id": 1002, "tags": ["vip"]})
    assert added["result"] == ["shipping", "vip"]
    taken = await zendesk_mcp.value("zendesk_tickets_remove_tags", {"id": 1002, "tags": ["shipping"]})
    assert taken["result"] == ["vip"]
    assert zendesk.received[-1].method == "DELETE"


async def test_a_text_is_uploaded_as_it_is_and_put_on_a_note(zendesk_mcp: McpClient, zendesk: Zendesk) -> None:
    upload = await zendesk_mcp.value(
        "zendesk_attachments_upload_text", {"filename": "steps.txt", "content": '1. "Press" ü'}
    )
    assert zendesk.data.uploads[upload["token"]]["content"] == '1. "Press" ü'
    assert zendesk.received[-1].media_type == "text/plain"
    note = {"body": "See file", "public": False, "uploads": [upload["token"]]}
    await zendesk_mcp.value("zendesk_tickets_add_note", {"id": 1002, "comment": note})
    comments = await walk(zendesk_mcp, "list_all_zendesk_comments", {"ticket_id": 1002})
    assert comments[-1]["attachments"] == [
        {"id": "498483", "name": "steps.txt", "media_type": "text/plain", "bytes": 13}
    ]


async def test_an_attachment_is_read_from_where_the_vendor_keeps_it(
    zendesk_mcp: McpClient, zendesk: Zendesk, file_host: FileHost
) -> None:
    tool, given = "zendesk_tickets_read_attachment", {"ticket_id": 1008, "attachment_id": "498001"}
    shown = await zendesk_mcp.value(tool, given)
    assert shown["text"] == LOG.decode()
    moved, (fetched,) = zendesk.last, file_host.received
    assert moved.path == "/attachments/token/498001/"
    assert moved.header_value("authorization").startswith("Bearer ")
    assert (fetched.path, fetched.header("authorization")) == ("/log.txt", [])
    assert await zendesk_mcp.failure(tool, {**given, "ticket_id": 1002}) == "The record has no attachments."


async def test_a_delete_that_answers_nothing_is_told_as_done(zendesk_mcp: McpClient, zendesk: Zendesk) -> None:
    assert await zendesk_mcp.value("delete_a_zendesk_ticket_by_id", {"id": 1005}) == {"done": True, "status": 204}
    words = await zendesk_mcp.failure("get_single_zendesk_ticket_by_id", {"id": 1005})
    assert "HTTP 404" in words
    assert "Not found" in words
    assert "RecordNotFound" in words


async def test_what_is_null_is_left_out(zendesk_mcp: McpClient) -> None:
    ticket = await zendesk_mcp.value("get_single_zendesk_ticket_by_id", {"id": 1001})
    assert None not in ticket.values()
    assert ticket["subject"] == "Order 0 has not arrived"


REFUSALS: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "update_a_zendesk_ticket_by_id",
        {"id": 1006, "status": "open"},
        ["HTTP 422", "Record validation errors; Status: closed prevents ticket update", "RecordInvalid"],
    ),
    (
        "create_a_zendesk_organization",
        {"name": "Acme Inc."},
        ["HTTP 422", "Name: Acme Inc. is already being used by another record"],
    ),
    ("zendesk_users_search", {}, ["HTTP 400", "Give query or external_id", "Invalid attribute"]),
    ("zendesk_tickets_merge", {"id": 1003, "ids": [999999]}, ["HTTP 404", "Not found"]),
]


async def test_every_form_of_refusal_comes_in_words(zendesk_mcp: McpClient) -> None:
    for tool, arguments, words in REFUSALS:
        said = await zendesk_mcp.failure(tool, arguments)
        assert [word for word in words if word not in said] == [], said


async def test_a_token_that_is_refused_is_renewed_once_and_the_call_answered(
    zendesk_mcp: McpClient, zendesk: Zendesk
) -> None:
    zendesk.expire()
    assert (await zendesk_mcp.value("zendesk_users_me"))["name"] == "Ana Admin"
    assert zendesk.issued == 2
    assert zendesk.answered[-3:] == [401, 200, 200]


async def test_when_consent_is_withdrawn_the_model_is_told_who_can_help(
    zendesk_mcp: McpClient, zendesk: Zendesk, zendesk_account: IntegratedAccount
) -> None:
    zendesk.expire()
    zendesk.refreshes.clear()
    words = await zendesk_mcp.failure("zendesk_users_me")
    assert "connect" in words
    assert zendesk.issued == 1
    await zendesk_account.arefresh_from_db()
    assert zendesk_account.status == IntegratedAccount.Status.NEEDS_REAUTH


async def test_the_limit_is_told_and_a_429_says_how_long_to_wait(zendesk_mcp: McpClient, zendesk: Zendesk) -> None:
    zendesk.remaining = 2
    meta = (await zendesk_mcp.call("list_all_zendesk_groups"))["_meta"]
    assert (meta["ratelimit-limit"], meta["ratelimit-remaining"], meta["ratelimit-reset"]) == (700, 1, 41)
    # What is no list tells no reset: then the length of the window stands for it.
    meta = (await zendesk_mcp.call("get_single_zendesk_group_by_id", {"id": 501}))["_meta"]
    assert (meta["ratelimit-remaining"], meta["ratelimit-reset"]) == (0, 60)
    sent = len(zendesk.received)
    words = await zendesk_mcp.failure("list_all_zendesk_groups")
    assert "rate limit" in words
    assert "41 seconds" in words
    assert len(zendesk.received) == sent + 1
