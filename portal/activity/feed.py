"""New calls for the watchers of a process: one query per tick serves them all.

The feed polls the call record, so it sees the calls of every process, with or without a shared channel layer. Several
processes write at once, and a lower id may be committed after a higher one. Each tick therefore reads the last seconds
again, and sends a call when it is new or its outcome has changed. Every few seconds the feed checks that each watcher
may still see the calls.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Max, Q
from django.template.loader import render_to_string
from django.urls import set_script_prefix
from django.utils import timezone

from accounts.database.outages import outage_of
from accounts.database.threads import look_up
from accounts.models import Membership, Session
from mcpservers.replies import event
from portal.activity.names import CallNames
from portal.activity.rows import CallRow, rows_of
from tools.models import Call, Outcome
from tools.record.activity import CallFilter

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.5
CHECK_SECONDS = 3.0
LOOK_BACK_SECONDS = 5.0
# A stream opens after this time even if the database is slow.
BEGIN_SECONDS = 5.0
# How long the feed waits for the outcome of a pending write.
PENDING_SECONDS = 600.0
# The most new calls sent per tick: nobody reads more.
MOST = 50
LOOKED_AT = 500
# After a longer absence, reloading the page is better.
CAUGHT_UP = timedelta(hours=1)
# This many ids below the newest may be allocated but not yet committed when the first watcher arrives.
GIVEN_OUT = 200


@dataclass(eq=False)
class Watch:
    """One open stream and its filters. `seen` is the id of the newest call that the page has."""

    user_id: int
    password: str
    session_id: UUID
    wanted: CallFilter
    of_account: bool
    seen: int
    ended: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting: list[bytes] = field(default_factory=list)

    def tell(self, events: Iterable[bytes]) -> None:
        """Queue events for sending; a client that reads too slowly loses the oldest."""
        self._waiting.extend(events)
        del self._waiting[: -2 * MOST]
        self.wake.set()

    def take(self) -> bytes:
        self.wake.clear()
        data, self._waiting = b"".join(self._waiting), []
        return data

    def end(self) -> None:
        """Ask the stream to close."""
        self.ended = True
        self.wake.set()


class ActivityFeed:
    """The watchers of one event loop."""

    def __init__(self) -> None:
        self._watches: set[Watch] = set()
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._begun = asyncio.Event()
        self._seen: dict[int, tuple[str, float]] = {}
        self._floor = 0
        self._checked_at = 0.0
        self.closing = False

    def __len__(self) -> int:
        return len(self._watches)

    async def add(self, watch: Watch) -> None:
        """Register a watcher, who gets every call recorded after this returns."""
        loop = asyncio.get_running_loop()
        self._watches.add(watch)
        if self.closing:  # `end_all` may have run after the request was checked
            watch.end()
            return
        if self._task is None or self._task.done() or self._loop is not loop:
            self._loop, self._begun = loop, asyncio.Event()
            # An empty context: its log lines belong to no request.
            self._task = loop.create_task(self._run(self._begun), context=Context())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._begun.wait(), BEGIN_SECONDS)

    def discard(self, watch: Watch) -> None:
        self._watches.discard(watch)

    def end_all(self) -> None:
        """Close every stream and refuse new ones, because the process is stopping."""
        self.closing = True
        for watch in list(self._watches):
            watch.end()

    async def _run(self, begun: asyncio.Event) -> None:
        # The links of the rows begin with it; the empty context has no request's.
        set_script_prefix(settings.PUBLIC_PATH or "/")
        while self._watches:
            watches = list(self._watches)
            try:
                if not begun.is_set():
                    await database_sync_to_async(self._begin)()
                    begun.set()
                for watch, events in await database_sync_to_async(self._look)(watches):
                    watch.tell(events)
                if time.monotonic() - self._checked_at >= CHECK_SECONDS:
                    self._checked_at = time.monotonic()
                    for watch in await look_up(_unauthorised, watches):
                        watch.end()
            except DatabaseError as error:
                if outage_of(error) is None:
                    logger.warning("cannot query for new calls; retrying")
            except Exception:  # this one task serves all watchers and must not end
                logger.exception("cannot send new calls; retrying")
            await asyncio.sleep(TICK_SECONDS)

    def _begin(self) -> None:
        """Mark the existing calls as seen."""
        now = time.monotonic()
        newest = Call.objects.aggregate(newest=Max("pk"))["newest"] or 0
        self._floor, self._checked_at = newest - GIVEN_OUT, now
        recent = Call.objects.filter(pk__gt=self._floor).values_list("pk", "outcome")
        self._seen = {number: (outcome, now) for number, outcome in recent}

    def _look(self, watches: list[Watch]) -> list[tuple[Watch, list[bytes]]]:
        environments = {watch.wanted.environment_id for watch in watches}
        now = time.monotonic()
        # A pending write may be older than the look-back, so it is queried by its id.
        pending = [number for number, (outcome, _) in self._seen.items() if outcome == Outcome.PENDING]
        recent = Call.objects.filter(Q(pk__gt=self._floor) | Q(pk__in=pending), environment_id__in=environments)
        rows = list(recent.order_by("-pk").values_list("pk", "outcome")[:LOOKED_AT])
        fresh = [number for number, outcome in rows if self._seen.get(number, ("", 0))[0] != outcome]
        for number, outcome in rows:
            # Keep the time of the first sighting, by which `_forget` counts.
            self._seen[number] = (outcome, self._seen.get(number, ("", now))[1])
        self._forget(now)
        return self._deliveries(fresh[:MOST], watches) if fresh else []

    def _forget(self, now: float) -> None:
        for number, (outcome, since) in list(self._seen.items()):
            if now - since >= LOOK_BACK_SECONDS:
                self._floor = max(self._floor, number)
                if outcome != Outcome.PENDING or now - since >= PENDING_SECONDS:
                    del self._seen[number]

    def _deliveries(self, numbers: list[int], watches: list[Watch]) -> list[tuple[Watch, list[bytes]]]:
        calls = Call.objects.filter(pk__in=numbers).defer("arguments").order_by("started_at", "pk")
        rows = rows_of(list(calls), CallNames())
        # Rendered once for all watchers: a row only depends on the kind of page.
        written: dict[tuple[int, bool], bytes] = {}
        deliveries = []
        for watch in watches:
            events = [_written(row, watch.of_account, written) for row in rows if watch.wanted.matches(row.call)]
            if events:
                deliveries.append((watch, events))
        return deliveries


def backlog(watch: Watch) -> list[bytes]:
    """Return the events of calls between the page and its stream, or during a lost connection."""
    lately = replace(watch.wanted, since=timezone.now() - CAUGHT_UP)
    calls = lately.calls().filter(pk__gt=watch.seen).defer("arguments").order_by("-started_at", "-pk")[:MOST]
    return [_written(row, watch.of_account, {}) for row in rows_of(list(reversed(calls)), CallNames())]


def _written(row: CallRow, of_account: bool, written: dict[tuple[int, bool], bytes]) -> bytes:
    """Return the server-sent event with a call's rendered row."""
    key = (row.call.pk, of_account)
    if key not in written:
        html = render_to_string("activity/row.html", {"row": row, "of_account": of_account, "fresh": True})
        data = "\n".join(line.strip() for line in html.splitlines() if line.strip())
        written[key] = event(data.encode(), b"call", row.call.pk)
    return written[key]


def _unauthorised(watches: list[Watch]) -> list[Watch]:
    """Return the watches whose session ended, or whose user changed the password or may not enter any more."""
    members: set[tuple[int, UUID, str]] = set(
        Membership.objects.filter(
            user_id__in={watch.user_id for watch in watches},
            environment_id__in={watch.wanted.environment_id for watch in watches},
            user__is_active=True,
        )
        .enterable()
        .values_list("user_id", "environment_id", "user__password")
    )
    session_ids = {watch.session_id for watch in watches}
    sessions = set(Session.objects.live().filter(pk__in=session_ids).values_list("pk", flat=True))
    return [
        watch
        for watch in watches
        if (watch.user_id, watch.wanted.environment_id, watch.password) not in members
        or watch.session_id not in sessions
    ]


feed = ActivityFeed()
