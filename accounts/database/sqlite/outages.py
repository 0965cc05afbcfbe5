"""Which errors of SQLite tell of an outage."""

import sqlite3

from accounts.database.outages import AWAY, BUSY, Outage

# SQLite, result codes: BUSY, LOCKED; READONLY, IOERR, FULL, CANTOPEN.
BUSY_CODES = frozenset({5, 6})
AWAY_CODES = frozenset({8, 10, 13, 14})


def outage_of_sqlite(error: sqlite3.OperationalError) -> Outage | None:
    """Return the outage that an error of the driver tells of; None for a fault."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in BUSY_CODES:
        return Outage(BUSY)
    return Outage(AWAY) if code in AWAY_CODES else None
