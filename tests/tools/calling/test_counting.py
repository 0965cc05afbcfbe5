"""Counting: a list is walked here, within bounds, and what is only a part is said to be one."""

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from asgiref.sync import sync_to_async
from pytest_django.fixtures import Settings

from accounts.integrated_accounts.lifecycle import set_time_zone
from accounts.models import IntegratedAccount
from tests.fuse_desk import requests
from tests.mcp_client import McpClient
from tests.tools.pages import walk
from tests.vendors.application import Answer
from tests.vendors.scripted import ScriptedVendor
from tools.calling import counting, walking

COUNT, CASES = "count_fuse_desk_cases", "list_all_fuse_desk_cases"


async def every_case(mcp: McpClient, **filters: Any) -> list[dict[str, Any]]:
    return [case for page in await walk(mcp, CASES, limit=50, **filters) for case in page["result"]]


@pytest.mark.parametrize(
    ("group_by", "member"),
    [("status", "status"), ("department", "departmentid"), ("rep", "repid"), ("contact", "contactid")],
)
async def test_the_numbers_are_those_of_the_whole_list(mcp: McpClient, group_by: str, member: str) -> None:
    cases = await every_case(mcp)
    shown = await mcp.value(COUNT, {"group_by": group_by})
    numbers = Counter(case.get(member) or counting.NONE for case in cases)
    assert (shown["count"], shown["is_complete"]) == (len(cases), True)
    assert {group["value"]: group["count"] for group in shown["groups"]} == dict(numbers.most_common(50))
    assert shown.get("more_groups", 0) == max(len(numbers) - 50, 0)
    assert [group["count"] for group in shown["groups"]] == sorted(
        (group["count"] for group in shown["groups"]), reverse=True
    )


async def test_entries_of_lists_and_periods_of_dates_are_counted_too(mcp: McpClient) -> None:
    cases = await every_case(mcp, status="open")
    tags = await mcp.value(COUNT, {"group_by": "tag", "status": "open"})
    held = Counter(tag for case in cases for tag in case.get("tags") or [counting.NONE])
    assert {group["value"]: group["count"] for group in tags["groups"]} == held
    months = await mcp.value(COUNT, {"group_by": "opened:month", "status": "open"})
    assert {group["value"]: group["count"] for group in months["groups"]} == Counter(
        case["date_opened"][:7] for case in cases
    )
    assert [group["value"] for group in months["groups"]] == sorted(group["value"] for group in months["groups"])
    weeks = await mcp.value(COUNT, {"group_by": "opened:week", "status": "open"})
    assert sum(group["count"] for group in weeks["groups"]) == weeks["count"] == len(cases)


async def test_without_groups_it_is_one_number(mcp: McpClient) -> None:
    assert await mcp.value(COUNT, {"status": "new"}) == {
        "count": len(await every_case(mcp, status="new")), "is_complete": True,
    }  # fmt: skip


