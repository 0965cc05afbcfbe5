"""Note which client last used a server, off the hot path and at most once a minute per server and client.

The record of calls contains only tool calls. A client that has only connected or listed tools is known from here alone.
"""

import asyncio
import logging
import time
from functools import partial
from uuid import UUID

from cachetools import TTLCache
from django.db import DatabaseError
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.database.asides import note_aside
from accounts.database.outages import outage_of
from accounts.database.threads import look_up
from mcpservers.models import MCPServer

logger = logging.getLogger(__name__)

EVERY_SECONDS = 60.0
HELD = 4096
MAX_CLIENT = 120

_noted: TTLCache[tuple[UUID, str], None] = TTLCache(HELD, ttl=EVERY_SECONDS, timer=time.monotonic)
# asyncio itself keeps only weak references to tasks.
_writing: set[asyncio.Task[None]] = set()


def sighted(server_id: UUID, client: str) -> None:
    """Note that a client has just used a server; `client` is the name that it gives itself, or empty."""
    client = "".join(sign for sign in client if sign.isprintable())[:MAX_CLIENT]
    if (server_id, client) in _noted:
        return
    _noted[server_id, client] = None
    task = asyncio.ensure_future(_write(server_id, client))
    _writing.add(task)
    task.add_done_callback(_writing.discard)


async def _write(server_id: UUID, client: str) -> None:
    try:
        written = await look_up(note_aside, partial(_update, server_id, client))
    except DatabaseError as error:
        if outage_of(error) is None:
            logger.warning("a client's connection could not be noted", exc_info=True)
        written = False
    if not written:
        # No request fails for this: the next sighting is noted again.
        _noted.pop((server_id, client), None)


def _update(server_id: UUID, client: str) -> None:
    # update() raises no revision: what is compiled from the row has not changed.
    now = timezone.now()
    named = {"last_client": client} if client else {}
    MCPServer.objects.filter(pk=server_id).update(
        last_seen_at=now, first_seen_at=Coalesce("first_seen_at", now), **named
    )


async def finish_writing() -> None:
    """Wait until all sightings are written."""
    if _writing:
        await asyncio.wait(set(_writing))
