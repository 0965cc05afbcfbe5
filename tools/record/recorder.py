"""Write the record of calls: reads in batches beside the hot path, writes with an intent before they are sent.

A write's row is committed, as pending, before the vendor hears of it, so that no write is ever unaccounted for; that
has threads of its own (`intents.py`). Everything else is queued and written by one thread per process, at most
FLUSH_SECONDS later.
"""

import logging
import threading
import time
from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import Any

from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    DataError,
    close_old_connections,
    connection,
    connections,
    transaction,
)

from accounts.database.outages import outage_of
from accounts.notices import Notice, Troubles, tell
from tools.models import Call
from tools.record.keys import CallKeys
from tools.record.metrics import OLDEST_WAIT, RECORD_QUEUE, RECORDS_LOST
from tools.record.notes import COLUMNS, ENDED, CallNote
from tools.record.rollups import add_up
from tools.record.unfinished import reopen
from tools.record.waiting import Waiting

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 0.25
BATCH = 100  # small, so that the thread never holds the interpreter for long
QUEUE_LIMIT = 100_000
# Errors that a row's own values may cause; any other is due to the database's state, which passes.
UNWRITABLE = (DataError, ValueError, TypeError, OverflowError)


class CallRecorder:
    """The queue of one process and the thread that empties it."""

    def __init__(self) -> None:
        self._queue: deque[CallNote] = deque()
        self._wake = threading.Event()
        self._writing = threading.Lock()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._batches = Waiting()
        # Whether the database took no calls at the last attempt, and how many were lost since it began.
        self._is_delayed = False
        self._lost = 0
        self._losses = Troubles(Notice.RECORDS_LOST)

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, note: CallNote) -> None:
        """Queue a call that has ended."""
        if note.intent is None:
            self._add(note)
        else:
            # Only then is it known whether a row waits for its end: a thread may still commit one that nobody awaits.
            note.intent.add_done_callback(partial(self._add_intended, note))

    def _add_intended(self, note: CallNote, intent: "Future[int]") -> None:
        if not intent.cancelled() and intent.exception() is None:
            note.row_id = intent.result()
        self._add(note)

    def _add(self, note: CallNote) -> None:
        # Only reads are dropped: a write has its row already, which must not stay pending.
        if len(self._queue) >= QUEUE_LIMIT and note.row_id is None:
            self._lose("queue full")
            return
        self._queue.append(note)
        if self._thread is None:
            self._start()

    def oldest_record(self) -> float:
        """Return the seconds for which an ended call has been waiting to be written; 0 if none waits."""
        try:
            ended = self._queue[0].ended_at
        except IndexError:
            ended = time.perf_counter()
        return max(time.perf_counter() - ended, self._batches.oldest())

    def _start(self) -> None:
        with self._starting:
            # Another thread may have started it in the meantime.
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="call-recorder", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._wake.wait(FLUSH_SECONDS)
            if self._queue:
                # Outside of a request, nothing else drops stale connections.
                close_old_connections()
                self.flush()

    def discard(self) -> None:
        """Drop the queue without writing it."""
        with self._writing:
            self._queue.clear()

    def flush(self) -> None:
        """Write everything that is queued; what cannot be written now stays queued."""
        with self._writing:
            while self._queue:
                batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
                try:
                    self._write_all(batch)
                except DatabaseError as failure:
                    self._queue.extendleft(reversed(batch))
                    self._delay(failure)
                    return
                self._resume()

    def close(self) -> None:
        """Write everything that is queued, and tell how many calls could not be, when the process stops."""
        self.flush()
        with self._writing:
            left = len(self._queue)
            self._queue.clear()
        if left:
            self._lose("process stopped", left)

    def _write_all(self, batch: list[CallNote]) -> None:
        """Write a batch; raise DatabaseError if it has to wait, with what was written taken out of it."""
        try:
            with self._batches.one(batch[0].ended_at):
                _write(batch)
        except UNWRITABLE:
            self._write_singly(batch)

    def _write_singly(self, batch: list[CallNote]) -> None:
        """Write a batch call by call: one that the database refuses must not keep the others out."""
        while batch:
            try:
                _write(batch[:1])
            except UNWRITABLE:
                # Not in the notice: the driver's words may repeat the call's values.
                logger.debug("a call of %s could not be written", batch[0].tool, exc_info=True)
                self._lose("refused by the database")
            del batch[0]

    def _lose(self, reason: str, calls: int = 1) -> None:
        RECORDS_LOST.labels(reason).inc(calls)
        self._lost += calls
        sentence = "Calls are missing from the record of calls: they could not be written."
        self._losses.happened(reason, sentence, {"reason": reason}, times=calls)

    def _delay(self, failure: DatabaseError) -> None:
        if not self._is_delayed:
            self._is_delayed, self._lost = True, 0
            if outage_of(failure) is None:
                logger.error("The record of calls could not be written.", exc_info=failure)
            sentence = "Calls cannot be written into the record of calls at present; they wait, and are tried again."
            tell(Notice.RECORDS_DELAYED, sentence, count=len(self._queue), reason=type(failure).__name__)

    def _resume(self) -> None:
        if self._is_delayed:
            self._is_delayed = False
            sentence = "Calls are written into the record of calls again; the count is of those lost meanwhile."
            tell(Notice.RECORDS_WRITTEN, sentence, count=self._lost)


@transaction.atomic
def _write(batch: list[CallNote]) -> None:
    """Write a batch, and add it to the figures: both or neither, so that a retry counts nothing twice."""
    begun = [note for note in batch if note.row_id is None]
    # The connection itself: its proxy would look it up for each value.
    database = connections[DEFAULT_DB_ALIAS]
    rows = [note.values(database) for note in begun]
    keys = [*zip(_insert_rows(rows), (note.started_at for note in begun), strict=True)]
    ended = [note.row() for note in batch if note.row_id is not None]
    if ended:
        intended = CallKeys.of((row.pk, row.started_at) for row in ended)
        reopen(intended)
        intended.period().bulk_update(ended, ENDED)
        keys.extend((row.pk, row.started_at) for row in ended)
    add_up(CallKeys.of(keys))


def _insert_rows(rows: list[tuple[Any, ...]]) -> list[int]:
    """Insert rows with one statement, and return their primary keys.

    One statement per row would pass the interpreter's lock back and forth.
    """
    if not rows:
        return []
    quote = connection.ops.quote_name
    columns = ", ".join(map(quote, COLUMNS))
    marks = ", ".join([f"({', '.join(['%s'] * len(COLUMNS))})"] * len(rows))
    statement = f"INSERT INTO {quote(Call._meta.db_table)} ({columns}) VALUES {marks} RETURNING id"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for row in rows for value in row])
        return [row[0] for row in cursor.fetchall()]


recorder = CallRecorder()
RECORD_QUEUE.set_function(recorder.__len__)
OLDEST_WAIT.labels("record").set_function(recorder.oldest_record)
