"""Broadcast to all processes over the channel layer: changes, from the process that made them, and other messages.

This needs a shared layer (REDIS_URL): an in-memory one reaches no other process. If the layer fails, the others still
notice a change within a second, by the count of changes in the database.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings

from accounts.changes import Change, carry, change_of, publish

logger = logging.getLogger(__name__)

GROUP = "patchbay.changes"
MESSAGE = "change"
RETRY_SECONDS = 0.5
SEND_SECONDS = 0.5

Message = dict[str, Any]
Receiver = Callable[[Message], Awaitable[None]]


def is_shared() -> bool:
    """Return whether the channel layer reaches other processes."""
    return bool(settings.REDIS_URL)


def broadcast(changes: Sequence[Change]) -> None:
    """Send changes to every other process; a layer that is down is logged and does not fail the request."""
    if is_shared():
        written = (change.written for change in changes)
        async_to_sync(send)(GROUP, *({"type": MESSAGE, "kind": kind, "id": str(row_id)} for kind, row_id in written))


carry(broadcast)


async def send(group: str, *messages: Message) -> None:
    """Send messages to every process that listens to a group, this one too; only log that the layer is down."""
    layer = get_channel_layer()
    try:
        # For all of them: a layer that does not answer holds a request up once.
        async with asyncio.timeout(SEND_SECONDS):
            for message in messages:
                await layer.group_send(group, message)
    except Exception as problem:  # each layer has errors of its own, and their texts may contain addresses
        logger.warning("%s could not be sent to other processes: %s", group, type(problem).__name__)


async def listen() -> None:
    """Receive the changes of other processes until cancelled."""
    await listen_to(GROUP, _changed)


async def listen_to(group: str, receive: Receiver) -> None:
    """Receive the messages of a group until cancelled; retry after a failure of the layer."""
    while is_shared():
        try:
            await _listen_once(group, receive)
        except Exception as problem:  # as above
            logger.warning("%s of other processes are not being received: %s", group, type(problem).__name__)
        await asyncio.sleep(RETRY_SECONDS)


async def _listen_once(group: str, receive: Receiver) -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    while True:
        await receive(await layer.receive(channel))


async def _changed(message: Message) -> None:
    if message.get("type") == MESSAGE and (change := change_of(message["kind"], UUID(message["id"]))):
        # Local, or every process would send it on again.
        publish(change, local=True)
