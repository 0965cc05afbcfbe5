"""The open streams of this process: each learns when its server's tools change, and ends when its server does.

One task watches over all of them. It wakes when a change is announced, and looks after the servers that it names. Once
a second it checks whether more has been counted, by processes that share no channel layer; since the count names
nothing, it then compares the revisions of all servers with the database's. It sends the comments that keep proxies from
closing idle connections. A stream needs no task or thread of its own.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from contextvars import Context
from datetime import datetime
from typing import Protocol

from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.utils import timezone

from accounts.api_tokens.recognition import TokenGrant, still_open
from accounts.changes import Change, ChangeKind, change_count, subscribe
from mcpservers.metrics import STREAMS
from mcpservers.replies import COMMENT_SECONDS
from mcpservers.resolution import ResolvedServer, outdated, resolve_again

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
# Even without a change, every server with an open stream is checked again after this time.
RECHECK_SECONDS = 60.0
# How many servers' revisions are compared with one query.
CHUNK = 500


class Stream(Protocol):
    """One open stream. Its methods must not wait for the client."""

    kind: str
    server: ResolvedServer
    grant: TokenGrant | None
    quiet_since: float

    def tools_changed(self) -> None:
        """Notify the client that the list of tools has changed."""

    def comment(self) -> None:
        """Send a comment, which keeps the connection open."""

    def end(self) -> None:
        """Send the farewell, and close."""


class StreamHub:
    """The streams of one event loop."""

    def __init__(self) -> None:
        self._streams: dict[bytes, set[Stream]] = {}
        self._task: asyncio.Task[None] | None = None
        self._wake: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._count: int | None = None
        self._checked_at = 0.0
        # Announced changes that have not been followed yet; appended to by any thread.
        self._named: deque[Change] = deque()
        self._unsure = False
        self.closing = False

    def __len__(self) -> int:
        return sum(map(len, self._streams.values()))

    def add(self, stream: Stream) -> None:
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._loop is not loop:
            self._loop, self._wake = loop, asyncio.Event()
            self._checked_at = time.monotonic()
            # In a context of its own, since what it logs belongs to no request.
            self._task = loop.create_task(self._watch(self._wake), context=Context())
        streams = self._streams.setdefault(stream.server.digest, set())
        if stream not in streams:
            streams.add(stream)
            STREAMS[stream.kind].inc()

    def discard(self, stream: Stream) -> None:
        """Stop watching a stream that has ended; do nothing if it is unknown."""
        streams = self._streams.get(stream.server.digest)
        if streams is not None and stream in streams:
            streams.discard(stream)
            STREAMS[stream.kind].dec()
            if not streams:
                del self._streams[stream.server.digest]

    def heard(self, change: Change) -> None:
        """Have the servers that a change affects checked soon; may be called from any thread."""
        if self._streams and self._loop is not None and self._wake is not None and not self._loop.is_closed():
            self._named.append(change)
            self._loop.call_soon_threadsafe(self._wake.set)

    def end_all(self) -> None:
        """End every stream, and accept no new ones, since the process is about to stop."""
        self.closing = True
        for stream in self._all():
            stream.end()

    def _all(self) -> Iterable[Stream]:
        # A copy: ending a stream removes it from the sets.
        return [stream for streams in self._streams.values() for stream in streams]

    async def _watch(self, wake: asyncio.Event) -> None:
        while self._streams:
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), TICK_SECONDS)
            wake.clear()
            try:
                await self._tick()
            except Exception:  # the only task that watches over the streams must not end
                # Changes may not have been followed to their end.
                self._unsure = True
                logger.exception("open streams could not be looked after; it is tried again")

    async def _tick(self) -> None:
        now, moment = time.monotonic(), timezone.now()
        for stream in self._all():
            if _is_over(stream, moment):
                stream.end()
            elif now - stream.quiet_since >= COMMENT_SECONDS:
                stream.comment()
        while self._named:
            await self._follow(self._named.popleft())
        if await self._is_due(now):
            await self._check_all()
            self._checked_at, self._unsure = now, False

    async def _follow(self, change: Change) -> None:
        """Check the servers, or the tokens, that an announced change affects."""
        if change.kind is ChangeKind.TOKEN:
            await self._check_tokens()
        for digest in [digest for digest, streams in self._streams.items() if _affects(change, streams)]:
            await self._check_server(digest)

    async def _is_due(self, now: float) -> bool:
        """Return whether anything may have changed that was not announced here."""
        if self._unsure:
            return True
        try:
            count: int = await database_sync_to_async(change_count)()
        except DatabaseError:
            return False
        # The first check counts as a change: what changed since a stream was opened is unknown.
        if count == self._count:
            return now - self._checked_at >= RECHECK_SECONDS
        self._count = count
        self._unsure = True
        return True

    async def _check_all(self) -> None:
        # By identity: of two streams of one server, the older one may know an earlier state of it.
        servers = [*{id(stream.server): stream.server for stream in self._all()}.values()]
        for start in range(0, len(servers), CHUNK):
            for digest in await outdated(servers[start : start + CHUNK]):
                await self._check_server(digest)
        await self._check_tokens()

    async def _check_server(self, digest: bytes) -> None:
        server = await resolve_again(digest)
        for stream in list(self._streams.get(digest, ())):
            if server is None:
                stream.end()
            elif server is not stream.server:
                differs = server.offer.entries != stream.server.offer.entries
                stream.server = server
                if differs:
                    stream.tools_changed()

    async def _check_tokens(self) -> None:
        """End the streams whose API token is no longer valid."""
        token_ids = {stream.grant.token_id for stream in self._all() if stream.grant is not None}
        valid = await still_open(token_ids) if token_ids else set()
        for stream in self._all():
            if stream.grant is not None and stream.grant.token_id not in valid:
                stream.end()


def _affects(change: Change, streams: Iterable[Stream]) -> bool:
    """Return whether a change may concern the server of these streams."""
    server = next(iter(streams)).server
    match change.kind:
        case ChangeKind.SERVER:
            return server.server_id == change.id
        case ChangeKind.ACCOUNT:
            return server.account_id == change.id
        case ChangeKind.INTEGRATION:
            return server.offer.integration_id == change.id
    return False


def _is_over(stream: Stream, moment: datetime) -> bool:
    """Return whether a stream's server or API token has expired."""
    ends = stream.server.expires_at
    over = ends is not None and ends <= moment.timestamp()
    return over or (stream.grant is not None and stream.grant.is_over(moment))


hub = StreamHub()
subscribe(hub.heard)
