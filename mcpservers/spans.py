"""Spans of MCP's messages, by OpenTelemetry's semantic conventions for the Model Context Protocol."""

from contextlib import AbstractContextManager

from accounts import tracing
from accounts.tracing import Span, SpanKind
from mcpservers.errors import JsonRpcError
from mcpservers.jsonrpc import Request, meta_of
from mcpservers.resolution import ResolvedServer

# Other methods are what a client made up.
METHODS = frozenset(
    {
        "initialize", "ping", "server/discover", "subscriptions/listen", "tools/list", "tools/call", "prompts/list",
        "prompts/get", "resources/list", "resources/templates/list", "resources/read", "completion/complete",
    }
)  # fmt: skip
OTHER = "_OTHER"
# W3C Trace Context, sections 3.2 and 3.3: longer ones need not be taken.
LONGEST = 512
TRACE_KEYS = ("traceparent", "tracestate")
MOST_ID = 64


def message_span(request: Request, version: str, server: ResolvedServer) -> AbstractContextManager[Span]:
    """Return the span of a request; it continues the trace in the message's `_meta`, else that of its HTTP request."""
    if not tracing.is_on():
        return tracing.NO_SPAN
    method = request.method if request.method in METHODS else OTHER
    attributes = {
        "mcp.method.name": method,
        "mcp.protocol.version": version[:MOST_ID],
        "jsonrpc.request.id": str(request.id)[:MOST_ID],
        "network.protocol.name": "http",
        "network.transport": "tcp",
        "patchbay.server.id": str(server.server_id),
        "patchbay.account.id": str(server.account_id),
        "patchbay.vendor": server.vendor,
    }
    return tracing.span(method, SpanKind.SERVER, attributes, _carrier_of(request))


def _carrier_of(request: Request) -> dict[str, str]:
    meta = meta_of(request) or {}
    found = {name: meta.get(name) for name in TRACE_KEYS}
    return {name: value for name, value in found.items() if isinstance(value, str) and len(value) <= LONGEST}


def note_error(span: Span, error: JsonRpcError) -> None:
    """Mark a message's span as answered with an error of the protocol."""
    span.note({"rpc.response.status_code": str(error.code)})
    span.fail(str(error.code))
