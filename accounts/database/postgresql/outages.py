"""Which errors of PostgreSQL's driver tell of an outage."""

import psycopg

from accounts.database.outages import AWAY, BUSY, Outage

# PostgreSQL, Appendix A: locks, cancelled statements, deadlocks, too many connections.
BUSY_STATES = frozenset({"55P03", "57014", "40001", "40P01", "53300"})
# The same: lost connections, a server that stops or starts, a standby that takes no writes, resources used up.
AWAY_CLASSES = ("08", "57P", "53", "25006", "58")


def outage_of_postgresql(error: psycopg.Error) -> Outage | None:
    """Return the outage that an error of the driver tells of; None for a fault."""
    state = error.sqlstate
    if state is None:
        # Said by the client library itself: there is no connection, or it has ended.
        return Outage(AWAY) if isinstance(error, psycopg.OperationalError) else None
    if state in BUSY_STATES:
        return Outage(BUSY)
    return Outage(AWAY) if state.startswith(AWAY_CLASSES) else None
