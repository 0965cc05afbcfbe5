"""What is refused before anything is sent, since it cannot have been meant; and what a refusal says."""

from typing import Any

import httpx
import pytest

from tests.fuse_desk import requests
from tests.mcp_client import McpClient
from tools.catalogue.ranges import backward, ranges_of

CASES, UPDATE, BULK = "list_all_fuse_desk_cases", "update_a_fuse_desk_case_by_id", "fuse_desk_cases_bulk_update"


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
