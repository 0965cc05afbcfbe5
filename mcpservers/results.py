"""Results of the protocol's methods, serialised, in the form of each era."""

from functools import lru_cache
from typing import Any

import orjson

from mcpservers.resolution import ResolvedServer
from tools.calling.files import File, FileKind
from tools.calling.invocation import CallResult
from tools.calling.wording import explain
from tools.errors import AccountUnusable, CallFailed

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


def listed(server: ResolvedServer, *, stateless: bool, structured: bool) -> bytes:
    """Return the result of `tools/list`: every tool on one page, since some clients ask for one only.

    `structured` tells whether the client's revision knows structured content; one that does not gets no outputSchema.
    Libraries of later revisions look for structured content wherever a schema was listed, so that both go together.
    """
    tools = server.listing if structured else _without_output(server.listing)
    members: dict[str, Any] = {"tools": orjson.Fragment(tools)}
    if stateless:
        members |= {"ttlMs": LIST_TTL_MS, "cacheScope": "private"}
    return _result(server, members, stateless=stateless)


@lru_cache(maxsize=64)
def _without_output(listing: bytes) -> bytes:
    tools = orjson.loads(listing)
    for tool in tools:
        tool.pop("outputSchema", None)
    return orjson.dumps(tools)


def called(server: ResolvedServer, result: CallResult, *, stateless: bool, structured: bool) -> bytes:
    """Return the result of a call that brought one."""
    members: dict[str, Any] = {"content": [{"type": "text", "text": result.text}]}
    if result.file:
        members["content"].append(_file(result.file))
    if structured and result.structured is not None:
        members["structuredContent"] = orjson.Fragment(result.structured)
    return _call_result(server, members, result.limits.values(), is_error=False, stateless=stateless)


def _file(file: File) -> dict[str, Any]:
    """Return a file as the kind of content that clients know to show."""
    match file.kind:
        case FileKind.IMAGE | FileKind.AUDIO:
            return {"type": file.kind.value, "data": file.base64, "mimeType": file.media_type}
        case FileKind.TEXT:
            held = {"text": file.text}
        case FileKind.BINARY:
            held = {"blob": file.base64}
    return {"type": "resource", "resource": {"uri": file.uri, "mimeType": file.media_type, **held}}


def failed(server: ResolvedServer, tool_name: str, failure: CallFailed, *, stateless: bool) -> bytes:
    """Return the result of a call that failed: words that a model can act on."""
    text = failure_text(server, tool_name, failure)
    members = {"content": [{"type": "text", "text": text}]}
    return _call_result(server, members, failure.limits.values(), is_error=True, stateless=stateless)


def failure_text(server: ResolvedServer, tool_name: str, failure: CallFailed) -> str:
    """Return what a model reads of a failed call."""
    return explain(failure, tool_name=tool_name, vendor=server.vendor, read_only=server.tools.get(tool_name).read_only)


def unusable(server: ResolvedServer) -> AccountUnusable:
    """Return the failure of every call while the account cannot be used."""
    return AccountUnusable(server.unusable)


def _call_result(
    server: ResolvedServer, members: dict[str, Any], limits: dict[str, int], *, is_error: bool, stateless: bool
) -> bytes:
    members["isError"] = is_error
    if limits:
        members["_meta"] = limits
    return _result(server, members, stateless=stateless)
