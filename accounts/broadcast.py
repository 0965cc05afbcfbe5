"""Carry changes from the process that made them to all the others, over the channel layer.

Only where the layer is shared (REDIS_URL): an in-memory one reaches nobody else. What a broken layer does not carry
is found out within a second all the same, by the count of changes in the database.
"""

import asyncio
import logging
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings

from accounts.changes import Change, ChangeKind, carry, tell

logger = logging.getLogger(__name__)

GROUP = "patchbay.changes"
MESSAGE = "change"
RETRY_SECONDS = 0.5
SEND_SECONDS = 0.5


def is_shared() -> bool:
    """Tell whether other processes hear what is sent here."""
    return bool(settings.REDIS_URL)


def broadcast(change: Change) -> None:
    """Tell every other process of a change; a layer that is down is logged, and keeps nobody from their work."""
    if is_shared():
        async_to_sync(_send)({"type": MESSAGE, "kind": change.kind.value, "id": str(change.id)})


carry(broadcast)


async def _send(message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await layer.group_send(GROUP, message)
    except Exception as problem:
        logger.warning("a change could not be told to other processes: %s", type(problem).__name__)


async def listen() -> None:
    """Hear the changes of other processes until cancelled; begin again when the layer comes back after a failure."""
    while is_shared():
        try:
            await _listen_once()
        except Exception as problem:
            logger.warning("changes of other processes are not heard at present: %s", type(problem).__name__)
        await asyncio.sleep(RETRY_SECONDS)


async def _listen_once() -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(GROUP, channel)
    while True:
        message = await layer.receive(channel)
        if message.get("type") == MESSAGE:
            tell(Change(ChangeKind(message["kind"]), UUID(message["id"])), local=True)
