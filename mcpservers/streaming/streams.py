"""The open streams of this process: each learns when its server's lists change, and ends when its server does.

One task watches over all of them. It wakes when a change is announced, and looks after the servers that it names. Once
a second it looks up what else has been changed, by processes that share no channel layer. Revisions are compared many
at a time, so that only what has changed is resolved anew. It sends the comments that keep proxies from
closing idle connections. A stream needs no task or thread of its own.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Collection, Iterable
from contextlib import suppress
from contextvars import Context
from datetime import datetime
from typing import Protocol

from django.db import DatabaseError
from django.utils import timezone

from accounts.api_tokens.recognition import TokenGrant, still_open
from accounts.caches.change_watch import change_watch
from accounts.changes import Change, ChangeKind, subscribe
from accounts.database.outages import outage_of
from mcpservers.metrics import STREAMS
from mcpservers.replies import COMMENT_SECONDS
from mcpservers.resolution import ResolvedServer, outdated, resolve_again
from mcpservers.sign_in.recognition import PersonAccess, still_granted

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
    access: PersonAccess | None
    quiet_since: float

    def lists_changed(self, kinds: Collection[str]) -> None:
        """Notify the client that these lists have changed: of tools, prompts or resources."""

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
        self._checked_at = 0.0
        # Changes that have not been followed yet; appended to by any thread. None is an unknown one.
        self._heard: deque[Change | None] = deque()
        # The servers of new streams: what has changed while a stream was opened was not heard for it.
        self._new: list[ResolvedServer] = []
        self.closing = False
        subscribe(self.heard)
        change_watch.follow(self.heard)
        change_watch.on_rewind(self.restart)

    def __len__(self) -> int:
        return sum(map(len, self._streams.values()))

    def add(self, stream: Stream) -> None:
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._loop is not loop:
            self._loop, self._wake = loop, asyncio.Event()
            self._checked_at = time.monotonic()
            # In a context of its own, since what it logs belongs to no request.
            self._task = loop.create_task(self._watch(self._wake), context=Context())
        streams = self._streams.setdefault(stream.server.key, set())
        if stream not in streams:
            streams.add(stream)
            self._new.append(stream.server)
            STREAMS[stream.kind].inc()

    def discard(self, stream: Stream) -> None:
        """Stop watching a stream that has ended; do nothing if it is unknown."""
        streams = self._streams.get(stream.server.key)
        if streams is not None and stream in streams:
            streams.discard(stream)
            STREAMS[stream.kind].dec()
            if not streams:
                del self._streams[stream.server.key]

    def heard(self, change: Change | None) -> None:
        """Have the servers that a change affects checked soon; may be called from any thread.

        None is a change of which nothing is known.
        """
        if self._streams and self._loop is not None and self._wake is not None and not self._loop.is_closed():
            self._heard.append(change)
            self._loop.call_soon_threadsafe(self._wake.set)

    def restart(self) -> None:
        """End every stream soon, so that clients open new ones; may be called from any thread."""
        if self._streams and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end_open)

    def _end_open(self) -> None:
        for stream in self._all():
            stream.end()

    def end_all(self) -> None:
        """End every stream, and accept no new ones, since the process is about to stop."""
        self.closing = True
        self._end_open()

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
            except Exception as error:  # the only task that watches over the streams must not end
                # Changes may not have been followed to their end.
                self._heard.append(None)
                if outage_of(error) is None:
                    logger.exception("open streams could not be looked after; it is tried again")

    async def _tick(self) -> None:
        now, moment = time.monotonic(), timezone.now()
        for stream in self._all():
            if _is_over(stream, moment):
                stream.end()
            elif now - stream.quiet_since >= COMMENT_SECONDS:
                stream.comment()
        with suppress(DatabaseError):
            await change_watch.look()
        if now - self._checked_at >= RECHECK_SECONDS:
            self._heard.append(None)
        await self._follow([self._heard.popleft() for _ in range(len(self._heard))], now)

    async def _follow(self, changes: list[Change | None], now: float) -> None:
        """Check the servers and the tokens that changes affect, and the servers of new streams."""
        unknown = None in changes
        servers, self._new = self._new, []
        if unknown:
            self._checked_at = now
        if changes:
            # By identity: of two streams of one server, the older one may know an earlier state of it.
            held = {id(stream.server): stream.server for stream in self._all()}.values()
            servers += [
                each for each in held if unknown or any(each.is_affected_by(change) for change in changes if change)
            ]
        for start in range(0, len(servers), CHUNK):
            for key in await outdated(servers[start : start + CHUNK]):
                await self._check_server(key)
        if any(change is None or change.kind is ChangeKind.TOKEN for change in changes):
            await self._check_tokens()
            await self._check_accesses()

    async def _check_server(self, key: bytes) -> None:
        server = await resolve_again(key)
        for stream in list(self._streams.get(key, ())):
            if server is None:
                stream.end()
            elif server is not stream.server:
                kinds = changed_lists(stream.server, server)
                stream.server = server
                if kinds:
                    stream.lists_changed(kinds)

    async def _check_tokens(self) -> None:
        """End the streams whose API token is no longer valid."""
        token_ids = {stream.grant.token_id for stream in self._all() if stream.grant is not None}
        valid = await still_open(token_ids) if token_ids else set()
        for stream in self._all():
            if stream.grant is not None and stream.grant.token_id not in valid:
                stream.end()

    async def _check_accesses(self) -> None:
        """End the streams whose access token is no longer valid, or opens other tools now."""
        held = [(stream, stream.access) for stream in self._all() if stream.access is not None]
        valid = await still_granted({access.token_id for _, access in held}) if held else {}
        for stream, access in held:
            if valid.get(access.token_id) is not access.may_write:
                stream.end()


def changed_lists(before: ResolvedServer, after: ResolvedServer) -> list[str]:
    """Return which lists a client of the server sees otherwise now."""
    old, new = before.offer, after.offer
    differ = {
        "tools": old.entries != new.entries,
        "prompts": old.prompts != new.prompts,
        "resources": before.account_name != after.account_name or old.resources.entries != new.resources.entries,
    }
    return [kind for kind, differs in differ.items() if differs]


def _is_over(stream: Stream, moment: datetime) -> bool:
    """Return whether a stream's server or token has expired."""
    ends = stream.server.expires_at
    over = ends is not None and ends <= moment.timestamp()
    return over or any(held.is_over(moment) for held in (stream.grant, stream.access) if held is not None)


hub = StreamHub()
