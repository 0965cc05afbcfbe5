"""The client for what Patchbay asks Redis itself; the cache, the channel layer and Celery's broker have their own.

This is the one place that imports it for that, and only once it is wanted: it takes 8 MB of a process, which one
without REDIS_URL does not spend.
"""

from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from redis.asyncio import Redis


def redis_client(connect_seconds: float) -> "Redis":
    """Return a client for REDIS_URL; its connections belong to the running event loop."""
    from redis.asyncio import Redis  # noqa: PLC0415  see above

    return Redis.from_url(settings.REDIS_URL, socket_connect_timeout=connect_seconds)
