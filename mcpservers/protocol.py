"""The Model Context Protocol: which era a message belongs to, what its method does, which errors it gets.

Two eras share one URL. A message that carries its protocol version in `params._meta` is stateless (2026-07-28);
any other belongs to the handshake era (2024-11-05 to 2025-11-25).
"""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from accounts.allowances import calls
from accounts.errors import AllowanceUsedUp
from mcpservers import results
from mcpservers.errors import JsonRpcError
from mcpservers.jsonrpc import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    UNSUPPORTED_PROTOCOL_VERSION,
    Message,
    limit_reached,
)
from mcpservers.resolution import ResolvedServer, holders_of
from mcpservers.results import HANDSHAKE, STATELESS, SUPPORTED
from tools.calling.invocation import Caller, invoke
from tools.errors import CallFailed, InvalidArguments, UnknownTool
from tools.models.calls import Via
from tools.ratelimits import RateLimits

META = "_meta"
VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
CLIENT_KEY = "io.modelcontextprotocol/clientInfo"

# MCP 2025-06-18, Protocol Version Header: a request without the header is taken as this revision.
ASSUMED = "2025-03-26"
BATCHING = "2025-03-26"
# MCP 2025-11-25, Tools: from here on invalid arguments are told in a result, so that the model can read them.
ARGUMENT_ERRORS_IN_RESULT = "2025-11-25"
# MCP 2025-06-18, Tools: from here on there are outputSchema and structuredContent.
STRUCTURED_CONTENT = "2025-06-18"
# What a client calls itself is shown to people; of more than this nobody reads the end.
MAX_CLIENT = 400


@dataclass(frozen=True, slots=True)
class RequestHeaders:
    """The headers that the protocol gives a meaning; None where a header was not sent."""

    protocol_version: str | None = None
    method: str | None = None
    name: str | None = None
    user_agent: str = ""


@dataclass(slots=True)
class Exchange:
    """One message on its way: the server it is for, who sent it, and what its answer carries besides."""

    server: ResolvedServer
    headers: RequestHeaders
    budget: int
    token_id: UUID | None = None
    request_bytes: int = 0
    limits: RateLimits = field(default_factory=RateLimits)


def is_stateless(message: Message, headers: RequestHeaders) -> bool:
    """Tell whether a message belongs to the stateless era."""
    meta = message.params.get(META)
    return (isinstance(meta, dict) and VERSION_KEY in meta) or headers.protocol_version == STATELESS


def handshake_version(headers: RequestHeaders) -> str:
    """Return the revision of a handshake-era message; raise JsonRpcError for one that is not known."""
    version = headers.protocol_version
    if version is None:
        return ASSUMED
    if version not in HANDSHAKE:
        raise JsonRpcError(
            INVALID_REQUEST,
            f"Unsupported protocol version: {version[:40]}. This server speaks: {', '.join(SUPPORTED)}.",
            status=400,
        )
    return version


async def answer(message: Message, exchange: Exchange) -> bytes:
    """Return the serialised result of a request; raise JsonRpcError."""
    if is_stateless(message, exchange.headers):
        check_stateless(message, exchange.headers)
        return await _answer_stateless(message, exchange)
    return await _answer_handshake(message, exchange, handshake_version(exchange.headers))


def check_stateless(message: Message, headers: RequestHeaders) -> None:
    """Hold a stateless request's metadata and headers against each other; raise JsonRpcError."""
    meta = message.params.get(META)
    meta = meta if isinstance(meta, dict) else {}
    version = meta.get(VERSION_KEY)
    # MCP 2026-07-28, Overview, _meta: a request that lacks a required field is malformed
    for key, kind in ((VERSION_KEY, str), (CAPABILITIES_KEY, dict)):
        if not isinstance(meta.get(key), kind):
            raise JsonRpcError(INVALID_PARAMS, f"Invalid params: params._meta must hold {key}.", status=400)
    _match("MCP-Protocol-Version", headers.protocol_version, version)
    if version != STATELESS:
        raise JsonRpcError(
            UNSUPPORTED_PROTOCOL_VERSION,
            "Unsupported protocol version",
            data={"supported": [STATELESS], "requested": version},
            status=400,
        )
    _match("Mcp-Method", headers.method, message.method)
    if message.method == "tools/call":
        name = None if headers.name is None else _decoded(headers.name)
        _match("Mcp-Name", name, message.params.get("name"))


def _match(header: str, sent: str | None, in_body: Any) -> None:
    # MCP 2026-07-28, Streamable HTTP, Server Validation
    if sent is None:
        raise JsonRpcError(HEADER_MISMATCH, f"Header mismatch: the {header} header is missing.", status=400)
    if sent != in_body:
        told = repr(in_body[:80]) if isinstance(in_body, str) else "something that is no text"
        raise JsonRpcError(
            HEADER_MISMATCH,
            f"Header mismatch: the {header} header says {sent[:80]!r}, the body {told}.",
            status=400,
        )


