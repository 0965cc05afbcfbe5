"""Bodies on their way to Django are held to a limit, whatever length was declared."""

from collections.abc import AsyncIterator

import httpx
import pytest
from pytest_django.fixtures import Settings

from config.asgi import application


async def endless() -> AsyncIterator[bytes]:
    for _ in range(100):
        yield b"x" * 1000


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/sign-in", "/integrated-account", "/nothing"])
async def test_a_chunked_body_over_the_limit_is_refused_before_it_is_read_whole(settings: Settings, path: str) -> None:
    settings.MAX_UPLOAD_BYTES = 5000
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        response = await client.post(path, content=endless())
    assert response.status_code == 413
    assert response.json()["detail"] == "The body is larger than 5000 bytes. Send less."
