"""Which errors of PostgreSQL's driver tell of an outage."""

import psycopg

from accounts.database.outages import AWAY, BUSY, READ_ONLY, READ_ONLY_RETRY_AFTER, Outage

# PostgreSQL, Appendix A: locks, cancelled statements, deadlocks, too many connections.
BUSY_STATES = frozenset({"55P03", "57014", "40001", "40P01", "53300"})
# The same: a standby or another server that takes no writes, a full disk.
READ_ONLY_STATES = frozenset({"25006", "53100"})
# The same: lost connections, a server that stops or starts, resources used up.
AWAY_CLASSES = ("08", "57P", "53", "58")


def outage_of_postgresql(error: psycopg.Error) -> Outage | None:
    """Return the outage that an error of the driver tells of; None for a fault."""
    state = error.sqlstate
    if state is None:
        # Said by the client library itself: there is no connection, or it has ended.
        return Outage(AWAY) if isinstance(error, psycopg.OperationalError) else None
    if state in BUSY_STATES:
        return Outage(BUSY)
    if state in READ_ONLY_STATES:
        return Outage(READ_ONLY, READ_ONLY_RETRY_AFTER)
    return Outage(AWAY) if state.startswith(AWAY_CLASSES) else None
