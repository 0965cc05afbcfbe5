"""Ask a client for more than it was granted: a tool that writes, called with a token that only reads.

The person decided nothing against it, so the tool is listed. Which form of the answer a client acts on differs.
"""

from typing import Any

from mcpservers.content import content_of
from mcpservers.errors import JsonRpcError
from mcpservers.jsonrpc import INVALID_REQUEST
from mcpservers.sign_in.challenges import challenge
from mcpservers.sign_in.scopes import READ, WRITE
from mcpservers.tool_calls import RequestContext

INSUFFICIENT = "insufficient_scope"
NEEDED = (READ, WRITE)
# Where the result of a call asks for sign-in, by the form that ChatGPT's Apps SDK documents.
AUTHENTICATE = "mcp/www_authenticate"


def more_needed(name: str, context: RequestContext) -> dict[str, Any] | None:
    """Return the result with which a call asks for more than was granted; None if nothing is missing.

    Raises JsonRpcError, with the HTTP status 403, for clients that act on it (MCP 2025-11-25, Authorization, Scope
    Challenge Handling).
    """
    access, server = context.access, context.server
    if access is None or access.writes or not access.may_write or not server.may_write(name):
        return None
    words = (
        f"{access.user_name} has allowed this client to read, and {name} changes something. Nothing was done. "
        "Ask for the scopes read and write: Patchbay then asks the person."
    )
    header, value = challenge(server.server_id, NEEDED, INSUFFICIENT, "The tool changes something.")
    if not (context.is_batched or context.session or access.asked_by_result):
        raise JsonRpcError(INVALID_REQUEST, words, status=403, headers=((header, value),))
    return {**content_of(words), "_meta": {AUTHENTICATE: [value.decode()]}}
