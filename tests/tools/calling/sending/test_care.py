"""What is refused before anything is sent, since it cannot have been meant; and what a refusal says."""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from asgiref.sync import sync_to_async
from hypothesis import given
from hypothesis import strategies as st

from accounts.integrated_accounts.lifecycle import set_time_zone
from accounts.models import IntegratedAccount
from tests.fuse_desk import requests
from tests.mcp_client import McpClient
from tests.vendors.scripted import ScriptedVendor
from tools.calling.sending.problems import worded
from tools.catalogue.ranges import backward, ranges_of
from tools.catalogue.schemas.checking import compile_checker
from tools.catalogue.schemas.json_schemas import Schema

CASES, UPDATE, BULK = "list_all_fuse_desk_cases", "update_a_fuse_desk_case_by_id", "fuse_desk_cases_bulk_update"
REPLY, MERGE = "fuse_desk_cases_reply", "fuse_desk_cases_merge"


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        (UPDATE, {"id": "CAS-89102"}, "Nothing to change was given. It changes: companyid, "),
        (BULK, {"caseids": ["CAS-89102"]}, "Nothing to change was given. It changes: "),
        ("update_a_fuse_desk_contact_by_id", {"id": "1042"}, "Nothing to change was given."),
        (CASES, {"status": "pending"}, 'status: "pending" is not one of "new", "open", "closed", "active".'),
        (
            CASES,
            {"date_opened": {"after": "2026-03-02T00:00:00Z", "before": "2026-03-01T00:00:00Z"}},
            "date_opened.after comes after date_opened.before, so nothing lies between them",
        ),
        (
            CASES,
            {"date_opened": {"after": "2026-11-30T09:00:00"}},
            'date_opened.after: "2026-11-30T09:00:00" needs a date, a time and its offset from UTC, such as',
        ),
        (
            REPLY,
            {"id": "CAS-89102", "body": "Hi", "to": "not-an-address"},
            'to: "not-an-address" has something that is no',
        ),
        (
            REPLY,
            {"id": "CAS-89102", "body": "Hi", "cc": "a@example.com; bob"},
            "has something that is no email address",
        ),
        (REPLY, {"id": "CAS-89102", "body": "Hi", "from": "us"}, 'from: "us" is not an email address.'),
        (
            UPDATE,
            {"id": "CHT-5542", "status": "open"},
            "id: 'CHT-5542' is the id of a chat; it takes the id of a case, such as CAS-89102.",
        ),
        (UPDATE, {"id": "CON-12", "status": "open"}, "id: 'CON-12' is no id of a case, such as CAS-89102."),
        (
            UPDATE,
            {"id": "1", "contactid": "jane.doe@example.com"},
            "'jane.doe@example.com' is no id of a contact, such as 1042. list_all_fuse_desk_contacts tells it.",
        ),
        (
            BULK,
            {"caseids": ["1", "DEP-04"], "status": "open"},
            "caseids[1]: 'DEP-04' is the id of a department; it takes",
        ),
        (
            CASES,
            {"depid": "CAS-1"},
            "depid: 'CAS-1' is the id of a case; it takes the id of a department, such as DEP-04.",
        ),
        (
            CASES,
            {"date_opened": "2026-11-28"},
            'date_opened: "2026-11-28" is not of type "object". Give an object with any',
        ),
        (CASES, {"date_opened": "2026-11-28"}, " of: after, before."),
        (CASES, {"fields": "id,summary"}, 'fields: "id,summary" is not of type "array". Give a list.'),
        (
            UPDATE,
            {"id": ["CAS-89102"], "status": "open"},
            'id: ["CAS-89102"] is not of type "string". Give one value alone.',
        ),
        (MERGE, {"caseids": ["CAS-89102"]}, "caseids: "),
        (BULK, {"caseids": ["1", "2"], "merge": True}, "merge is not an argument of this tool"),
        (CASES, {"fields": ["zzz"]}, "it has: id, casenum, contactid, contactUuid, companyid, summary, details, "),
    ],
)
async def test_what_cannot_be_meant_is_refused_and_nothing_is_sent(
    mcp: McpClient, vendor: httpx.Client, tool: str, arguments: dict[str, Any], words: str
) -> None:
    told = await mcp.failure(tool, arguments)
    assert words in told
    assert "Nothing was sent to FuseDesk." in told
    assert requests(vendor) == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("fuse_desk_cases_delete", ""),
        ("delete_a_fuse_desk_case_by_id", "delete_a_fuse_desk_case_tag_by_id"),
        ("list_fuse_desk_cases", "list_all_fuse_desk_cases"),
        ("fuse_desk_cases_replies", "fuse_desk_cases_reply"),
        ("get_single_fuse_desk_case", "get_single_fuse_desk_case_by_id"),
        ("fuse_desk_cases_archive", ""),
        ("close_fuse_desk_chat", "fuse_desk_chats_close"),
    ],
)
async def test_a_wrong_name_leads_to_a_read_or_to_the_same_verb(mcp: McpClient, name: str, meant: str) -> None:
    response = await mcp.request("tools/call", {"name": name, "arguments": {}})
    words = response.json()["error"]["message"]
    hint = f"Did you mean {meant}?" if meant else "Ask tools/list for what there is."
    assert words == f"Unknown tool: {name}. Nothing was done. {hint}"


