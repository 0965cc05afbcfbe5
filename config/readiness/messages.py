"""Broker and channel layer: tasks can be sent, and processes can tell each other of changes."""

import os
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from channels.layers import get_channel_layer
from django.conf import settings

from accounts.broadcast import is_shared
from accounts.redis_client import redis_client
from config.readiness.rounds import CHECK_SECONDS
from config.readiness.threaded import ThreadedWork


async def check_broker() -> Mapping[str, str]:
    """Raise if tasks cannot be sent, to Redis or to the embedded broker's folder."""
    if is_shared():
        async with redis_client(CHECK_SECONDS) as redis:
            await redis.ping()
    else:
        await _check_folder()
    return {}


def _look_at_folder() -> None:
    folder = Path(str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"]))
    while not folder.exists():  # created when the first task is sent
        folder = folder.parent
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError


_check_folder = ThreadedWork(_look_at_folder)


async def check_layer() -> Mapping[str, str]:
    """Raise if processes cannot send each other changes; the in-memory layer cannot fail."""
    if is_shared():
        await get_channel_layer().group_send(f"patchbay.health.{uuid4().hex}", {"type": "health"})
    return {}
