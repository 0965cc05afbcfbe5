"""One migration of a database at a time: of two that begin at once, the second waits and finds the work done."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper

# Any number that no other program takes for an advisory lock of this database.
KEY = 0x70617463686261
WITHOUT_LIMITS = (
    "SELECT set_config('lock_timeout', '0', true), set_config('statement_timeout', '0', true), "
    "set_config('idle_in_transaction_session_timeout', '0', true)"
)


@contextmanager
def migrating(connection: BaseDatabaseWrapper, waits: Callable[[], None]) -> Iterator[None]:
    """Hold the database's migration lock; call `waits` if another process has it, and wait until that ends."""
    if connection.vendor == "postgresql":
        with _transaction_locked(connection, waits):
            yield
    elif connection.is_in_memory_db():  # type: ignore[attr-defined]  # SQLite's, which is this process's alone
        yield
    else:
        with _folder_locked(Path(str(connection.settings_dict["NAME"])).parent, waits):
            yield


@contextmanager
def _transaction_locked(connection: BaseDatabaseWrapper, waits: Callable[[], None]) -> Iterator[None]:
    """Hold an advisory lock in a transaction of its own: behind PgBouncer a session may be another each time."""
    holder = connection.copy()
    try:
        with holder.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(WITHOUT_LIMITS)
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [KEY])
            if not cursor.fetchone()[0]:
                waits()
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [KEY])
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
    finally:
        holder.close()


@contextmanager
def _folder_locked(folder: Path, waits: Callable[[], None]) -> Iterator[None]:
    """Lock the folder of SQLite's file, which leaves nothing behind; closing the file would end SQLite's own locks."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waits()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