@pytest.mark.parametrize(
    ("names", "given", "is_backward"),
    [
        (("created_after", "created_before"), ("2026-02-01", "2026-01-01"), True),
        (("created_after", "created_before"), ("2026-01-01", "2026-01-01"), False),
        (("startDate", "endDate"), ("2026-02-01T00:00:00Z", "2026-01-31T23:00:00+02:00"), True),
        (("created[gte]", "created[lte]"), (1_764_000_001, 1_764_000_000), True),
        (("min_price", "max_price"), (5, 2.5), True),
        (("from", "to"), ("zoe@example.com", "amy@example.com"), False),
        (("since", "until"), ("yesterday", "2026-01-01"), False),
        (("after", "limit"), (9, 1), False),
    ],
)
def test_ranges_are_known_by_their_names(names: tuple[str, str], given: tuple[Any, Any], is_backward: bool) -> None:
    schema: dict[str, Any] = {"properties": {"window": {"properties": {name: {} for name in names}}}}
    assert bool([*backward(ranges_of(schema), {"window": dict(zip(names, given, strict=True))})]) is is_backward


@pytest.mark.parametrize(
    "arguments",
    [
        {"to": 'jane@example.com, "Doe, Joe" <joe@example.com>', "cc": ""},
        {"to": "jane@example.com;", "from": "Support <support@example.com>"},
    ],
)
async def test_addresses_as_people_write_them_are_taken(mcp: McpClient, arguments: dict[str, Any]) -> None:
    assert await mcp.value(REPLY, {"id": "CAS-89102", "body": "Hello", **arguments})


@pytest.mark.parametrize("case", ["CAS-89102", "cas-89102", "89102", 89102])
async def test_an_id_is_taken_in_every_form_of_its_kind(mcp: McpClient, case: Any) -> None:
    assert (await mcp.value("get_single_fuse_desk_case_by_id", {"id": case}))["id"] == "CAS-89102"


async def test_merging_is_a_tool_of_its_own_that_says_what_it_is(mcp: McpClient, vendor: httpx.Client) -> None:
    listed = (await mcp.request("tools/list")).json()["result"]["tools"]
    [merge] = [tool for tool in listed if tool["name"] == MERGE]
    assert merge["annotations"] == {
        "readOnlyHint": False, "destructiveHint": True, "idempotentHint": False, "openWorldHint": True,
    }  # fmt: skip
    assert [*merge["inputSchema"]["properties"]] == ["caseids"]
    # A text for a list, and numbers for texts, are taken as they are meant.
    made = await mcp.value(MERGE, {"caseids": '["CAS-89102", 89103]'})
    assert made["mergedinto"] == "CAS-89102"
    [asked] = requests(vendor)
    assert (asked["path"], asked["query"]) == ("/api/v1/cases/update", {"merge": "true", "caseids": "CAS-89102,89103"})


