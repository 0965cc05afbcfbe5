"""The last moment before a write: it is sent only if its row is committed and somebody still waits for its answer."""

from collections.abc import Awaitable, Callable

from django.db import DatabaseError

from accounts.database.outages import BUSY, outage_log, outage_of
from accounts.errors import DatabaseBusy
from tools.errors import CallFailed, ClientGone, NotNoted
from tools.record.intents import intend
from tools.record.metrics import WRITES_NOT_SENT
from tools.record.notes import CallNote

# Tells whether a client has gone; where nothing can tell, it is taken to be there.
Leaving = Callable[[], Awaitable[bool]]

NOT_NOTED = "It could not be noted in the record of calls, so it was not sent."
GONE = "The client went away before it was noted in the record of calls, so it was not sent."


async def note_before_sending(note: CallNote, has_left: Leaving | None) -> None:
    """Commit the row of a write; raise NotNoted, ClientGone or CallFailed where it must not be sent."""
    try:
        await intend(note)
    except DatabaseError as error:
        raise _not_noted(error) from None
    if has_left is not None and await has_left():
        WRITES_NOT_SENT.labels("client gone").inc()
        raise ClientGone(GONE, worth_repeating=False)


def _not_noted(error: DatabaseError) -> CallFailed:
    outage = outage_of(error)
    if outage is None:
        WRITES_NOT_SENT.labels("failed").inc()
        return CallFailed(NOT_NOTED)
    outage_log.count(outage)
    late = isinstance(error, DatabaseBusy) or outage.kind == BUSY
    WRITES_NOT_SENT.labels("late" if late else f"database {outage.kind}").inc()
    return NotNoted(NOT_NOTED, retry_after=outage.retry_after)
