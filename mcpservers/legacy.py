"""Sessions of the old HTTP+SSE transport: which channel holds the stream that a POST's answer belongs to.

They are kept in the cache, which all processes share where REDIS_URL is set. A session that is not kept is gone.
"""

import secrets
from urllib.parse import urlsplit
from uuid import UUID

from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import cache

from mcpservers.replies import Scope

PARAMETER = "session"
# The stream renews its session with every comment, that is every 14 s.
SESSION_SECONDS = 45


def _key(session: str) -> str:
    return f"mcp-stream:{session}"


async def open_session(channel: str, server_id: UUID) -> str:
    """Return the id of a new session, whose stream is held by the consumer with this channel."""
    session = secrets.token_urlsafe(24)
    await cache.aset(_key(session), (channel, str(server_id)), SESSION_SECONDS)
    return session


async def keep_session(session: str) -> None:
    """Renew a session."""
    await cache.atouch(_key(session), SESSION_SECONDS)


async def close_session(session: str) -> None:
    """Forget a session."""
    await cache.adelete(_key(session))


async def channel_of(session: str, server_id: UUID) -> str | None:
    """Return the channel of an open session of a server; None when it is gone, or another server's."""
    held = await cache.aget(_key(session))
    return held[0] if held is not None and held[1] == str(server_id) else None


async def deliver(channel: str, data: bytes) -> None:
    """Send an answer to the stream, whichever process holds it."""
    await get_channel_layer().send(channel, {"type": "stream.message", "data": data})


def messages_path(scope: Scope, session: str) -> str:
    """Return the path to post to, with the prefix under which we are served."""
    prefix = scope.get("root_path") or urlsplit(settings.PUBLIC_URL).path.rstrip("/")
    base = scope["path"].removeprefix(scope.get("root_path", "")).rstrip("/").removesuffix("/sse")
    return f"{prefix}{base}/messages?{PARAMETER}={session}"
