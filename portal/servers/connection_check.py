"""Do with a server what a client does first, in this process, and keep what the client would see."""

import time
from dataclasses import dataclass
from typing import Any

import orjson
from asgiref.sync import async_to_sync
from django.conf import settings

from mcpservers.eras import HANDSHAKE, RequestContext, handshake_of
from mcpservers.errors import JsonRpcError
from mcpservers.jsonrpc import Request
from mcpservers.models import MCPServer
from mcpservers.resolution import ResolvedServer, resolved

CLIENT = {"name": "patchbay-test", "version": "1"}


@dataclass(frozen=True)
class Rehearsal:
    """What a client saw: the revision agreed on, the server's words, its tools as they were listed.

    `problem` is the error that stopped it, in words; `milliseconds` is the time of the whole exchange.
    """

    revision: str
    instructions: str
    tools: list[dict[str, Any]]
    listing_bytes: int
    milliseconds: float
    problem: str = ""
    unusable: str = ""


def rehearse(server: MCPServer) -> Rehearsal:
    """Shake hands with a server and list its tools, as a client that has its URL."""
    return async_to_sync(_rehearse)(resolved(server))


async def _rehearse(server: ResolvedServer) -> Rehearsal:
    started = time.perf_counter()
    context = RequestContext(server, {}, settings.RESULT_BUDGET)
    try:
        hello = {"protocolVersion": HANDSHAKE[0], "capabilities": {}, "clientInfo": CLIENT}
        agreed = await handshake_of(None).answer(Request(1, "initialize", hello), context)
        welcome = orjson.loads(agreed.body)
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
