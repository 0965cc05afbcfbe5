"""Spans of HTTP requests, by OpenTelemetry's semantic conventions: no query, and no path with a token in it."""

from contextlib import AbstractContextManager
from urllib.parse import quote

from accounts import tracing
from accounts.tokens import redact
from accounts.tracing import Span, SpanKind
from accounts.web.client_address import noted_address
from mcpservers.endpoint import PREFIX
from mcpservers.replies import Application, Message, Receive, Scope, Send

MCP_ROUTE = f"{PREFIX}{{token}}"
TRACE_HEADERS = (b"traceparent", b"tracestate")
# Longer ones need not be taken (W3C Trace Context, section 3.3.1.5).
LONGEST = 512
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "_OTHER"
SERVER_ERROR = 500


async def traced(application: Application, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
    """Run the application in a span that lasts until its answer or stream ends, and continues its client's trace."""
    with _request_span(scope, request_id) as span:

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                _note_status(span, message["status"])
            await send(message)

        await application(scope, receive, send_noted)


def _request_span(scope: Scope, request_id: str) -> AbstractContextManager[Span]:
    method = scope["method"] if scope["method"] in METHODS else OTHER
    is_mcp = scope["path"].startswith(PREFIX)
    attributes = {
        "http.request.method": method,
        "url.scheme": scope.get("scheme", "http"),
        "url.path": MCP_ROUTE if is_mcp else redact(quote(scope["path"])),
        "client.address": noted_address((scope.get("client") or [""])[0]),
        "patchbay.request_id": request_id,
        **({"http.route": MCP_ROUTE} if is_mcp else {}),
    }
    return tracing.span(f"{method} {MCP_ROUTE}" if is_mcp else method, SpanKind.SERVER, attributes, _carrier_of(scope))


def _carrier_of(scope: Scope) -> dict[str, str]:
    return {
        name.decode(): value.decode("latin-1")
        for name, value in scope["headers"]
        if name in TRACE_HEADERS and len(value) <= LONGEST
    }


def _note_status(span: Span, status: int) -> None:
    """Add the answer's status; errors of the client's are no failures of the server's."""
    span.note({"http.response.status_code": status})
    if status >= SERVER_ERROR:
        span.fail(str(status))
