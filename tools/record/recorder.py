"""Write the record of calls: reads in batches beside the hot path, writes with an intent before they are sent.

A write's row is committed, as pending, before the vendor hears of it, so that no write is ever unaccounted for.
Everything else is queued and written by one thread a process, at most FLUSH_SECONDS later.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from channels.db import database_sync_to_async
from django.db import DatabaseError, DataError, close_old_connections, connection, transaction

from accounts.tokens import redact
from accounts.vendors.concealment import MASK
from accounts.vendors.exchanges import Exchange
from tools.models import Call, Outcome
from tools.record.metrics import RECORD_QUEUE
from tools.record.rollups import add_up

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 0.25
BATCH = 100  # small, so that the thread never holds the interpreter for long
QUEUE_LIMIT = 100_000
MAX_TEXT = 1000
# What the values of a row may bring about; anything else is the database's state, which passes.
UNWRITABLE = (DataError, ValueError, TypeError, OverflowError)
SECRET_NAMES = ("password", "passwd", "secret", "token", "api_key", "apikey", "authorization", "credential")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an account's environment, and the server or API token through which the call came."""

    environment_id: UUID
    account_id: UUID
    via: str
    server_id: UUID | None = None
    token_id: UUID | None = None
    client: str = ""


@dataclass(slots=True)
class CallNote:
    """What is known of one call; completed while it runs. Durations are in milliseconds, `began` is of a clock.

    `seen` is told what is exchanged with the vendor, which is not kept.
    """

    caller: Caller
    tool: str
    access: str
    started_at: datetime
    arguments: dict[str, Any] = field(default_factory=dict)
    outcome: str = Outcome.FAILED
    error: str = ""
    upstream_status: int | None = None
    duration_ms: float | None = None
    before_ms: float | None = None
    upstream_ms: float | None = None
    upstream_bytes: int = 0
    result_chars: int = 0
    row_id: int | None = None
    began: float = field(default_factory=time.perf_counter)
    seen: Callable[[Exchange], None] | None = field(default=None, repr=False)

    def row(self) -> Call:
        """Return the row of this call, with secrets masked."""
        caller = self.caller
        return Call(
            pk=self.row_id,
            environment_id=caller.environment_id,
            account_id=caller.account_id,
            server_id=caller.server_id,
            token_id=caller.token_id,
            via=caller.via,
            client=_storable(caller.client)[:120],
            tool=self.tool[:64],
            access=self.access,
            arguments=masked(self.arguments),
            outcome=self.outcome,
            error=_storable(redact(self.error))[:500],
            upstream_status=self.upstream_status,
            started_at=self.started_at,
            duration_ms=self.duration_ms,
            before_ms=self.before_ms,
            upstream_ms=self.upstream_ms,
            upstream_bytes=self.upstream_bytes,
            result_chars=self.result_chars,
        )

    def values(self) -> tuple[Any, ...]:
        """Return the values of COLUMNS as the database's driver takes them: the row without the cost of a model."""
        caller = self.caller
        native = connection.features.has_native_uuid_field
        return (
            caller.environment_id if native else caller.environment_id.hex,
            caller.account_id if native else caller.account_id.hex,
            caller.server_id if native or caller.server_id is None else caller.server_id.hex,
            caller.token_id if native or caller.token_id is None else caller.token_id.hex,
            caller.via,
            _storable(caller.client)[:120],
            self.tool[:64],
            self.access,
            orjson.dumps(masked(self.arguments)).decode(),
            self.outcome,
            _storable(redact(self.error))[:500],
            self.upstream_status,
            connection.ops.adapt_datetimefield_value(self.started_at),
            self.duration_ms,
            self.before_ms,
            self.upstream_ms,
            self.upstream_bytes,
            self.result_chars,
        )


COLUMNS = (
    "environment_id", "account_id", "server_id", "token_id", "via", "client", "tool", "access", "arguments", "outcome",
    "error", "upstream_status", "started_at", "duration_ms", "before_ms", "upstream_ms", "upstream_bytes",
    "result_chars",
)  # fmt: skip
ENDED = (
    "arguments", "outcome", "error", "upstream_status", "duration_ms", "before_ms", "upstream_ms", "upstream_bytes",
    "result_chars",
)  # fmt: skip


def masked(value: Any, depth: int = 0) -> Any:
    """Return arguments as they may be kept: secrets masked, long texts cut, no NUL (PostgreSQL takes none)."""
    if isinstance(value, dict):
        return {
            _storable(redact(str(key)[:MAX_TEXT]))[:100]: MASK if _names_secret(str(key)) else masked(child, depth + 1)
            for key, child in list(value.items())[:100]
        }
    if isinstance(value, list):
        return [masked(item, depth + 1) for item in value[:100]]
    if isinstance(value, str):
        # Redacting makes a text shorter: what lies far behind the cut is not looked at.
        text = _storable(redact(value[: 4 * MAX_TEXT]))
        return text if len(text) <= MAX_TEXT and len(value) <= 4 * MAX_TEXT else f"{text[:MAX_TEXT]}…"
    return value


def _storable(text: str) -> str:
    return text.replace("\0", "")


def _names_secret(name: str) -> bool:
    # Every paging call carries next_cursor; no secret name is part of it.
    return any(word in name.lower() for word in SECRET_NAMES)


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
            # The thread goes on all the same: the row that it commits must not stay pending.
            note.row_id = await inserting
            raise

    def add(self, note: CallNote) -> None:
        """Queue a call that has ended."""
        if len(self._queue) >= QUEUE_LIMIT and note.row_id is None:
            logger.error("The record of calls cannot be written; a read of %s goes unrecorded.", note.tool)
            return
        self._queue.append(note)
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="call-recorder", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._wake.wait(FLUSH_SECONDS)
            if self._queue:
                close_old_connections()
                self.flush()

    def discard(self) -> None:
        """Forget what is queued, unwritten."""
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
    """Write a batch, and add it to the figures: both or neither, so that trying again counts nothing twice."""
    rows = [note.values() for note in batch if note.row_id is None]
    written = _insert_rows(rows) if rows else []
    ended = [note.row() for note in batch if note.row_id is not None]
    if ended:
        Call.objects.bulk_update(ended, ENDED)
    add_up([*written, *(row.pk for row in ended)])


def _write_singly(batch: list[CallNote]) -> None:
    """Write what can be written of a batch: one call that no database takes must not keep the others out."""
    for note in batch:
        try:
            _write([note])
        except UNWRITABLE:
            logger.exception("A call of %s could not be written into the record of calls.", note.tool)


def _insert_rows(rows: list[tuple[Any, ...]]) -> list[int]:
    """Insert rows with one statement, and return their numbers.

    A statement a row would pass the interpreter's lock back and forth.
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
