"""Request ids, metrics and access log, for every surface.

The id comes from the proxy or is generated; it is in each line logged during the request, and in the answer.
"""

import logging
import re
import secrets
import time
from functools import lru_cache
from urllib.parse import quote

import structlog
from django.conf import settings
from prometheus_client import Counter, Gauge, Histogram

from accounts import tracing
from accounts.tokens import redact
from accounts.web.client_address import noted_address
from api.addresses import is_of_programs
from config.middleware.request_spans import traced
from config.monitoring.messages import shortened
from mcpservers.endpoint import PREFIX, SERVER
from mcpservers.replies import Application, Message, Receive, Scope, Send

logger = logging.getLogger("patchbay.access")

HEADER = b"x-request-id"
# A proxy's id of another form is replaced, because it is repeated in log lines and headers.
FORM = re.compile(rb"[A-Za-z0-9._-]{1,64}")
MOST_OF_PATH = 200
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REQUESTS = Counter(
    "patchbay_requests", "Requests answered, by surface, method and status class.", ["surface", "method", "status"]
)
REQUEST_SECONDS = Histogram(
    "patchbay_request_seconds", "Seconds until an answer began, streams included.", ["surface"], buckets=SECONDS
)
IN_PROGRESS = Gauge("patchbay_requests_in_progress", "Requests in progress, streams included.")
# Their scopes' identities, which are only counted when the gauge is read.
_under_way: set[int] = set()
IN_PROGRESS.set_function(_under_way.__len__)
# Labelled series, kept because looking one up costs more than incrementing it.
_requests: dict[tuple[str, str, int], Counter] = {}
_seconds: dict[str, Histogram] = {}


async def observed(application: Application, scope: Scope, receive: Receive, send: Send) -> None:
    """Run the application under a request id; count and log the request when its answer begins."""
    request_id = _request_id(scope)
    structlog.contextvars.bind_contextvars(request_id=request_id)
    started = time.perf_counter()
    answering = False

    async def send_observed(message: Message) -> None:
        nonlocal answering
        if message["type"] == "http.response.start":
            answering = True
            message["headers"] = [*message.get("headers", ()), (HEADER, request_id.encode())]
            _note(scope, message["status"], time.perf_counter() - started)
        await send(message)

    _under_way.add(id(scope))
    try:
        if tracing.is_on():
            await traced(application, scope, receive, send_observed, request_id)
        else:
            await application(scope, receive, send_observed)
    except Exception:  # any failure is logged as a 500 and raised again
        if not answering:
            _note(scope, 500, time.perf_counter() - started)
        raise
    finally:
        _under_way.discard(id(scope))


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == HEADER:
            return value.decode() if FORM.fullmatch(value) else secrets.token_hex(16)
    return secrets.token_hex(16)


def _note(scope: Scope, status: int, seconds: float) -> None:
    surface, method = surface_of(scope), scope["method"]
    counter = _requests.get((surface, method, status))
    if counter is None:
        counter = _counter(surface, method, status)
    counter.inc()
    _seconds[surface].observe(seconds)
    if settings.ACCESS_LOG:
        # Without the query, where the old HTTP+SSE transport has its session; quoted, so that no path adds a line.
        logger.info(
            "%s %s",
            method,
            shortened(redact(quote(scope["path"])), MOST_OF_PATH),
            extra={
                "status": status,
                "duration_ms": round(seconds * 1000, 1),
                "client": noted_address((scope.get("client") or [""])[0]) or "-",
                "surface": surface,
                # Only MCP's requests have one, once their token was recognised.
                **({"server_id": str(scope[SERVER])} if SERVER in scope else {}),
            },
        )


def _counter(surface: str, method: str, status: int) -> Counter:
    """Return the series for these labels; clients choose the method, so only known ones are kept."""
    _seconds.setdefault(surface, REQUEST_SECONDS.labels(surface))
    known = method in METHODS
    counter = REQUESTS.labels(surface, method if known else "other", f"{status // 100}xx")
    if known:
        _requests[surface, method, status] = counter
    return counter


def surface_of(scope: Scope) -> str:
    """Return the part of the product that a request addresses: mcp, admin, static, rest or portal."""
    path: str = scope["path"]
    return "mcp" if path.startswith(PREFIX) else _surface_of_path(path)


@lru_cache(maxsize=256)
def _surface_of_path(path: str) -> str:
    if path == "/admin" or path.startswith("/admin/"):
        return "admin"
    if path.startswith("/static/"):
        return "static"
    return "rest" if is_of_programs(path) else "portal"
