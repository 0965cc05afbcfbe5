"""Hold request bodies to a limit before Django reads them: its handler spools a body to disk, whatever its length."""

from collections.abc import MutableMapping
from typing import Any

from mcpservers.endpoint import Receive, Scope, Send


async def limited(app: Any, scope: Scope, receive: Receive, send: Send, *, limit: int) -> None:
    """Run an ASGI application; a body over `limit` bytes, declared or not, is answered with 413.

    To the application an overlong body looks like a client that went away, so that it cleans up after itself.
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
    """Answer with a problem (RFC 9457), and have the connection closed: the rest of the body is not read."""
    body = (
        b'{"type":"urn:patchbay:problem:body-too-large","title":"The body is too large","status":413,'
        b'"detail":"The body is larger than %d bytes. Send less."}' % limit
    )
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
