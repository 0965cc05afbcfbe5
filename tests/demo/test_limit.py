import asyncio

import httpx

from demo.simulator import create_app
from tests.demo.simulated import HOURLY_LIMIT, Elapsed


def usage(answer: httpx.Response) -> tuple[int, int]:
    return (
        int(answer.headers["X-FuseDesk-Usage-Limit"]),
        int(answer.headers["X-FuseDesk-Usage-Remaining"]),
    )


def test_each_request_leaves_one_less(api: httpx.Client) -> None:
    assert usage(api.get("/v1/chats")) == (HOURLY_LIMIT, HOURLY_LIMIT - 1)
    assert usage(api.get("/v1/nowhere")) == (HOURLY_LIMIT, HOURLY_LIMIT - 2)


def test_all_keys_of_the_account_share_the_limit(api: httpx.Client) -> None:
    api.get("/v1/chats")
    other = api.get("/v1/chats", headers={"X-FuseDesk-API-Key": "fd-readonly-key"})
    assert usage(other) == (HOURLY_LIMIT, HOURLY_LIMIT - 2)


def test_a_request_without_a_key_shows_the_limit_and_costs_nothing(stranger: httpx.Client) -> None:
    assert usage(stranger.get("/v1/chats")) == (HOURLY_LIMIT, HOURLY_LIMIT)


def test_when_nothing_is_left_the_answer_is_429_until_the_hour_is_over(
    api: httpx.Client, control: httpx.Client, elapsed: Elapsed
) -> None:
    control.post("/_control", json={"remaining": 1}).raise_for_status()
    assert usage(api.get("/v1/chats")) == (HOURLY_LIMIT, 0)
    refused = api.get("/v1/chats")
    assert refused.status_code == 429
    assert refused.headers["X-FuseDesk-Error-Code"] == "api_error_ratelimit"
    assert usage(refused) == (HOURLY_LIMIT, 0)
    assert "Retry-After" not in refused.headers
    elapsed.seconds += 3599
    assert api.get("/v1/chats").status_code == 429
    elapsed.seconds += 1
    assert usage(api.get("/v1/chats")) == (HOURLY_LIMIT, HOURLY_LIMIT - 1)


def test_a_write_beyond_the_limit_changes_nothing(api: httpx.Client, control: httpx.Client) -> None:
    control.post("/_control", json={"remaining": 0}).raise_for_status()
    assert api.post("/v1/cases/89102", data={"status": "closed"}).status_code == 429
    control.post("/_control", json={"remaining": 10}).raise_for_status()
    assert api.get("/v1/cases/89102").json()["status"] == "open"


def test_another_limit_begins_another_hour(api: httpx.Client, control: httpx.Client) -> None:
    api.get("/v1/chats")
    control.post("/_control", json={"limit": 5}).raise_for_status()
    assert usage(api.get("/v1/chats")) == (5, 4)


def test_without_a_limit_the_headers_show_a_big_figure_that_stays() -> None:
    async def twice() -> list[httpx.Response]:
        headers = {"X-FuseDesk-API-Key": "fd-demo-key"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(hourly_limit=0))) as client:
            return [await client.get("http://simulator/api/v1/chats", headers=headers) for _ in range(2)]

    assert [usage(answer) for answer in asyncio.run(twice())] == [(1_000_000, 1_000_000)] * 2
