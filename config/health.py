"""Health checks, answered before Django: probes use an IP address as host, which ALLOWED_HOSTS would refuse.

`/livez` reports that the process answers. `/readyz` reports the state of each part: without the database nothing works
(503); without broker or layer MCP and REST still do, so the process stays in rotation (200, degraded).
"""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from uuid import uuid4

import orjson
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection
from redis.asyncio import Redis

from accounts.broadcast import is_shared
from mcpservers.replies import Receive, Scope, Send

CHECK_SECONDS = 1.0
NEEDED = "database"

Check = Callable[[], Awaitable[None]]


class Readiness:
    """The checks of all parts. Concurrent probes share one round of checks."""

    def __init__(self, checks: Mapping[str, Check], *, seconds: float = CHECK_SECONDS) -> None:
        self._checks = checks
        self._seconds = seconds
        self._round: asyncio.Task[dict[str, str]] | None = None

    async def parts(self) -> dict[str, str]:
        """Return the state of each part: `ok`, or an error without addresses or names."""
        running = self._round
        if running is None or running.done() or running.get_loop() is not asyncio.get_running_loop():
            running = self._round = asyncio.create_task(self._check_all())
        # A probe that is cancelled must not cancel the round of the others.
        return await asyncio.shield(running)

    async def _check_all(self) -> dict[str, str]:
        states = await asyncio.gather(*map(self._state, self._checks.values()))
        return dict(zip(self._checks, states, strict=True))

    async def _state(self, check: Check) -> str:
        try:
            async with asyncio.timeout(self._seconds):
                await check()
        except TimeoutError:
            return f"no answer within {self._seconds:g} s"
        except Exception:  # each driver has errors of its own, and their texts may contain addresses
            return "unreachable"
        return "ok"


class ThreadedCheck:
    """Run a blocking check in a thread of its own, one at a time however long it hangs.

    Django's thread will not do: work that blocks it would look like a dead database. Nor will a pool: the interpreter
    waits for its threads at exit.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._running: asyncio.Future[None] | None = None

    async def __call__(self) -> None:
        """Wait for the check, and raise its exception, if any."""
        loop = asyncio.get_running_loop()
        running = self._running
        if running is None or running.done() or running.get_loop() is not loop:
            running = self._running = loop.create_future()
            threading.Thread(target=self._run, args=(running,), daemon=True).start()
        await asyncio.shield(running)

    def _run(self, future: asyncio.Future[None]) -> None:
        problem: Exception | None = None
        try:
            self._work()
        except Exception as raised:
            problem = raised
        loop = future.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, future, problem)


def _settle(future: asyncio.Future[None], problem: Exception | None) -> None:
    if problem is None:
        future.set_result(None)
    else:
        future.set_exception(problem)
        future.exception()  # marks it as retrieved: every waiter may be gone


def _ask_database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()  # it belongs to this thread, which ends now


async def check_broker() -> None:
    """Raise if tasks cannot be sent, to Redis or to the embedded broker's folder."""
    if is_shared():
        async with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=CHECK_SECONDS) as redis:
            await redis.ping()
    else:
        await _check_folder()


def _look_at_folder() -> None:
    folder = Path(str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"]))
    while not folder.exists():  # created when the first task is sent
        folder = folder.parent
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError


_check_folder = ThreadedCheck(_look_at_folder)


async def check_layer() -> None:
    """Raise if processes cannot send each other changes; the in-memory layer cannot fail."""
    if is_shared():
        await get_channel_layer().group_send(f"patchbay.health.{uuid4().hex}", {"type": "health"})


readiness = Readiness({NEEDED: ThreadedCheck(_ask_database), "broker": check_broker, "layer": check_layer})


async def livez(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer `ok`, without checking anything."""
    await respond(scope, send, 200, b"ok", b"text/plain; charset=utf-8")


async def readyz(scope: Scope, receive: Receive, send: Send, *, asked: Readiness = readiness) -> None:
    """Answer with the state of each part: 503 without the database, otherwise 200."""
    parts = await asked.parts()
    status, word = 200, "ok"
    if parts[NEEDED] != "ok":
        status, word = 503, "unavailable"
    elif any(state != "ok" for state in parts.values()):
        word = "degraded"
    await respond(scope, send, status, orjson.dumps({"status": word, "parts": parts}), b"application/json")


async def respond(
    scope: Scope, send: Send, status: int, body: bytes, media_type: bytes, *headers: tuple[bytes, bytes]
) -> None:
    """Answer GET and HEAD; 405 for anything else."""
    if scope["method"] not in {"GET", "HEAD"}:
        status, body, media_type = 405, b"GET only", b"text/plain; charset=utf-8"
        headers = ((b"allow", b"GET, HEAD"),)
    sent = [
        (b"content-type", media_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
