"""Connect to a server as a client would, inside this process, and report what the client would see."""

import time
from dataclasses import dataclass
from typing import Any

import orjson
from asgiref.sync import async_to_sync
from django.conf import settings

from mcpservers.eras import HANDSHAKE, handshake_of
from mcpservers.errors import JsonRpcError
from mcpservers.jsonrpc import Request
from mcpservers.models import MCPServer
from mcpservers.resolution import ResolvedServer, resolved
from mcpservers.tool_calls import RequestContext

CLIENT = {"name": "patchbay-test", "version": "1"}


@dataclass(frozen=True)
class Rehearsal:
    """What a client would see: the negotiated revision, the server's instructions, its tools as listed.

    `problem` is the message of the error that ended the exchange; `milliseconds` is the duration of the whole exchange.
    """

    revision: str
    instructions: str
    tools: list[dict[str, Any]]
    listing_bytes: int
    milliseconds: float
    problem: str = ""
    unusable: str = ""


def rehearse(server: MCPServer) -> Rehearsal:
    """Perform the handshake and list the tools, as a client with the URL does."""
    return async_to_sync(_rehearse)(resolved(server))


async def _rehearse(server: ResolvedServer) -> Rehearsal:
    started = time.perf_counter()
    context = RequestContext(server, {}, settings.RESULT_TOKENS)
    try:
        params = {"protocolVersion": HANDSHAKE[0], "capabilities": {}, "clientInfo": CLIENT}
        answer = await handshake_of(None).answer(Request(1, "initialize", params), context)
        welcome = orjson.loads(answer.body)
        # The rest of the exchange speaks the revision that the server chose.
        era = handshake_of(welcome["protocolVersion"])
        listing = (await era.answer(Request(2, "tools/list", {}), context)).body
    except JsonRpcError as error:
        return Rehearsal("", "", [], 0, _since(started), problem=error.message)
    return Rehearsal(
        revision=welcome["protocolVersion"],
        instructions=welcome.get("instructions", ""),
        tools=orjson.loads(listing)["tools"],
        listing_bytes=len(listing),
        milliseconds=_since(started),
        unusable=server.unusable,
    )


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
