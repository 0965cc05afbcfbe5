"""Intents: the row of a write, committed before the vendor is asked.

They have threads and a limit of their own, so that a database which keeps them waiting keeps nobody else. A write whose
wait runs out is not sent, whatever becomes of its row: the recorder ends a row that is committed later.
"""

import asyncio

from django.conf import settings

from accounts.database.lanes import INTENT_THREADS, Lane
from accounts.database.threads import LaneThreads
from accounts.errors import DatabaseBusy
from tools.models import Outcome
from tools.record.metrics import INTENTS_WAITING, OLDEST_WAIT
from tools.record.notes import CallNote
from tools.record.waiting import Waiting

RETRY_AFTER = 5

intent_threads = LaneThreads(Lane.INTENT, INTENT_THREADS)
waiting_intents = Waiting()
INTENTS_WAITING.set_function(intent_threads.__len__)
OLDEST_WAIT.labels("intent").set_function(waiting_intents.oldest)


async def intend(note: CallNote) -> None:
    """Commit the row of a write; raises DatabaseError if that fails or takes too long, and then it must not be sent."""
    note.outcome = Outcome.PENDING
    note.intent = intent_threads.submit(settings.INTENT_WAITING, _insert, note)
    committed = asyncio.wrap_future(note.intent)
    # Or asyncio would log a failure that nobody waits for any more.
    committed.add_done_callback(lambda done: done.cancelled() or done.exception())
    with waiting_intents.one():
        try:
            async with asyncio.timeout(settings.INTENT_SECONDS):
                note.row_id = await asyncio.shield(committed)
        except TimeoutError:
            raise DatabaseBusy(RETRY_AFTER) from None
        finally:
            # One that no thread has begun never will be.
            note.intent.cancel()


def finish_intents() -> None:
    """Wait for the rows that a thread is still committing, so that the recorder can end them."""
    intent_threads.finish(settings.INTENT_SECONDS)


def _insert(note: CallNote) -> int:
    row = note.row()
    row.save(force_insert=True)
    return int(row.pk)