async def test_a_walk_that_costs_too_much_ends_and_says_so(
    mcp: McpClient, vendor: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MOST_REQUESTS", 1)
    shown = await mcp.value(COUNT, {"group_by": "status"})
    assert (shown["count"], shown["is_complete"], len(requests(vendor))) == (100, False, 1)
    assert shown["note"] == (
        "These are the first 100, and there are more: a count makes at most 1 requests. Narrow it with the filters."
    )


@pytest.mark.parametrize(
    ("left", "share", "why"),
    [
        (50, 0.1, "only 49 of 1,000 requests are left of the vendor's limit."),
        (1, 0.0, "the vendor's rate limit is reached."),
    ],
)
async def test_a_count_leaves_the_vendors_limit_to_others(
    mcp: McpClient, vendor: httpx.Client, monkeypatch: pytest.MonkeyPatch, *, left: int, share: float, why: str
) -> None:
    monkeypatch.setattr(walking, "LEFT_TO_OTHERS", share)
    vendor.post("/_control", json={"limit": 1000, "remaining": left}).raise_for_status()
    result = await mcp.call(COUNT, {"group_by": "status"})
    shown = json.loads(result["content"][0]["text"])
    assert (shown["count"], shown["is_complete"]) == (100, False)
    assert shown["note"] == f"These are the first 100, and there are more: {why}"
    assert result["structuredContent"] == shown
    assert "ratelimit-limit" in result["_meta"]


async def test_a_limit_that_is_reached_at_once_is_told_as_such(mcp: McpClient, vendor: httpx.Client) -> None:
    vendor.post("/_control", json={"limit": 1000, "remaining": 0}).raise_for_status()
    assert "rate limit" in await mcp.failure(COUNT, {"group_by": "status"})


async def test_an_unknown_group_is_refused_with_those_that_there_are(mcp: McpClient) -> None:
    words = await mcp.failure(COUNT, {"group_by": "colour"})
    assert '"status", "department", "rep", "tag", "contact", "opened:day", "opened:week"' in words


async def test_an_item_counts_once_in_each_group(desk_of: McpClient, scripted: ScriptedVendor) -> None:
    scripted.answer = lambda request: Answer(
        body=[{"id": "CAS-1", "tags": [5, 5, 6]}] if "cases" in request.path else []
    )
    shown = await desk_of.value(COUNT, {"group_by": "tag"})
    assert {group["value"]: group["count"] for group in shown["groups"]} == {5: 1, 6: 1}


async def test_a_count_says_what_its_arguments_were_taken_for(mcp: McpClient, settings: Settings) -> None:
    settings.NAMES_SECONDS = 300
    every = await mcp.value(COUNT)
    shown = await mcp.value(COUNT, {"repid": "Ines", "depid": None})
    assert shown["remarks"] == ["repid: 'Ines Carvalho' is 303."]
    assert shown["count"] < every["count"]
    # An empty value filters nothing, which the number alone does not show.
    assert await mcp.value(COUNT, {"repid": "", "limit": 5}) == {
        **every,
        "remarks": ['Not sent, since the documentation allows no such value: limit, repid ("").'],
    }


async def test_days_and_weeks_are_those_of_the_accounts_time_zone(mcp: McpClient, account: IntegratedAccount) -> None:
    cases = await every_case(mcp)
    for name in ("Pacific/Kiritimati", "America/Los_Angeles"):
        await sync_to_async(set_time_zone)(account, "tests", name)
        opened = [datetime.fromisoformat(case["date_opened"]).astimezone(ZoneInfo(name)).date() for case in cases]
        days = await mcp.value(COUNT, {"group_by": "opened:day"})
        assert days["time_zone"] == name
        assert {group["value"]: group["count"] for group in days["groups"]} == dict(
            sorted(Counter(map(str, opened)).items())[-50:]
        )
        weeks = await mcp.value(COUNT, {"group_by": "opened:week"})
        mondays = Counter(str(day - timedelta(days=day.weekday())) for day in opened)
        assert {group["value"]: group["count"] for group in weeks["groups"]} == dict(sorted(mondays.items())[-50:])


@pytest.mark.parametrize(
    ("date", "zone"), [("9999-12-31T23:59:59Z", "Asia/Tokyo"), ("0001-01-01T00:00:00Z", "America/Lima")]
)
async def test_a_date_that_no_day_of_the_zone_has_is_counted_with_those_without_a_date(
    desk_of: McpClient, scripted: ScriptedVendor, date: str, zone: str
) -> None:
    account = await IntegratedAccount.objects.aget(name="Scripted")
    await sync_to_async(set_time_zone)(account, "tests", zone)
    scripted.answer = lambda request: Answer(body=[{"id": "CAS-1", "date_opened": date}])
    shown = await desk_of.value(COUNT, {"group_by": "opened:day"})
    assert shown["groups"] == [{"value": counting.NONE, "count": 1}]
