"""Which errors of SQLite tell of an outage."""

import sqlite3

from accounts.database.outages import AWAY, BUSY, READ_ONLY, READ_ONLY_RETRY_AFTER, Outage

# SQLite, result codes: BUSY, LOCKED; READONLY, FULL; IOERR, CANTOPEN.
BUSY_CODES = frozenset({5, 6})
READ_ONLY_CODES = frozenset({8, 13})
AWAY_CODES = frozenset({10, 14})


def outage_of_sqlite(error: sqlite3.OperationalError) -> Outage | None:
    """Return the outage that an error of the driver tells of; None for a fault."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in BUSY_CODES:
        return Outage(BUSY)
    if code in READ_ONLY_CODES:
        return Outage(READ_ONLY, READ_ONLY_RETRY_AFTER)
    return Outage(AWAY) if code in AWAY_CODES else None
