"""Sessions of the old HTTP+SSE transport: they map a POST to the channel of the stream for its answer.

A session also keeps what `initialize` agreed on, since later POSTs name neither revision nor client. Sessions are kept
in the cache, which all processes share if REDIS_URL is set. A session that is not renewed expires. If the cache or the
channel layer does not answer, functions raise SessionsAway, and that is told once.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import astuple, dataclass, replace
from uuid import UUID

from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import cache

from accounts.notices import Notice, Troubles
from mcpservers.eras import agreed_revision
from mcpservers.errors import JsonRpcError, SessionsAway
from mcpservers.jsonrpc import Request
from mcpservers.replies import Scope
from mcpservers.tool_calls import RequestContext, client_name

PARAMETER = "session"
# The stream renews its session with every comment, every 14 s.
SESSION_SECONDS = 45

_troubles = Troubles(Notice.OLD_TRANSPORT_DOWN, Notice.OLD_TRANSPORT_UP)


@dataclass(frozen=True, slots=True)
class LegacySession:
    """An open session: its stream's channel and server, and the agreed revision and client, empty until then."""

    channel: str
    server_id: str
    revision: str = ""
    client: str = ""

    def applied_to(self, context: RequestContext, session: str) -> RequestContext:
        """Return the context of a message posted to this session, with what was agreed on."""
        headers = {b"mcp-protocol-version": self.revision} if self.revision else {}
        return replace(context, headers={**headers, **context.headers}, session=session, client=self.client)


def _key(session: str) -> str:
    return f"mcp-session:{session}"


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    """Raise SessionsAway for whatever the cache or the layer raises."""
    try:
        yield
    except Exception as problem:  # each has errors of its own, and their texts may contain addresses
        raise away(problem) from problem
    _troubles.passed(None, "The old HTTP+SSE transport works again.", {})


def away(problem: Exception) -> SessionsAway:
    """Return the refusal for an error of the cache or the layer, and tell the operator of it."""
    sentence = "The old HTTP+SSE transport does not work: Redis does not answer. Streamable HTTP needs none."
    _troubles.happened(None, sentence, {"reason": type(problem).__name__})
    return SessionsAway()


async def save_session(session: str, stored: LegacySession) -> None:
    """Store a session, in place of what is stored, for SESSION_SECONDS."""
    async with _answering():
        await cache.aset(_key(session), astuple(stored), SESSION_SECONDS)


async def open_session(channel: str, server_id: UUID) -> str:
    """Return the id of a new session, whose stream belongs to the consumer with this channel."""
    session = secrets.token_urlsafe(24)
    await save_session(session, LegacySession(channel, str(server_id)))
    return session


async def agree(session: str, stored: LegacySession, initialize: Request, context: RequestContext) -> None:
    """Keep the revision and client that an `initialize` agrees on; nothing if it will be refused."""
    with suppress(JsonRpcError):
        agreed = replace(stored, revision=agreed_revision(initialize), client=client_name(initialize, context))
        await save_session(session, agreed)


async def keep_session(session: str) -> None:
    """Renew a session for another SESSION_SECONDS, if that is possible."""
    with suppress(SessionsAway):
        async with _answering():
            await cache.atouch(_key(session), SESSION_SECONDS)


async def close_session(session: str) -> None:
    """Delete a session, so that messages posted to it are refused; without the cache it expires."""
    with suppress(SessionsAway):
        async with _answering():
            await cache.adelete(_key(session))


async def find_session(session: str, server_id: UUID) -> LegacySession | None:
    """Return an open session; None if it is gone, or belongs to another server."""
    async with _answering():
        stored = await cache.aget(_key(session))
    found = None if stored is None else LegacySession(*stored)
    return found if found is not None and found.server_id == str(server_id) else None


async def is_closed(session: str, server_id: UUID) -> bool:
    """Return whether the stream of a session has ended, or cannot be reached: no answer would be read then either."""
    try:
        return await find_session(session, server_id) is None
    except SessionsAway:
        return True


async def deliver(channel: str, data: bytes) -> None:
    """Send an answer to the stream, in whichever process it is open."""
    async with _answering():
        await get_channel_layer().send(channel, {"type": "stream.message", "data": data})


def messages_path(scope: Scope, session: str) -> str:
    """Return the path to post to, with the path of PUBLIC_URL."""
    base = scope["path"].rstrip("/").removesuffix("/sse")
    return f"{settings.PUBLIC_PATH}{base}/messages?{PARAMETER}={session}"
