"""The vendor behind fixtures.yaml: `python -m tests.vendors.conformance PORT`.

A plain ASGI application with one route a tool. Its only state is how to change the tools of the server under test,
which the runner tells it once that server is there.
"""

import asyncio
import base64
import io
import json
import sys
import wave
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import httpx
import uvicorn

Answer = tuple[int, str, bytes]

JSON = "application/json"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
SLOW_SECONDS = 0.3
# Long enough for three notices of progress: the first after LONG_CALL_SECONDS, which the runner sets to 1.
LONG_SECONDS = 6.0
TAGS_WITHOUT_THE_CHANGING_TOOL = ["fixture"]


def as_json(value: Any, status: int = 200) -> Answer:
    """Return an answer that holds JSON."""
    return status, JSON, json.dumps(value).encode()


def silence() -> bytes:
    """Return a WAV file of one silent sample."""
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80")
    return written.getvalue()


class Vendor:
    """Answers each path of the integration's definition."""

    def __init__(self) -> None:
        self._server_url = ""
        self._token = ""
        self._routes: dict[str, Callable[[str, bytes], Awaitable[Answer]]] = {
            "GET /api/me": self._fixed(as_json({"ok": True})),
            "GET /api/content/text": self._fixed(as_json({"text": "This is a simple text response for testing."})),
            "GET /api/content/image": self._fixed((200, "image/png", PIXEL)),
            "GET /api/content/audio": self._fixed((200, "audio/wav", silence())),
            "GET /api/content/file": self._fixed((200, "text/plain", b"This is an embedded resource content.")),
            "GET /api/content/mixed": self._fixed((200, "text/plain", b"Multiple content types test:")),
            "POST /api/behaviour/error": self._fixed(
                as_json({"error": "This tool intentionally returns an error for testing"}, status=422)
            ),
            "GET /api/behaviour/slow": self._after(SLOW_SECONDS),
            "GET /api/behaviour/long": self._after(LONG_SECONDS),
            "POST /api/behaviour/tool-change": self._change_tools,
            "POST /api/schemas/echo": self._echo,
            "GET /api/schemas/header": self._region,
            "GET /api/notes": self._fixed(as_json([])),
            "PUT /server-under-test": self._take_server,
        }

    @staticmethod
    def _fixed(answer: Answer) -> Callable[[str, bytes], Awaitable[Answer]]:
        async def route(query: str, body: bytes) -> Answer:
            return answer

        return route

    @staticmethod
    def _after(seconds: float) -> Callable[[str, bytes], Awaitable[Answer]]:
        async def route(query: str, body: bytes) -> Answer:
            await asyncio.sleep(seconds)
            return as_json({"text": "The work is done."})

        return route

    async def _echo(self, query: str, body: bytes) -> Answer:
        return 200, JSON, body

    async def _region(self, query: str, body: bytes) -> Answer:
        return as_json(parse_qs(query))

    async def _take_server(self, query: str, body: bytes) -> Answer:
        told = json.loads(body)
        self._server_url, self._token = told["url"], told["token"]
        return as_json({"ok": True})

    async def _change_tools(self, query: str, body: bytes) -> Answer:
        """Narrow the server, then widen it again: its tools change twice, and stay what they were."""
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {self._token}"}) as patchbay:
            for tags in (TAGS_WITHOUT_THE_CHANGING_TOOL, []):
                changed = await patchbay.patch(self._server_url, json={"config": {"tags": tags}})
                changed.raise_for_status()
        return as_json({"changed": True})

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request (ASGI)."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        route = self._routes.get(f"{scope['method']} {scope['path']}")
        if route is None:
            status, media_type, content = as_json({"error": "There is nothing here."}, status=404)
        else:
            status, media_type, content = await route(scope["query_string"].decode(), body)
        headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


if __name__ == "__main__":
    uvicorn.run(Vendor(), port=int(sys.argv[1]), lifespan="off", log_level="info", access_log=False)
