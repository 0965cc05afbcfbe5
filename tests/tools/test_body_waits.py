"""How long to wait, as bodies of refusals say it: in members, in words, or not at all."""

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from tests.mcp_client import McpClient
from tests.vendors.scripted import ScriptedVendor
from tools.body_waits import wait_in, wait_said

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
RAW, ID = "archive_papers_raw", {"id": "7"}
GOOGLE = {
    "error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3.5s"},
    ]}
}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"message": "You are being rate limited.", "retry_after": 64.57, "global": False}, 65),
        ({"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 8}}, 8),
        (GOOGLE, 4), ({"error": {"retry_after_seconds": 20}}, 20), ({"retryAfter": "30"}, 30),
        ({"retryAfter": "1m30s"}, 90), ({"retry_after_ms": 1500}, 2), ({"retryAfterMs": "250"}, 1),
        ({"errors": [{"meta": {"retryAfter": 7}}]}, 7), ({"retryDelay": {"seconds": "3", "nanos": 500000000}}, 4),
        ({"reset": 99, "retry_after": 5}, 5), ({"resetAt": "2026-03-01T12:01:30Z"}, 90), ({"reset_at": EPOCH + 9}, 9),
        ({"retry_after": "Sun, 01 Mar 2026 12:02:00 GMT"}, 120), ({"retry_at": (EPOCH + 3) * 1000}, 3),
        ({"retry_after": 0}, 0), ({"retry_after": -1, "data": {"retry_after": 2}}, 2),
    ],
)  # fmt: skip
def test_a_member_says_how_long(body: Any, seconds: int) -> None:
    with time_machine.travel(NOW, tick=False):
        assert wait_in(body) == seconds


@pytest.mark.parametrize(
    "value",
    [-1, -0.5, math.nan, math.inf, True, None, "", "soon", "-3", "nan", 1e300, 10**30, 40 * 86400, "400d", [], {},
     10**12, 1_000_000_001, {"seconds": -1}, {"seconds": "x"}, "9" * 5000],
)  # fmt: skip
def test_nonsense_is_no_wait(value: Any) -> None:
    assert wait_in({"retry_after": value}) is None


@given(st.recursive(st.none() | st.floats() | st.integers() | st.text(), lambda part: st.lists(part)
       | st.dictionaries(st.sampled_from(["retry_after", "reset", "retry_after_ms", "x"]), part)))  # fmt: skip
def test_whatever_comes_is_a_wait_of_at_most_a_month_or_none(body: Any) -> None:
    seconds = wait_in(body)
    assert seconds is None or 0 <= seconds <= 31 * 86400


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("Rate limit reached. Please try again in 20s. Visit https://x.example/20.", 20),
        ("Please try again in 6m0s.", 360), ("Try again in 1.5 seconds", 2), ("Please try again in 86ms.", 1),
        ("Retry after 30 seconds.", 30), ("Too Many Requests: retry after 8", 8),
        ("Request was throttled. Expected available in 17 seconds.", 17), ("Wait 2 minutes and 5 seconds.", 125),
        ("Your limit resets in 1 hour, 3 minutes", 3780), ("Try again in about 1h2m3s", 3723),
        ("You can retry 3 times.", None), ("Wait for 10 items.", None), ("Retry after 2026-01-01", None),
        ("Try again in 99999999 days.", None), ("At most 20 calls in 60 seconds.", None), ("Try again later.", None),
        ("again " * 20_000, None),
    ],
)  # fmt: skip
def test_words_say_how_long(words: str, seconds: int | None) -> None:
    assert wait_said(words) == seconds


async def test_the_wait_of_a_body_reaches_the_model_and_a_headers_comes_first(
    archive: McpClient, scripted: ScriptedVendor
) -> None:
    scripted.status, scripted.body = 429, json.dumps({"message": "Slow down.", "retry_after": 64.57}).encode()
    assert "Wait 65 seconds" in await archive.failure(RAW, ID)
    scripted.headers = {"retry-after": "9"}
    assert "Wait 9 seconds" in await archive.failure(RAW, ID)
    scripted.headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "500"}
    assert "Wait 65 seconds" in await archive.failure(RAW, ID)
    scripted.headers, scripted.body = {}, b"Please try again in 6m0s."
    assert "Wait 360 seconds" in await archive.failure(RAW, ID)
    scripted.body = b'{"retry_after": "never"}'
    assert "It did not say for how long" in await archive.failure(RAW, ID)


async def test_a_refusal_that_says_how_long_to_wait_is_a_rate_limit(
    archive: McpClient, scripted: ScriptedVendor
) -> None:
    scripted.status, scripted.body = 403, b'{"message": "Secondary limit.", "retry_after": 12}'
    assert "rate limit is reached (HTTP 403)" in await archive.failure(RAW, ID)
    scripted.body = b'{"message": "Ask again in 12 seconds whether you are an admin."}'
    assert "rate limit" not in await archive.failure(RAW, ID)
    scripted.status, scripted.body = 503, b'{"error": {"retryAfterSeconds": 40}}'
    assert "Try once more after 40 seconds" in await archive.failure(RAW, ID)
