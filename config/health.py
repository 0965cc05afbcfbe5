"""Health checks, answered before Django: probes use an IP address as host, which ALLOWED_HOSTS would refuse.

`/livez` reports that the process answers. `/readyz` reports the state of each part: without a part that every call
needs, the process should get no requests (503). Without any other, reads over MCP and REST still work, and no other
process would do better, since all share the database: the process stays in rotation (200, degraded).
"""

import orjson
from django.conf import settings

from config.readiness import database, machine, messages
from config.readiness.rounds import OK, Check, Readiness
from config.readiness.threaded import ThreadedWork
from mcpservers.replies import Receive, Scope, Send

NEEDED = frozenset({"database", "lookups", "migrations", "keys"})
CHECKS = (
    Check(("database", "clock"), ThreadedWork(database.look)),
    Check(("lookups",), database.look_up_changes, after=("database", "migrations")),
    Check(("migrations",), ThreadedWork(database.migrations), after=("database",), stands=True),
    Check(("keys", "rotation"), ThreadedWork(database.keys), after=("database", "migrations"), stands=True),
    Check(("writes",), ThreadedWork(database.write), after=("database", "migrations")),
    Check(("background",), ThreadedWork(database.background), after=("database", "migrations")),
    Check(("record",), machine.record),
    Check(("disk",), ThreadedWork(machine.disk)),
    Check(("broker",), messages.check_broker),
    Check(("layer",), messages.check_layer),
)

readiness = Readiness(CHECKS, keep=settings.READY_ROUND_SECONDS)


async def livez(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer `ok`, without checking anything."""
    await respond(scope, send, 200, b"ok", b"text/plain; charset=utf-8")


async def readyz(scope: Scope, receive: Receive, send: Send, *, asked: Readiness = readiness) -> None:
    """Answer with the state of each part: 503 without a part that is needed, otherwise 200."""
    parts = await asked.parts()
    failing = {part for part, state in parts.items() if state != OK}
    status, word = 200, "degraded" if failing else OK
    if NEEDED & parts.keys() - asked.good:
        status, word = 503, "unavailable"
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
