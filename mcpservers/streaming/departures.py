"""Notice that a client has closed its connection before it has its answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from mcpservers.replies import Disconnected, Receive
from tools.calling.intending import Leaving


@asynccontextmanager
async def cancelled_by_disconnect(receive: Receive) -> AsyncIterator[Leaving]:
    """Cancel the block when the client goes away, and raise Disconnected; yield what tells whether it has gone."""
    working = cast("asyncio.Task[Any]", asyncio.current_task())
    listening = asyncio.ensure_future(_disconnect(receive))
    listening.add_done_callback(lambda done: None if done.cancelled() else working.cancel())

    async def has_left() -> bool:
        return listening.done() and not listening.cancelled()

    try:
        yield has_left
    except asyncio.CancelledError:
        if listening.done() and not listening.cancelled():
            # This cancellation is handled here, and must not count for enclosing timeouts (asyncio, Task.uncancel).
            working.uncancel()
            raise Disconnected from None
        raise
    finally:
        listening.cancel()


async def has_disconnected(receive: Receive) -> bool:
    """Return whether the client has gone, without waiting for it."""
    try:
        async with asyncio.timeout(0):
            await _disconnect(receive)
    except TimeoutError:
        return False
    return True


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
