"""The baseline, a minimal proxy: one ASGI handler, one aiohttp session, the body passed on unchanged."""

import os

import aiohttp

_session: aiohttp.ClientSession | None = None
TARGET = os.environ.get("TARGET", "")
HEADERS = {"X-FuseDesk-API-Key": os.environ.get("API_KEY", "")}


async def application(scope, receive, send):  # type: ignore[no-untyped-def]  # kept as bare as ASGI allows
    """Forward the request to the vendor, and its answer to the client."""
    global _session  # noqa: PLW0603  one session for the life of the process
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    if _session is None:
        _session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    async with _session.get(TARGET, headers=HEADERS) as response:
        body = await response.read()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
