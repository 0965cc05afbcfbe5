"""Sessions of the old HTTP+SSE transport: they map a POST to the channel of the stream for its answer.

They are kept in the cache, which all processes share if REDIS_URL is set. A session that is not renewed expires.
"""

import secrets
from urllib.parse import urlsplit
from uuid import UUID

from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import cache

from mcpservers.replies import Scope

PARAMETER = "session"
# The stream renews its session with every comment, every 14 s.
SESSION_SECONDS = 45


def _key(session: str) -> str:
    return f"mcp-stream:{session}"


async def open_session(channel: str, server_id: UUID) -> str:
    """Return the id of a new session, whose stream belongs to the consumer with this channel."""
    session = secrets.token_urlsafe(24)
    await cache.aset(_key(session), (channel, str(server_id)), SESSION_SECONDS)
    return session


async def keep_session(session: str) -> None:
    """Renew a session for another SESSION_SECONDS."""
    await cache.atouch(_key(session), SESSION_SECONDS)


async def close_session(session: str) -> None:
    """Delete a session, so that messages posted to it are refused."""
    await cache.adelete(_key(session))


async def channel_of(session: str, server_id: UUID) -> str | None:
    """Return the channel of an open session; None if it is gone, or belongs to another server."""
    stored = await cache.aget(_key(session))
    return stored[0] if stored is not None and stored[1] == str(server_id) else None


async def deliver(channel: str, data: bytes) -> None:
    """Send an answer to the stream, in whichever process it is open."""
    await get_channel_layer().send(channel, {"type": "stream.message", "data": data})


def messages_path(scope: Scope, session: str) -> str:
    """Return the path to post to, with the prefix under which Patchbay is served."""
    prefix = scope.get("root_path") or urlsplit(settings.PUBLIC_URL).path.rstrip("/")
    base = scope["path"].removeprefix(scope.get("root_path", "")).rstrip("/").removesuffix("/sse")
    return f"{prefix}{base}/messages?{PARAMETER}={session}"
