"""What all requests of one client have in common: there are no session ids to tell clients apart by."""

from collections.abc import Mapping

from mcpservers.tool_calls import RequestContext

# The headers that are the same in all messages of one client after its first, and may differ between clients.
TELLING = (b"mcp-session-id", b"mcp-protocol-version", b"user-agent", b"origin", b"accept-language")

Sender = tuple[str | None, ...]


def sender_of(context: RequestContext, headers: Mapping[bytes, str | None] | None = None) -> Sender:
    """Return what the requests of a message's sender have in common; `headers` replaces those of the message."""
    connection_id = context.access.connection_id if context.access else ""
    server, grant = context.server.key.hex(), str(context.token_id or connection_id)
    if context.session:  # a secret of one client, whose address may change
        return (server, grant, context.session)
    return (server, grant, context.address, *map((headers or context.headers).get, TELLING))
