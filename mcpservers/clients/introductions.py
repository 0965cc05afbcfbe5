"""What a client called itself in `initialize`, for its later requests, which do not say (before 2026-07-28).

There are no session ids, so a client is known by what its requests have in common (`senders.py`). Where two clients
with different names have all of it in common, neither is named. A process that starts later knows none of them.
"""

import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

from cachetools import TTLCache

from accounts import broadcast
from mcpservers.clients.senders import Sender, sender_of
from mcpservers.eras import agreed_revision
from mcpservers.errors import JsonRpcError
from mcpservers.jsonrpc import Request
from mcpservers.tool_calls import RequestContext, introduced_name

GROUP = "patchbay.introductions"
KEPT_SECONDS = 12 * 3600
HELD = 20_000
# What stands for a name where several clients cannot be told apart.
SEVERAL = ""

_names: TTLCache[Sender, str] = TTLCache(HELD, ttl=KEPT_SECONDS, timer=time.monotonic)


async def introduce(initialize: Request, context: RequestContext) -> None:
    """Keep the name that an `initialize` gives; nothing if it gives none or will be refused."""
    name = introduced_name(initialize)
    if not name or context.session:
        return
    with suppress(JsonRpcError):
        revision = agreed_revision(initialize)
        # Later requests name the revision that was agreed on, but for those of clients that never do.
        for version in (revision, None):
            sender = sender_of(context, {**context.headers, b"mcp-protocol-version": version})
            _keep(sender, name)
            if broadcast.is_shared():
                await broadcast.send(GROUP, {"type": "introduced", "sender": list(sender), "name": name})


def introduced(context: RequestContext) -> RequestContext:
    """Return the context of a message with the name that its client gave before, if it is known."""
    if context.session or not _names:
        return context
    name = _names.get(sender_of(context))
    return replace(context, client=name) if name else context


def _keep(sender: Sender, name: str) -> None:
    before = _names.get(sender, name)
    _names[sender] = name if before == name else SEVERAL


async def _hear(message: dict[str, Any]) -> None:
    _keep(tuple(message["sender"]), message["name"])


async def listen() -> None:
    """Hear of the clients that introduce themselves to other processes, until cancelled."""
    await broadcast.listen_to(GROUP, _hear)
