"""Results of the protocol's methods, serialised, in the form of each era."""

from typing import Any

import orjson

from mcpservers.resolution import ResolvedServer
from tools.errors import AccountUnusable, CallFailed
from tools.invocation import CallResult
from tools.wording import explain

STATELESS = "2026-07-28"
HANDSHAKE = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
SUPPORTED = (STATELESS, *HANDSHAKE)

SERVER_INFO = "io.modelcontextprotocol/serverInfo"

# How long a client may take a list for current: a minute, since documentation may change at any time.
LIST_TTL_MS = 60_000


def _result(server: ResolvedServer, members: dict[str, Any], *, stateless: bool) -> bytes:
    if stateless:
        meta = {**members.pop("_meta", {}), SERVER_INFO: server.info}
        members = {"resultType": "complete", **members, "_meta": meta}
    return orjson.dumps(members)


def empty(server: ResolvedServer) -> bytes:
    """Return the result of a ping."""
    return b"{}"


def initialized(server: ResolvedServer, version: str) -> bytes:
    """Return the result of `initialize`."""
    members = {
        "protocolVersion": version,
        "capabilities": {"tools": {"listChanged": True}},
        "serverInfo": server.info,
        "instructions": server.instructions,
    }
    return _result(server, members, stateless=False)


def discovered(server: ResolvedServer) -> bytes:
    """Return the result of `server/discover`."""
    members = {
        "supportedVersions": [STATELESS],
        "capabilities": {"tools": {"listChanged": True}},
        "instructions": server.instructions,
        "ttlMs": LIST_TTL_MS,
        "cacheScope": "private",
    }
    return _result(server, members, stateless=True)


def subscription_ended(server: ResolvedServer, meta: dict[str, Any]) -> bytes:
    """Return the result with which a subscription ends."""
    return _result(server, {"_meta": meta}, stateless=True)


def listed(server: ResolvedServer, *, stateless: bool) -> bytes:
    """Return the result of `tools/list`: every tool on one page, since some clients ask for one only."""
    members: dict[str, Any] = {"tools": orjson.Fragment(server.listing)}
    if stateless:
        members |= {"ttlMs": LIST_TTL_MS, "cacheScope": "private"}
    return _result(server, members, stateless=stateless)


def called(server: ResolvedServer, result: CallResult, *, stateless: bool) -> bytes:
    """Return the result of a call that brought one."""
    return _content(server, result.text, result.limits.values(), is_error=False, stateless=stateless)


def failed(server: ResolvedServer, tool_name: str, failure: CallFailed, *, stateless: bool) -> bytes:
    """Return the result of a call that failed: words that a model can act on."""
    text = failure_text(server, tool_name, failure)
    return _content(server, text, failure.limits.values(), is_error=True, stateless=stateless)


def failure_text(server: ResolvedServer, tool_name: str, failure: CallFailed) -> str:
    """Return what a model reads of a failed call."""
    return explain(failure, tool_name=tool_name, vendor=server.vendor, read_only=server.tools.get(tool_name).read_only)


def unusable(server: ResolvedServer) -> AccountUnusable:
    """Return the failure of every call while the account cannot be used."""
    return AccountUnusable(server.unusable)


def _content(server: ResolvedServer, text: str, limits: dict[str, int], *, is_error: bool, stateless: bool) -> bytes:
    members: dict[str, Any] = {"content": [{"type": "text", "text": text}], "isError": is_error}
    if limits:
        members["_meta"] = limits
    return _result(server, members, stateless=stateless)
