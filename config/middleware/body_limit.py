"""Limit request bodies before Django reads them: its handler spools a body of any length to disk."""

from collections.abc import MutableMapping
from typing import Any

from api.problems import Problem
from mcpservers.replies import Receive, Scope, Send


async def limited(app: Any, scope: Scope, receive: Receive, send: Send, *, limit: int) -> None:
    """Run an ASGI application, but answer a body over `limit` bytes, declared or not, with 413.

    To the application, an oversized body looks like a client that disconnected, so that it cleans up.
    """
    size = 0

    async def counted() -> MutableMapping[str, Any]:
        nonlocal size
        event = await receive()
        size += len(event.get("body", b""))
        return {"type": "http.disconnect"} if size > limit else event

    async def unless_refused(event: MutableMapping[str, Any]) -> None:
        if size <= limit:
            await send(event)

    await app(scope, counted, unless_refused)
    if size > limit:
        await refuse(send, limit)


async def refuse(send: Send, limit: int) -> None:
    """Answer with a problem, and close the connection: the rest of the body is not read."""
    response = Problem(413, f"The body is larger than {limit} bytes. Send less.").response()
    response["Connection"] = "close"
    headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})
