"""Write the record of calls: reads in batches beside the hot path, writes with an intent before they are sent.

A write's row is committed, as pending, before the vendor hears of it, so that no write is ever unaccounted for.
Everything else is queued and written by one thread per process, at most FLUSH_SECONDS later.
"""

import asyncio
import logging
import threading
from collections import deque
from typing import Any

from channels.db import database_sync_to_async
from django.db import DatabaseError, DataError, close_old_connections, connection, transaction

from tools.models import Call, Outcome
from tools.record.metrics import RECORD_QUEUE
from tools.record.notes import COLUMNS, ENDED, CallNote
from tools.record.rollups import add_up
from tools.record.unfinished import reopen

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

    def __len__(self) -> int:
        return len(self._queue)

    async def intend(self, note: CallNote) -> None:
        """Commit the row of a write before it is sent; raises DatabaseError, and then the write must not be sent."""
        note.outcome = Outcome.PENDING
        inserting = asyncio.ensure_future(database_sync_to_async(_insert)(note))
        try:
            note.row_id = await asyncio.shield(inserting)
        except asyncio.CancelledError:
            # The thread commits the row anyway, and it must not stay pending.
            note.row_id = await inserting
            raise

    def add(self, note: CallNote) -> None:
        """Queue a call that has ended."""
        # Only reads are dropped: a write has its row already, which must not stay pending.
        if len(self._queue) >= QUEUE_LIMIT and note.row_id is None:
            logger.error("The record of calls cannot be written; a read of %s goes unrecorded.", note.tool)
            return
        self._queue.append(note)
        if self._thread is None:
            self._start()

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
                    _write(batch)
                except UNWRITABLE:
                    _write_singly(batch)
                except DatabaseError:
                    logger.exception("The record of calls could not be written; it is tried again.")
                    self._queue.extendleft(reversed(batch))
                    return


def _insert(note: CallNote) -> int:
    row = note.row()
    row.save(force_insert=True)
    return int(row.pk)


@transaction.atomic
def _write(batch: list[CallNote]) -> None:
    """Write a batch, and add it to the figures: both or neither, so that a retry counts nothing twice."""
    rows = [note.values() for note in batch if note.row_id is None]
    written = _insert_rows(rows) if rows else []
    ended = [note.row() for note in batch if note.row_id is not None]
    if ended:
        reopen([row.pk for row in ended])
        Call.objects.bulk_update(ended, ENDED)
    add_up([*written, *(row.pk for row in ended)])


def _write_singly(batch: list[CallNote]) -> None:
    """Write a batch call by call: one that the database refuses must not keep the others out."""
    for note in batch:
        try:
            _write([note])
        except UNWRITABLE:
            logger.exception("A call of %s could not be written into the record of calls.", note.tool)


def _insert_rows(rows: list[tuple[Any, ...]]) -> list[int]:
    """Insert rows with one statement, and return their primary keys.

    One statement per row would pass the interpreter's lock back and forth.
    """
    quote = connection.ops.quote_name
    columns = ", ".join(map(quote, COLUMNS))
    marks = ", ".join([f"({', '.join(['%s'] * len(COLUMNS))})"] * len(rows))
    statement = f"INSERT INTO {quote(Call._meta.db_table)} ({columns}) VALUES {marks} RETURNING id"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for row in rows for value in row])
        return [row[0] for row in cursor.fetchall()]


recorder = CallRecorder()
RECORD_QUEUE.set_function(recorder.__len__)
