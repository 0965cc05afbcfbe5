"""Note which client last used a server, off the hot path and at most once a minute per server and client.

What is sighted while a note is being written goes into the next one, so that the database gets one statement for many
servers when many are used.

The record of calls contains only tool calls. A client that has only connected or listed tools is known from here alone.
"""

import asyncio
import logging
import time
from functools import partial
from uuid import UUID

from cachetools import TTLCache
from django.db import DatabaseError, transaction
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.database.asides import note_aside
from accounts.database.outages import outage_of
from accounts.database.threads import look_up
from mcpservers.models import MCPServer

logger = logging.getLogger(__name__)

EVERY_SECONDS = 60.0
# More than the servers that one process is asked for in that time.
HELD = 20_000
MAX_CLIENT = 120
# How many servers one statement notes.
MOST_NOTED = 500

_noted: TTLCache[tuple[UUID, str], None] = TTLCache(HELD, ttl=EVERY_SECONDS, timer=time.monotonic)
_waiting: dict[tuple[UUID, str], None] = {}
# asyncio itself keeps only weak references to tasks.
_writing: set[asyncio.Task[None]] = set()


def sighted(server_id: UUID, client: str) -> None:
    """Note that a client has just used a server; `client` is the name that it gives itself, or empty."""
    if not client.isprintable():
        client = "".join(sign for sign in client if sign.isprintable())
    client = client[:MAX_CLIENT]
    if (server_id, client) in _noted:
        return
    _noted[server_id, client] = None
    _waiting[server_id, client] = None
    if not _writing:
        task = asyncio.ensure_future(_write())
        _writing.add(task)
        task.add_done_callback(_writing.discard)


async def _write() -> None:
    while _waiting:
        client = next(iter(_waiting))[1]
        servers = [server_id for server_id, name in _waiting if name == client][:MOST_NOTED]
        for server_id in servers:
            del _waiting[server_id, client]
        await _note(servers, client)


async def _note(servers: list[UUID], client: str) -> None:
    try:
        written = await look_up(note_aside, partial(_update, servers, client))
    except DatabaseError as error:
        if outage_of(error) is None:
            logger.warning("clients' connections could not be noted", exc_info=True)
        written = False
    if not written:
        # No request fails for this: the next sighting is noted again.
        for server_id in servers:
            _noted.pop((server_id, client), None)


def _update(servers: list[UUID], client: str) -> None:
    now = timezone.now()
    named = {"last_client": client} if client else {}
    with transaction.atomic():
        rows = MCPServer.objects.filter(pk__in=servers).order_by()
        # Whoever has a row locked may be a process that notes the same servers in another order.
        free = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True))
        # Quiet fields, which raise no revision: nothing is compiled from them.
        MCPServer.objects.filter(pk__in=free).update(
            last_seen_at=now, first_seen_at=Coalesce("first_seen_at", now), **named
        )


async def finish_writing() -> None:
    """Wait until all sightings are written."""
    if _writing:
        await asyncio.wait(set(_writing))
