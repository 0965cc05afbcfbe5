"""Write what one step of the event loop has for a client at once.

uvicorn writes the head of an answer and its body apart. Each write is a system call and a segment, and wakes the client
for half an answer.
"""

import asyncio
from typing import Any


class JoinedWrites:
    """A transport whose writes are joined until the event loop comes to it."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._waiting: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write data, or have it written with what follows in this step."""
        if not self._waiting:
            self._loop.call_soon(self.flush)
        self._waiting.append(data)

    def close(self) -> None:
        """Close the connection once all has been written."""
        self.flush()
        self._transport.close()

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._transport.write(waiting[0] if len(waiting) == 1 else b"".join(waiting))

    def abort(self) -> None:
        """Abort the connection, and discard what waits."""
        self._waiting.clear()
        self._transport.abort()