def _decoded(value: str) -> str:
    """Return a header value, decoded where it is wrapped as `=?base64?…?=`."""
    if not (value.startswith("=?base64?") and value.endswith("?=")):
        return value
    try:
        return base64.b64decode(value[9:-2], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise JsonRpcError(HEADER_MISMATCH, "Header mismatch: Mcp-Name is not valid Base64.", status=400) from None


async def _answer_stateless(message: Message, exchange: Exchange) -> bytes:
    match message.method:
        case "server/discover":
            return results.discovered(exchange.server)
        case "tools/list":
            _check_list_cursor(message)
            return results.listed(exchange.server, stateless=True, structured=True)
        case "tools/call":
            return await _call(message, exchange, STATELESS)
        case _:
            raise JsonRpcError(METHOD_NOT_FOUND, f"Method not found: {message.method[:80]}", status=404)


async def _answer_handshake(message: Message, exchange: Exchange, version: str) -> bytes:
    match message.method:
        case "initialize":
            return results.initialized(exchange.server, _negotiated(message))
        case "ping":
            return results.empty(exchange.server)
        case "tools/list":
            _check_list_cursor(message)
            return results.listed(exchange.server, stateless=False, structured=version >= STRUCTURED_CONTENT)
        case "tools/call":
            return await _call(message, exchange, version)
        case _:
            raise JsonRpcError(METHOD_NOT_FOUND, f"Method not found: {message.method[:80]}")


def _negotiated(message: Message) -> str:
    wanted = message.params.get("protocolVersion")
    if not isinstance(wanted, str):
        raise JsonRpcError(INVALID_PARAMS, "Invalid params: protocolVersion must be a string.")
    return wanted if wanted in HANDSHAKE else HANDSHAKE[0]


def _check_list_cursor(message: Message) -> None:
    if message.params.get("cursor") is not None:
        raise JsonRpcError(
            INVALID_PARAMS, "Invalid params: this cursor was not given out; all tools come on the first page."
        )


async def _call(message: Message, exchange: Exchange, version: str) -> bytes:
    server, stateless = exchange.server, version == STATELESS
    name = message.params.get("name")
    if not isinstance(name, str):
        raise JsonRpcError(INVALID_PARAMS, "Invalid params: name must be the name of a tool.")
    try:
        tool = server.tools.get(name)
    except UnknownTool as unknown:
        hint = f" Did you mean {unknown.nearest}?" if unknown.nearest else " Ask tools/list for what there is."
        raise JsonRpcError(INVALID_PARAMS, f"Unknown tool: {unknown.name}.{hint}") from None
    if server.connection is None:
        return results.failed(server, name, results.unusable(server), stateless=stateless)
    caller = Caller(
        environment_id=server.environment_id,
        account_id=server.account_id,
        via=Via.MCP,
        server_id=server.server_id,
        token_id=exchange.token_id,
        client=client_name(message, exchange.headers),
    )
    try:
        with calls.one(*holders_of(server, exchange.token_id)):
            result = await invoke(
                tool,
                server.connection,
                message.params.get("arguments"),
                caller,
                budget=exchange.budget,
                request_bytes=exchange.request_bytes,
            )
    except AllowanceUsedUp as used_up:
        raise limit_reached(used_up) from None
    except InvalidArguments as failure:
        if version >= ARGUMENT_ERRORS_IN_RESULT:
            return results.failed(server, name, failure, stateless=stateless)
        raise JsonRpcError(INVALID_PARAMS, results.failure_text(server, name, failure)) from None
    except CallFailed as failure:
        exchange.limits = failure.limits
        return results.failed(server, name, failure, stateless=stateless)
    exchange.limits = result.limits
    return results.called(server, result, stateless=stateless, structured=version >= STRUCTURED_CONTENT)


def may_write(message: Message, server: ResolvedServer) -> bool:
    """Tell whether a message calls a tool that changes the vendor's data."""
    name = message.params.get("name")
    tool = server.tools.tools.get(name) if message.method == "tools/call" and isinstance(name, str) else None
    return tool is not None and not tool.read_only


def client_name(message: Message, headers: RequestHeaders) -> str:
    """Return what the client calls itself: in its metadata or as it initializes, else by its User-Agent."""
    meta = message.params.get(META)
    told = meta.get(CLIENT_KEY) if isinstance(meta, dict) else message.params.get("clientInfo")
    if isinstance(told, dict) and isinstance(told.get("name"), str):
        version = told.get("version")
        named = f"{told['name'][:MAX_CLIENT]} {version[:MAX_CLIENT] if isinstance(version, str) else ''}"
        return named.strip()[:MAX_CLIENT]
    return headers.user_agent[:MAX_CLIENT]


__all__ = [
    "BATCHING",
    "Exchange",
    "RequestHeaders",
    "answer",
    "check_stateless",
    "client_name",
    "handshake_version",
    "is_stateless",
    "may_write",
]
