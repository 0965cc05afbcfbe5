"""Notes in passing: when a token or session was last used. No request waits or fails for them."""

from collections.abc import Callable

from django.db import DatabaseError, connection, transaction

from accounts.database.outages import outage_of

WAIT_MILLISECONDS = 50


def note_aside(write: Callable[[], object]) -> bool:
    """Write something unless a lock or a read-only database is in the way; return whether it is written.

    Anything but an outage is raised. Raises RuntimeError within a transaction, whose later statements would wait no
    longer than the note.
    """
    try:
        if connection.vendor == "sqlite":
            _write_to_sqlite(write)
        else:
            _write_to_postgresql(write)
    except DatabaseError as error:  # a standby's refusal is Django's InternalError
        if outage_of(error) is None:
            raise
        return False
    return True


def _write_to_postgresql(write: Callable[[], object]) -> None:
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{WAIT_MILLISECONDS}ms'")
        write()


def _write_to_sqlite(write: Callable[[], object]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        usual = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {WAIT_MILLISECONDS}")
        try:
            with transaction.atomic(durable=True):
                write()
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")