async def test_items_of_lists_are_taken_as_meant_like_all_else(desk: McpClient, scripted: ScriptedVendor) -> None:
    scripted.body = b'{"data": []}'
    await desk.value("list_all_desk_tickets", {"ids": ["7", 8.0], "labels": [1, "b"]})
    assert scripted.last.many("ids[]") == ["7", "8"]
    assert scripted.last.many("labels") == ["1,b"]


@pytest.mark.parametrize(
    ("time", "example"),
    [
        ("2026-11-30T09:00:00", "2026-11-30T09:00:00+01:00 in Europe/Berlin"),
        ("2026-07-01T09:00", "2026-07-01T09:00:00+02:00 in Europe/Berlin"),
        # A day begins at another moment in each zone.
        ("2026-10-25", "2026-10-25T00:00:00+02:00 in Europe/Berlin"),
        ("Monday 9:00", "2026-11-30T09:00:00+01:00 in Europe/Berlin"),
        # Before standard time, offsets had seconds.
        ("1880-07-01T09:00", "2026-11-30T09:00:00+01:00 in Europe/Berlin"),
        ("0001-01-01T00:00", "2026-11-30T09:00:00+01:00 in Europe/Berlin"),
        ("2026-02-31T09:00:00", "2026-11-30T09:00:00+01:00 in Europe/Berlin"),
        ("9999-12-31T23:59:59", "2026-11-30T09:00:00+01:00 in Europe/Berlin"),
    ],
)
async def test_a_time_without_offset_is_refused_with_that_of_the_accounts_zone(
    mcp: McpClient, account: IntegratedAccount, vendor: httpx.Client, time: str, example: str
) -> None:
    await sync_to_async(set_time_zone)(account, "tests", "Europe/Berlin")
    words = await mcp.failure("fuse_desk_cases_snooze", {"id": "CAS-89102", "until": time})
    assert f'until: "{time}" needs a date, a time and its offset from UTC, such as {example};' in words
    assert requests(vendor) == []


@pytest.mark.parametrize("time", ["2026-02-30T09:00:00Z", "2026-11-30T25:00:00+01:00", "2026-13-01 09:00:00 +0100"])
async def test_a_time_that_no_calendar_has_is_refused(mcp: McpClient, vendor: httpx.Client, time: str) -> None:
    words = await mcp.failure("fuse_desk_cases_snooze", {"id": "CAS-89102", "until": time})
    assert f'until: "{time}" is no day or hour that there is.' in words
    assert requests(vendor) == []


@pytest.mark.parametrize(
    ("kind", "value", "is_valid"),
    [
        ("date-time", "2026-11-30 09:00:00.5 +0100", True),
        ("date-time", "Mon, 30 Nov 2026 09:00:00 +0100", True),
        ("date-time", "1795597200", True),
        ("date-time", "now-7d", True),
        ("date-time", "", True),
        ("date-time", "next week", False),
        ("date", "2026-02-28", True),
        ("date", "2026-02-29", False),
        ("date", "28.02.2026", True),
    ],
)
def test_only_what_is_surely_wrong_is_no_date(kind: str, value: str, is_valid: bool) -> None:
    checker = compile_checker({"type": "object", "properties": {"at": {"type": "string", "format": kind}}})
    assert checker.is_valid({"at": value}) is is_valid


RFC_3339 = re.compile(r"(\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")
SNOOZE: Schema = {"type": "object", "properties": {"until": {"type": "string", "format": "date-time"}}}
CHECKER = compile_checker(SNOOZE)


@given(st.datetimes() | st.datetimes(datetime(1890, 1, 1), datetime(1975, 1, 1)), st.timezones())
def test_every_time_that_is_proposed_can_be_sent_as_it_is(moment: datetime, zone: ZoneInfo) -> None:
    [error] = CHECKER.iter_errors({"until": moment.isoformat()})
    words = worded(error, SNOOZE, zone)
    proposed = words.partition(" such as ")[2].partition(" in ")[0].partition(";")[0]
    assert (found := RFC_3339.fullmatch(proposed)), words
    assert 1900 <= int(found[1]) < 9999
    assert CHECKER.is_valid({"until": proposed})
