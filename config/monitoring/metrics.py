"""`/metrics` in Prometheus' text format, for clients with METRICS_TOKEN; a 404 if it is not set.

Each app has its own series in `metrics.py`; the gauges here are measured at each scrape.
"""

import asyncio
import hmac
import os
import platform
from itertools import islice
from pathlib import Path

from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Gauge, Info, disable_created_metrics, generate_latest

from accounts import product
from accounts.api_tokens.recognition import bearer_token
from accounts.broadcast import is_shared
from accounts.caches.memory import cache_memory
from accounts.redis_client import redis_client
from config.health import respond
from config.monitoring.database_metrics import database_metrics
from config.readiness.rounds import CHECK_SECONDS
from mcpservers.admission import request_headers
from mcpservers.replies import Receive, Scope, Send

TEXT = b"text/plain; charset=utf-8"
# The limit for counting the embedded broker's files.
MOST_FILES = 10_000

CELERY_QUEUE = Gauge("patchbay_celery_queue", "Tasks that wait for a worker; NaN where the broker did not answer.")
LOOP_TASKS = Gauge("patchbay_event_loop_tasks", "Tasks of the web process's event loop.")
BUILD = Info("patchbay_build", "The release that this process runs, its Python, and the kind of its database.")
BUILD.info(
    {
        "version": product.VERSION,
        "python": platform.python_version(),
        "database": settings.DATABASES["default"]["ENGINE"].rpartition(".")[2],
    }
)

disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations


async def metrics(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with every series of this process."""
    if not settings.METRICS_TOKEN:
        await respond(scope, send, 404, b"Set METRICS_TOKEN to have metrics here.", TEXT)
        return
    given = bearer_token(request_headers(scope).get(b"authorization", ""))
    if not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        challenge = (b"www-authenticate", b'Bearer realm="Patchbay metrics"')
        await respond(scope, send, 401, b"Send METRICS_TOKEN as a bearer token.", TEXT, challenge)
        return
    CELERY_QUEUE.set(await celery_queue_length())
    await database_metrics.measure()
    LOOP_TASKS.set(len(asyncio.all_tasks()))
    cache_memory.observe()
    # In a thread, because thousands of series take a while to render.
    body = await asyncio.to_thread(generate_latest, REGISTRY)
    await respond(scope, send, 200, body, CONTENT_TYPE_LATEST.encode())


async def celery_queue_length() -> float:
    """Return how many tasks are waiting; NaN if the broker does not answer in time."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await _redis_length() if is_shared() else await asyncio.to_thread(_folder_length)
    except Exception:  # a broker that is down must not fail the scrape
        return float("nan")


async def _redis_length() -> float:
    async with redis_client(CHECK_SECONDS) as redis:
        return float(await redis.llen("celery"))  # Celery's default queue


def _folder_length() -> float:
    folder = Path(str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"]))
    if not folder.is_dir():
        return 0
    with os.scandir(folder) as entries:
        return sum(1 for _ in islice(entries, MOST_FILES))
