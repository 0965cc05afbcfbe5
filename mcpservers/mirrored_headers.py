"""The headers of the stateless era that repeat parts of the body (MCP 2026-07-28, Streamable HTTP)."""

import base64
import binascii
from typing import Any

from mcpservers.errors import JsonRpcError
from mcpservers.jsonrpc import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    UNSUPPORTED_PROTOCOL_VERSION,
    Request,
    as_object,
    meta_of,
)
from mcpservers.replies import Headers

VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
# The member of the params that the Mcp-Name header repeats, by method.
NAMED_BY = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"


def check_mirrored(request: Request, headers: Headers, revision: str) -> None:
    """Raise JsonRpcError unless a request's metadata and headers match each other and the revision."""
    meta = meta_of(request) or {}
    version = meta.get(VERSION_KEY)
    # MCP 2026-07-28, Overview, _meta: a request that lacks a required field is malformed.
    capabilities = meta.get(CAPABILITIES_KEY)
    has_capabilities = capabilities is not None and as_object(capabilities) is not None
    for key, is_there in ((VERSION_KEY, isinstance(version, str)), (CAPABILITIES_KEY, has_capabilities)):
        if not is_there:
            raise JsonRpcError(INVALID_PARAMS, f"Invalid params: params._meta must hold {key}.", status=400)
    _match("MCP-Protocol-Version", headers.get(b"mcp-protocol-version"), version)
    if version != revision:
        raise JsonRpcError(
            UNSUPPORTED_PROTOCOL_VERSION,
            "Unsupported protocol version",
            data={"supported": [revision], "requested": version},
            status=400,
        )
    _match("Mcp-Method", headers.get(b"mcp-method"), request.method)
    if member := NAMED_BY.get(request.method):
        name = headers.get(b"mcp-name")
        _match("Mcp-Name", None if name is None else _decoded(name), request.params.get(member))


def _match(header: str, sent: str | None, in_body: Any) -> None:
    # MCP 2026-07-28, Streamable HTTP, Server Validation
    if sent is None:
        raise JsonRpcError(HEADER_MISMATCH, f"Header mismatch: the {header} header is missing.", status=400)
    if sent != in_body:
        shown = repr(in_body[:80]) if isinstance(in_body, str) else "something that is not text"
        raise JsonRpcError(
            HEADER_MISMATCH,
            f"Header mismatch: the {header} header says {sent[:80]!r}, the body {shown}.",
            status=400,
        )


def _decoded(value: str) -> str:
    """Return a header value, decoded if it is wrapped as `=?base64?…?=`."""
    if not (value.startswith("=?base64?") and value.endswith("?=")):
        return value
    try:
        return base64.b64decode(value[9:-2], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise JsonRpcError(HEADER_MISMATCH, "Header mismatch: Mcp-Name is not valid Base64.", status=400) from None
