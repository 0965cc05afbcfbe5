"""Health as a probe asks: under the pod's address, without a token, and answered whatever hangs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async

from accounts.heartbeat import leave_mark
from config import health
from config.asgi import application
from config.readiness.rounds import Check, Readiness

PARTS = {*health.NEEDED, "rotation", "clock", "writes", "background", "record", "disk", "broker", "layer"}
Work = Callable[[], Awaitable[Mapping[str, str]]]


async def get(path: str, *, app: Any = application, method: str = "GET") -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://10.1.2.3:8000") as client:
        return await client.request(method, path)


def ready_with(**work: Work) -> Any:
    """Return an application whose parts are in order, but for those given."""
    parts = {"database": fine, "writes": fine, "broker": fine, "layer": fine, **work}
    return answering(Readiness([Check((part,), run) for part, run in parts.items()], seconds=0.05))


def answering(readiness: Readiness) -> Any:
    """Return an application that answers with a state of its own."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await health.readyz(scope, receive, send, asked=readiness)

    return answer


async def fine() -> Mapping[str, str]:
    return {}


async def refused() -> Mapping[str, str]:
    raise ConnectionError("redis://:secret@10.0.0.5:6379 refused")


async def silent() -> Mapping[str, str]:
    await asyncio.Event().wait()
    return {}


@pytest.mark.parametrize("path", ["/livez", "/livez/"])
async def test_the_process_tells_that_it_lives_without_database_and_under_any_host(path: str) -> None:
    response = await get(path)
    assert (response.status_code, response.text) == (200, "ok")
    assert response.headers["cache-control"] == "no-store"


async def test_health_takes_no_other_method() -> None:
    response = await get("/livez", method="POST")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")


async def test_a_head_request_has_the_same_answer_without_its_body() -> None:
    response = await get("/livez", method="HEAD")
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.django_db(transaction=True)
async def test_readiness_names_each_part() -> None:
    await sync_to_async(leave_mark)()
    # On a busy machine a check may take longer than a probe's second.
    response = await get("/readyz", app=answering(Readiness(health.CHECKS, seconds=30)))
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "parts": dict.fromkeys(PARTS, "ok")}


@pytest.mark.parametrize(("work", "words"), [(refused, "unreachable"), (silent, "no answer within 0.05 s")])
async def test_without_the_database_it_is_not_ready(work: Work, words: str) -> None:
    response = await get("/readyz", app=ready_with(database=work))
    assert response.status_code == 503
    assert (response.json()["status"], response.json()["parts"]["database"]) == ("unavailable", words)
    assert "10.0.0.5" not in response.text


@pytest.mark.parametrize("part", ["lookups", "migrations", "keys"])
async def test_without_another_part_that_calls_need_it_is_not_ready(part: str) -> None:
    response = await get("/readyz", app=ready_with(**{part: refused}))
    assert (response.status_code, response.json()["status"]) == (503, "unavailable")


@pytest.mark.parametrize("part", ["writes", "broker", "layer", "disk", "record", "clock", "rotation"])
async def test_without_any_other_part_it_is_degraded_but_stays_ready(part: str) -> None:
    response = await get("/readyz", app=ready_with(**{part: refused}))
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["parts"][part] == "unreachable"
