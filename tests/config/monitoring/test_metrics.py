"""What a collector reads at /metrics, and that figures rise with what they count."""

import httpx
import pytest
from pytest_django.fixtures import Settings

from config.asgi import application

TOKEN = "a-token-for-the-collector"


async def get(path: str, token: str = "", **headers: str) -> httpx.Response:
    if token:
        headers["Authorization"] = f"Bearer {token}"
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://10.1.2.3:8000") as client:
        return await client.get(path, headers=httpx.Headers(headers, encoding="utf-8"))


async def test_without_a_token_set_there_is_no_such_page(settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert (await get("/metrics", "anything")).status_code == 404


@pytest.mark.parametrize("given", ["", "wrong", "wröng"])
async def test_without_the_right_token_nothing_is_shown(settings: Settings, given: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    response = await get("/metrics", Authorization=f"Bearer {given}")
    assert response.status_code == 401
    assert "patchbay_" not in response.text


async def test_with_the_token_every_figure_is_there_in_the_text_format(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    response = await get("/metrics", TOKEN)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    for name in (
        "requests_total",
        "request_seconds",
        "tool_calls_total",
        "upstream_seconds",
        "open_streams",
        "call_record_queue",
        "celery_queue",
        "cache_lookups_total",
        "cache_bytes",
        "cache_entries",
        "cache_evictions_total",
        "changes_heard_total",
        "event_loop_tasks",
    ):
        assert f"# TYPE patchbay_{name} " in response.text
    assert 'patchbay_open_streams{kind="server"}' in response.text
    assert 'patchbay_cache_bytes{cache="server"}' in response.text
    assert "_created" not in response.text


@pytest.mark.django_db(transaction=True)
async def test_a_request_id_is_taken_over_where_it_is_one_and_made_where_it_is_not() -> None:
    for path in ("/mcp/nothing", "/sign-in"):
        kept = await get(path, Host="localhost", **{"X-Request-ID": "proxy-1"})
        made = await get(path, Host="localhost", **{"X-Request-ID": "not one"})
        assert kept.headers["x-request-id"] == "proxy-1"
        assert len(made.headers["x-request-id"]) == 32
