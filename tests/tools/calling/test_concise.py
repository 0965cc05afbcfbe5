"""Concise results: what is declared to matter is shown, all of it on demand."""

import json

import httpx
import pytest

from tests.mcp_client import McpClient
from tests.vendors.scripted import ScriptedVendor

CASES, GET, UPDATE = "list_all_fuse_desk_cases", "get_single_fuse_desk_case_by_id", "update_a_fuse_desk_case_by_id"
CONCISE = {
    "id", "casenum", "summary", "status", "contactid", "departmentid", "repid", "tags", "date_opened", "date_updated",
    "url",
}  # fmt: skip


async def test_a_list_is_concise_unless_a_call_asks_for_all(mcp: McpClient) -> None:
    concise = (await mcp.value(CASES, {"limit": 5}))["result"]
    full = (await mcp.value(CASES, {"limit": 5, "detail": "full"}))["result"]
    for short, long in zip(concise, full, strict=True):
        assert short.keys() <= CONCISE
        assert {"caseid", "contactUuid", "openedby"} <= long.keys()
        assert short == {name: value for name, value in long.items() if name in CONCISE}
    chosen = (await mcp.value(CASES, {"limit": 5, "fields": ["openedby"]}))["result"]
    assert chosen == [{"openedby": case["openedby"]} for case in full]


async def test_detail_may_change_between_pages(mcp: McpClient) -> None:
    first = await mcp.value(CASES, {"limit": 2})
    second = await mcp.value(CASES, {"limit": 2, "detail": "full", "next_cursor": first["next_cursor"]})
    assert "openedby" in second["result"][0]


async def test_a_record_shows_its_history(mcp: McpClient) -> None:
    shown = await mcp.value(GET, {"id": "CAS-89102"})
    assert {"details", "history", "summary"} <= shown.keys()
    assert "contactUuid" not in shown
    assert "contactUuid" in await mcp.value(GET, {"id": "CAS-89102", "detail": "full"})


async def test_a_write_shows_what_it_changed(mcp: McpClient, vendor: httpx.Client) -> None:
    shown = await mcp.value(UPDATE, {"id": "CAS-89102", "details": "Rewritten."})
    assert shown["details"] == "Rewritten."
    assert "contactUuid" not in shown


async def test_an_answer_with_none_of_the_members_is_shown_whole(desk: McpClient, scripted: ScriptedVendor) -> None:
    """It is another answer than the documented one."""
    scripted.body = json.dumps({"ticket": {"queued": True}}).encode()
    assert await desk.value("get_single_desk_ticket_by_id", {"id": "1"}) == {"queued": True}


@pytest.mark.parametrize("detail", ["everything", "Full"])
async def test_another_detail_is_refused(mcp: McpClient, detail: str) -> None:
    assert '"concise", "full"' in await mcp.failure(CASES, {"detail": detail})
