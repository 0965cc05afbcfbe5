"""Delivering an answer: at once, late, in a trickle, in part, or never."""

import asyncio

from demo.asgi import Headers, Receive, Send
from demo.exchange import VendorResponse

DRIPS_PER_SECOND = 10


async def deliver(answer: VendorResponse, headers: Headers, send: Send) -> None:
    """Send the answer at once."""
    await _start(answer, headers, send)
    await send({"type": "http.response.body", "body": answer.body})


async def drip(answer: VendorResponse, headers: Headers, bytes_per_second: int, receive: Receive, send: Send) -> None:
    """Send the body at ten pieces per second, until it is complete or the client has left."""
    size = max(1, bytes_per_second // DRIPS_PER_SECOND)
    await _start(answer, headers, send)
    for start in range(0, len(answer.body), size):
        piece = answer.body[start : start + size]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        if not await pause(len(piece) / bytes_per_second, receive):
            return
    await send({"type": "http.response.body", "body": b""})


async def truncate(answer: VendorResponse, headers: Headers, receive: Receive, send: Send) -> None:
    """Declare the whole body's length, send half of it and close the connection."""
    await _start(answer, headers, send)
    half = answer.body[: len(answer.body) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})
    _transport(send).close()
    await _disconnected(receive)


async def drop(receive: Receive, send: Send) -> None:
    """Reset the connection without an answer."""
    _transport(send).abort()
    await _disconnected(receive)


async def pause(seconds: float, receive: Receive) -> bool:
    """Wait, and return whether the client is still there: it may leave long before a slow answer is due."""
    leaving = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({leaving}, timeout=seconds)
        return not leaving.done()
    finally:
        leaving.cancel()


async def _start(answer: VendorResponse, headers: Headers, send: Send) -> None:
    length = b"%d" % len(answer.body)
    own: Headers = [(b"content-type", answer.media_type), (b"content-length", length), *answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": own + headers})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _transport(send: Send) -> asyncio.Transport:
    # ASGI cannot abort a connection, but uvicorn's `send` is a method of the object that has the transport.
    cycle = getattr(send, "__self__", None)
    transport: asyncio.Transport | None = getattr(cycle, "transport", None)
    if transport is None:
        raise RuntimeError("Cutting a connection needs uvicorn, with no middleware before the simulator.")
    return transport
