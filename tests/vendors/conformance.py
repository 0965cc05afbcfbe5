"""The vendor behind fixtures.yaml: `python -m tests.vendors.conformance PORT`.

One route a tool. Its only state is how to change the tools of the server under test,
which the runner tells it once that server is there.
"""

import asyncio
import base64
import io
import sys
import wave
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import httpx
import uvicorn

from tests.vendors.application import Answer, Request, Vendor

Route = Callable[[Request], Awaitable[Answer]]

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
SLOW_SECONDS = 0.3
# Long enough for three notices of progress: the first after LONG_CALL_SECONDS, which the runner sets to 1.
LONG_SECONDS = 6.0
TAGS_WITHOUT_THE_CHANGING_TOOL = ["fixture"]


def silence() -> bytes:
    """Return a WAV file of one silent sample."""
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80")
    return written.getvalue()


class ConformanceVendor(Vendor):
    """Answers each path of the integration's definition."""

    def __init__(self) -> None:
        super().__init__()
        self._server_url = ""
        self._token = ""
        self._routes: dict[str, Route] = {
            "GET /api/me": self._fixed({"ok": True}),
            "GET /api/content/text": self._fixed({"text": "This is a simple text response for testing."}),
            "GET /api/content/image": self._fixed(PIXEL, media_type="image/png"),
            "GET /api/content/audio": self._fixed(silence(), media_type="audio/wav"),
            "GET /api/content/file": self._fixed(b"This is an embedded resource content.", media_type="text/plain"),
            "GET /api/content/mixed": self._fixed(b"Multiple content types test:", media_type="text/plain"),
            "POST /api/behaviour/error": self._fixed(
                {"error": "This tool intentionally returns an error for testing"}, status=422
            ),
            "GET /api/behaviour/slow": self._after(SLOW_SECONDS),
            "GET /api/behaviour/long": self._after(LONG_SECONDS),
            "POST /api/behaviour/tool-change": self._change_tools,
            "POST /api/schemas/echo": self._echo,
            "GET /api/schemas/header": self._region,
            "GET /api/notes": self._fixed([]),
            "PUT /server-under-test": self._take_server,
        }

    async def respond(self, request: Request) -> Answer:
        """Answer by the table of routes."""
        route = self._routes.get(f"{request.method} {request.path}")
        if request.path.startswith("/api/content/records/"):
            route = self._fixed({"id": request.path.rpartition("/")[2], "data": "Data of the record."})
        if route is None:
            return Answer(404, {"error": "There is nothing here."})
        return await route(request)

    @staticmethod
    def _fixed(body: Any, media_type: str = "application/json", *, status: int = 200) -> Route:
        async def route(request: Request) -> Answer:
            return Answer(status, body, media_type=media_type)

        return route

    @staticmethod
    def _after(seconds: float) -> Route:
        async def route(request: Request) -> Answer:
            await asyncio.sleep(seconds)
            return Answer(200, {"text": "The work is done."})

        return route

    async def _echo(self, request: Request) -> Answer:
        return Answer(200, request.body)

    async def _region(self, request: Request) -> Answer:
        return Answer(200, parse_qs(request.query))

    async def _take_server(self, request: Request) -> Answer:
        told = request.json()
        self._server_url, self._token = told["url"], told["token"]
        return Answer(200, {"ok": True})

    async def _change_tools(self, request: Request) -> Answer:
        """Narrow the server, then widen it again: its tools change twice, and stay what they were."""
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {self._token}"}) as patchbay:
            for tags in (TAGS_WITHOUT_THE_CHANGING_TOOL, []):
                changed = await patchbay.patch(self._server_url, json={"config": {"tags": tags}})
                changed.raise_for_status()
        return Answer(200, {"changed": True})


if __name__ == "__main__":
    uvicorn.run(ConformanceVendor(), port=int(sys.argv[1]), lifespan="off", log_level="info", access_log=False)
