"""Health as a probe asks: under the pod's address, without a token, and answered whatever hangs."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from pytest_django.fixtures import Settings

from config import health
from config.asgi import application
from config.health import Readiness, ThreadedCheck


async def get(path: str, *, app: Any = application, method: str = "GET") -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://10.1.2.3:8000") as client:
        return await client.request(method, path)


def ready_with(**checks: Callable[[], Awaitable[None]]) -> Any:
    readiness = Readiness({"database": fine, "broker": fine, "layer": fine, **checks}, seconds=0.05)

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await health.readyz(scope, receive, send, asked=readiness)

    return answer


async def fine() -> None: ...


async def refused() -> None:
    raise ConnectionError("redis://:secret@10.0.0.5:6379 refused")


async def silent() -> None:
    await asyncio.Event().wait()


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
    response = await get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "parts": {"database": "ok", "broker": "ok", "layer": "ok"}}


@pytest.mark.parametrize(("check", "words"), [(refused, "unreachable"), (silent, "no answer within 0.05 s")])
async def test_without_the_database_it_is_not_ready(check: Callable[[], Awaitable[None]], words: str) -> None:
    response = await get("/readyz", app=ready_with(database=check))
    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "parts": {"database": words, "broker": "ok", "layer": "ok"}}
    assert "10.0.0.5" not in response.text


@pytest.mark.parametrize("part", ["broker", "layer"])
async def test_without_broker_or_layer_it_is_degraded_but_stays_ready(part: str) -> None:
    response = await get("/readyz", app=ready_with(**{part: refused}))
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["parts"][part] == "unreachable"


async def test_probes_that_come_together_share_one_round_of_checks() -> None:
    rounds = 0

    async def counted() -> None:
        nonlocal rounds
        rounds += 1

    app = ready_with(database=counted)
    await asyncio.gather(*(get("/readyz", app=app) for _ in range(5)))
    assert rounds == 1


async def test_a_check_that_hangs_holds_one_thread_however_often_it_is_asked() -> None:
    begun, release = [], threading.Event()

    def hang() -> None:
        begun.append(threading.get_ident())
        release.wait(10)

    check = ThreadedCheck(hang)
    readiness = Readiness({"database": check}, seconds=0.01)
    try:
        for _ in range(3):
            assert await readiness.parts() == {"database": "no answer within 0.01 s"}
    finally:
        release.set()
    await check()
    assert len(begun) == 1


async def test_a_broker_folder_that_cannot_be_written_is_told(settings: Settings, tmp_path: Any) -> None:
    file = tmp_path / "no-folder"
    file.write_text("")
    settings.REDIS_URL = ""
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_in": str(file / "queue")}
    readiness = Readiness({"database": fine, "broker": health.check_broker})
    assert (await readiness.parts())["broker"] == "unreachable"


@pytest.mark.parametrize("check", [health.check_broker, health.check_layer])
async def test_a_redis_that_is_down_is_told_of_broker_and_layer(
    settings: Settings, check: Callable[[], Awaitable[None]]
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": ["redis://127.0.0.1:1/0"]},
        }
    }
    readiness = Readiness({"database": fine, "part": check}, seconds=1)
    assert (await readiness.parts())["part"] != "ok"
