"""New calls for whoever watches: one look a tick at the record, for all watchers of a process.

The record itself is what is watched, so that calls of every process are seen, with and without a shared channel
layer. Several processes write at once, and a number that was given out earlier may be committed later: the last
seconds are looked at again each time, and a call is told when it, or its outcome, was not seen before. Whether each
watcher may still see them is asked every few seconds.
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
from django.db import DatabaseError
from django.db.models import Max, Q
from django.template.loader import render_to_string
from django.utils import timezone

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
# However slow the database is, a stream opens after this time.
BEGIN_SECONDS = 5.0
# A write without an outcome is waited for so long.
PENDING_SECONDS = 600.0
# So many new calls are told in a tick; more than that nobody reads.
MOST = 50
LOOKED_AT = 500
# After a longer absence the page is better loaded anew.
CAUGHT_UP = timedelta(hours=1)
# Numbers that may have been given out, but not committed, when the first watcher came.
GIVEN_OUT = 200


@dataclass(eq=False)
class Watch:
    """Somebody who watches. `seen` is the number of the newest call that they have."""

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
        """Have events sent; when they are not taken, the oldest are dropped."""
        self._waiting.extend(events)
        del self._waiting[: -2 * MOST]
        self.wake.set()

    def take(self) -> bytes:
        """Return what waits to be sent."""
        self.wake.clear()
        data, self._waiting = b"".join(self._waiting), []
        return data

    def end(self) -> None:
        """Have the stream closed."""
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
        """Tell a watcher of calls; of each that comes in after this has returned."""
        loop = asyncio.get_running_loop()
        self._watches.add(watch)
        if self.closing:  # since its request was checked
            watch.end()
            return
        if self._task is None or self._task.done() or self._loop is not loop:
            self._loop, self._begun = loop, asyncio.Event()
            # In a context of its own: what it logs belongs to no request.
            self._task = loop.create_task(self._run(self._begun), context=Context())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._begun.wait(), BEGIN_SECONDS)

    def discard(self, watch: Watch) -> None:
        """Let a watcher go."""
        self._watches.discard(watch)

    def end_all(self) -> None:
        """Close every stream, and take no new ones: the process is about to stop."""
        self.closing = True
        for watch in list(self._watches):
            watch.end()

    async def _run(self, begun: asyncio.Event) -> None:
        while self._watches:
            watches = list(self._watches)
            try:
                if not begun.is_set():
                    await database_sync_to_async(self._begin)()
                    begun.set()
                told = await database_sync_to_async(self._look)(watches)
                for watch, events in told:
                    watch.tell(events)
                if time.monotonic() - self._checked_at >= CHECK_SECONDS:
                    self._checked_at = time.monotonic()
                    for watch in await database_sync_to_async(_without_right)(watches):
                        watch.end()
            except DatabaseError:
                logger.warning("new calls could not be looked for; it is tried again")
            except Exception:  # the one task of all watchers must not end
                logger.exception("new calls could not be told; it is tried again")
            await asyncio.sleep(TICK_SECONDS)

    def _begin(self) -> None:
        """Take what is there already for seen."""
        now = time.monotonic()
        newest = Call.objects.aggregate(newest=Max("pk"))["newest"] or 0
        self._floor, self._checked_at = newest - GIVEN_OUT, now
        there = Call.objects.filter(pk__gt=self._floor).values_list("pk", "outcome")
        self._seen = {number: (outcome, now) for number, outcome in there}

    def _look(self, watches: list[Watch]) -> list[tuple[Watch, list[bytes]]]:
        environments = {watch.wanted.environment_id for watch in watches}
        now = time.monotonic()
        waited_for = [number for number, (outcome, _) in self._seen.items() if outcome == Outcome.PENDING]
        recent = Call.objects.filter(Q(pk__gt=self._floor) | Q(pk__in=waited_for), environment_id__in=environments)
        rows = list(recent.order_by("-pk").values_list("pk", "outcome")[:LOOKED_AT])
        fresh = [number for number, outcome in rows if self._seen.get(number, ("", 0))[0] != outcome]
        for number, outcome in rows:
            self._seen[number] = (outcome, self._seen.get(number, ("", now))[1])
        self._forget(now)
        return self._told(fresh[:MOST], watches) if fresh else []

    def _forget(self, now: float) -> None:
        for number, (outcome, since) in list(self._seen.items()):
            if now - since >= LOOK_BACK_SECONDS:
                self._floor = max(self._floor, number)
                if outcome != Outcome.PENDING or now - since >= PENDING_SECONDS:
                    del self._seen[number]

    def _told(self, numbers: list[int], watches: list[Watch]) -> list[tuple[Watch, list[bytes]]]:
        calls = Call.objects.filter(pk__in=numbers).defer("arguments").order_by("started_at", "pk")
        rows = rows_of(list(calls), CallNames())
        written: dict[tuple[int, bool], bytes] = {}
        told = []
        for watch in watches:
            events = [_written(row, watch.of_account, written) for row in rows if watch.wanted.matches(row.call)]
            if events:
                told.append((watch, events))
        return told


def backlog(watch: Watch) -> list[bytes]:
    """Return the calls that came between the page and its stream, or while the connection was lost."""
    lately = replace(watch.wanted, since=timezone.now() - CAUGHT_UP)
    calls = lately.calls().filter(pk__gt=watch.seen).defer("arguments").order_by("-started_at", "-pk")[:MOST]
    return [_written(row, watch.of_account, {}) for row in rows_of(list(reversed(calls)), CallNames())]


def _written(row: CallRow, of_account: bool, written: dict[tuple[int, bool], bytes]) -> bytes:
    """Return the event that puts a row into a page."""
    key = (row.call.pk, of_account)
    if key not in written:
        html = render_to_string("activity/row.html", {"row": row, "of_account": of_account, "fresh": True})
        data = "\n".join(line.strip() for line in html.splitlines() if line.strip())
        written[key] = event(data.encode(), b"call", row.call.pk)
    return written[key]


def _without_right(watches: list[Watch]) -> list[Watch]:
    """Return those whose session ended, who were removed from the environment, or got another password."""
    members: set[tuple[int, UUID, str]] = set(
        Membership.objects.filter(
            user_id__in={watch.user_id for watch in watches},
            environment_id__in={watch.wanted.environment_id for watch in watches},
            user__is_active=True,
        ).values_list("user_id", "environment_id", "user__password")
    )
    asked = {watch.session_id for watch in watches}
    sessions = set(Session.objects.live().filter(pk__in=asked).values_list("pk", flat=True))
    return [
        watch
        for watch in watches
        if (watch.user_id, watch.wanted.environment_id, watch.password) not in members
        or watch.session_id not in sessions
    ]


feed = ActivityFeed()
