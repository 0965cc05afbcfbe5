"""The two eras of the Model Context Protocol that share one URL, and how each answers a request.

A message that carries its revision in `params._meta` is stateless (2026-07-28); any other belongs to the handshake
era (2024-11-05 to 2025-11-25). `era_of` decides, once per message.
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, ClassVar

import orjson

from accounts import tracing
from accounts.errors import AllowanceUsedUp
from mcpservers.content import content_of, result_of
from mcpservers.errors import JsonRpcError
from mcpservers.features.prompts import filled, listed
from mcpservers.jsonrpc import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    RESOURCE_NOT_FOUND,
    Envelope,
    Request,
    as_object,
    limit_reached,
    meta_of,
)
from mcpservers.methods.completing import complete_argument
from mcpservers.methods.reading import read_resource
from mcpservers.mirrored_headers import VERSION_KEY, check_mirrored
from mcpservers.models import MCPServer
from mcpservers.replies import Headers
from mcpservers.resolution import ResolvedServer
from mcpservers.search.listing import FIND
from mcpservers.step_up import more_needed
from mcpservers.tool_calls import RequestContext, call_retrieval, call_tool, called_name, called_tool
from tools.calling.wording import explain
from tools.errors import CallFailed
from tools.ratelimits import RateLimits

STATELESS = "2026-07-28"
HANDSHAKE = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
SUPPORTED = (STATELESS, *HANDSHAKE)

SERVER_KEY = "io.modelcontextprotocol/serverInfo"

# MCP 2025-06-18, Protocol Version Header: a request without the header is treated as this revision.
ASSUMED = "2025-03-26"
# MCP 2025-03-26, Base protocol: batches must be accepted; 2025-06-18 removed them again.
BATCHING = "2025-03-26"
# MCP 2025-06-18, Tools: the first revision with outputSchema and structuredContent.
STRUCTURED_CONTENT = "2025-06-18"
# JSON-RPC 2.0, Response object: an id that could not be read is null. MCP omits the key since this revision.
UNREAD_ID_LEFT_OUT = "2025-11-25"
# How long a client may cache a list: only a minute, since documentation may change at any time.
LIST_TTL_MS = 60_000
TOOLS = {"tools": {"listChanged": True}}
PROMPTS = {"prompts": {"listChanged": True}}
RESOURCES = {"resources": {"listChanged": True}, "completions": {}}
# MCP 2026-07-28, Subscriptions: by which name a client asks for the changes of each list.
LISTENED = {"tools": "toolsListChanged", "prompts": "promptsListChanged", "resources": "resourcesListChanged"}


@dataclass(frozen=True, slots=True)
class MethodResult:
    """A method's serialised result, and the vendor's rate limits by header name, if the vendor was called."""

    body: bytes
    limits: dict[str, int] = field(default_factory=dict)


class Manner(Enum):
    """How the answer to a request is sent: whole, as a stream once it takes long, or as a stream that stays open."""

    WHOLE = auto()
    LONG = auto()
    STREAM = auto()


@dataclass(frozen=True)
class Era:
    """A protocol revision, and what all revisions have in common: tools, prompts, resources."""

    version: str

    manners: ClassVar[dict[str, Manner]] = {"tools/call": Manner.LONG, "resources/read": Manner.LONG}
    cancelled_by_disconnect: ClassVar[bool] = False
    opens_stream_on_get: ClassVar[bool] = True
    unknown_method_status: ClassVar[int] = 200
    # MCP 2025-11-25, Resources, Error Handling
    resource_not_found: ClassVar[int] = RESOURCE_NOT_FOUND
    # How long a list may be cached, and by whom.
    freshness: ClassVar[dict[str, Any]] = {}

    @property
    def takes_batches(self) -> bool:
        """Whether one body may contain several messages."""
        return self.version == BATCHING

    @property
    def structures_content(self) -> bool:
        """Whether tools may have an outputSchema, and results structuredContent; the server says which of the two.

        Client libraries expect structured content from every tool that lists a schema, so a schema never comes alone.
        """
        # Revisions are dates, so they compare as strings.
        return self.version >= STRUCTURED_CONTENT

    @property
    def names_unread_id(self) -> bool:
        """Whether an error has a null id, rather than none, if the id of its request could not be read."""
        return self.version < UNREAD_ID_LEFT_OUT

    def manner(self, request: Request) -> Manner:
        return self.manners.get(request.method, Manner.WHOLE)

    def acknowledge(self) -> None:
        """Accept a message that gets no answer, or raise JsonRpcError."""

    async def answer(self, request: Request, context: RequestContext) -> MethodResult:
        """Return a request's result, or raise JsonRpcError."""
        if request.method.endswith("/list"):
            _check_cursor(request)
        match request.method:
            case "tools/call":
                return await self._call_tool(request, context)
            case "tools/list":
                return MethodResult(self._list_tools(context.server))
            case "resources/read":
                return await self._read_resource(request, context)
            case "completion/complete":
                return MethodResult(self._complete(context.server, await complete_argument(request, context)))
        server = context.server
        result = self._own_result(request, server) or self._listed(request, server) or self._of_prompts(request, server)
        if result is None:
            problem = f"Method not found: {request.method[:80]}"
            raise JsonRpcError(METHOD_NOT_FOUND, problem, status=self.unknown_method_status)
        return MethodResult(result)

    def _own_result(self, request: Request, server: ResolvedServer) -> bytes | None:
        """Return the serialised result of a method that only this era has; None for any other method."""
        return None

    def _of_prompts(self, request: Request, server: ResolvedServer) -> bytes | None:
        """Return the serialised result of a method about prompts; None for any other, or where there are none."""
        prompts = server.offer.prompts
        if not prompts:
            return None
        match request.method:
            case "prompts/list":
                return self._complete(server, {"prompts": listed(prompts), **self.freshness})
            case "prompts/get":
                return self._complete(server, filled(prompts, request.params))
        return None

    def _listed(self, request: Request, server: ResolvedServer) -> bytes | None:
        """Return the serialised list of resources or of their templates; None for any other method."""
        resources = server.offer.resources
        match request.method:
            case "resources/list":
                return self._complete(server, {"resources": resources.listed(server.account_name), **self.freshness})
            case "resources/templates/list":
                return self._complete(server, {"resourceTemplates": resources.templates, **self.freshness})
        return None

    async def _read_resource(self, request: Request, context: RequestContext) -> MethodResult:
        read = await read_resource(request, context, missing=self.resource_not_found)
        members: dict[str, Any] = {"contents": read.contents, **self.freshness}
        if self.freshness and read.is_of_vendor:
            members["ttlMs"] = 0
        return self._with_limits(context.server, members, read.limits)

    def _complete(self, server: ResolvedServer, members: dict[str, Any]) -> bytes:
        """Serialise a result, with the members that this era adds to every result."""
        return orjson.dumps(members)

    def _list_tools(self, server: ResolvedServer) -> bytes:
        """List every tool."""
        offer = server.offer
        tools = offer.listing if self.structures_content else offer.listing_without_output
        return self._complete(server, {"tools": orjson.Fragment(tools), **self.freshness})

    async def _call_tool(self, request: Request, context: RequestContext) -> MethodResult:
        server, search, name = context.server, context.server.offer.search, called_name(request)
        read_only = True
        if (asking := more_needed(name, context)) is not None:
            return self._call_result(server, asking, RateLimits(), is_error=True)
        try:
            if search is not None and name == FIND:
                result = search.find(request.params.get("arguments"), budget=context.budget)
            elif name in server.offer.sources.tool_names:
                result = await call_retrieval(name, request, context)
            else:
                tool, arguments = called_tool(name, request, server)
                name, read_only = tool.name, tool.read_only
                result = await call_tool(tool, arguments, request, context)
        except AllowanceUsedUp as used_up:
            raise limit_reached(used_up) from None
        except CallFailed as failure:
            # The conventions' word for a result with isError.
            tracing.current().fail("tool_error")
            words = explain(failure, tool_name=name, vendor=server.vendor, read_only=read_only)
            return self._call_result(server, content_of(words), failure.limits, is_error=True)
        members = result_of(result, server.results if self.structures_content else MCPServer.ResultForm.TEXT)
        return self._call_result(server, members, result.limits, is_error=False)

    def _call_result(
        self, server: ResolvedServer, members: dict[str, Any], limits: RateLimits, *, is_error: bool
    ) -> MethodResult:
        return self._with_limits(server, {**members, "isError": is_error}, limits)

    def _with_limits(self, server: ResolvedServer, members: dict[str, Any], limits: RateLimits) -> MethodResult:
        if known := limits.values():
            members["_meta"] = known
        return MethodResult(self._complete(server, members), known)


def _check_cursor(request: Request) -> None:
    """Refuse a cursor: lists come on one page, since some clients request only the first; some send an empty one."""
    if request.params.get("cursor") not in (None, ""):
        problem = "Invalid params: this cursor was not issued here; the whole list comes on the first page."
        raise JsonRpcError(INVALID_PARAMS, problem)


def _capabilities(server: ResolvedServer) -> dict[str, Any]:
    return {**TOOLS, **(PROMPTS if server.offer.prompts else {}), **RESOURCES}


def agreed_revision(request: Request) -> str:
    """Return the revision that an `initialize` agrees on, or raise JsonRpcError."""
    wanted = request.params.get("protocolVersion")
    if not isinstance(wanted, str):
        raise JsonRpcError(INVALID_PARAMS, "Invalid params: protocolVersion must be a string.")
    # MCP 2025-11-25, Lifecycle: a server that does not support the requested revision answers with its latest.
    return wanted if wanted in HANDSHAKE else HANDSHAKE[0]


@dataclass(frozen=True)
class Handshake(Era):
    """A revision that begins with `initialize`; a header names it in later requests."""

    def _own_result(self, request: Request, server: ResolvedServer) -> bytes | None:
        match request.method:
            case "initialize":
                return self._initialize(request, server)
            case "ping":
                return b"{}"
        return None

    def _initialize(self, request: Request, server: ResolvedServer) -> bytes:
        members = {
            "protocolVersion": agreed_revision(request),
            "capabilities": _capabilities(server),
            "serverInfo": server.info,
            "instructions": server.instructions,
        }
        return self._complete(server, members)


@dataclass(frozen=True)
class UnknownRevision(Era):
    """A revision that a header names and this server does not support."""

    def acknowledge(self) -> None:
        raise self._refusal()

    async def answer(self, request: Request, context: RequestContext) -> MethodResult:
        raise self._refusal()

    def _refusal(self) -> JsonRpcError:
        words = f"Unsupported protocol version: {self.version[:40]}. This server speaks: {', '.join(SUPPORTED)}."
        return JsonRpcError(INVALID_REQUEST, words, status=400)


@dataclass(frozen=True)
class Stateless(Era):
    """The revision without a handshake: each request names its revision and its client's capabilities."""

    version: str = STATELESS

    manners: ClassVar[dict[str, Manner]] = {**Era.manners, "subscriptions/listen": Manner.STREAM}
    # MCP 2026-07-28, Streamable HTTP, Cancellation: a client that closes its connection cancels the call.
    # In the handshake era a disconnect does not cancel: the call goes on.
    cancelled_by_disconnect: ClassVar[bool] = True
    # MCP 2026-07-28, Streamable HTTP: GET no longer opens a stream.
    opens_stream_on_get: ClassVar[bool] = False
    unknown_method_status: ClassVar[int] = 404
    # MCP 2026-07-28, Error Codes: the earlier code is retired.
    resource_not_found: ClassVar[int] = INVALID_PARAMS
    freshness: ClassVar[dict[str, Any]] = {"ttlMs": LIST_TTL_MS, "cacheScope": "private"}

    async def answer(self, request: Request, context: RequestContext) -> MethodResult:
        check_mirrored(request, context.headers, self.version)
        return await super().answer(request, context)

    def _own_result(self, request: Request, server: ResolvedServer) -> bytes | None:
        return self._discover(server) if request.method == "server/discover" else None

    def listens_to(self, request: Request, headers: Headers) -> list[str]:
        """Return to changes of which lists `subscriptions/listen` subscribes, or raise JsonRpcError."""
        check_mirrored(request, headers, self.version)
        wanted = request.params.get("notifications")
        if wanted is None or (wanted := as_object(wanted)) is None:
            raise JsonRpcError(INVALID_PARAMS, "Invalid params: notifications must be an object.")
        return [kind for kind, name in LISTENED.items() if wanted.get(name) is True]

    def subscription_ended(self, server: ResolvedServer, meta: dict[str, Any]) -> bytes:
        """Return the result that ends a subscription."""
        return self._complete(server, {"_meta": meta})

    def _discover(self, server: ResolvedServer) -> bytes:
        members = {
            "supportedVersions": [self.version],
            "capabilities": _capabilities(server),
            "instructions": server.instructions,
            **self.freshness,
        }
        return self._complete(server, members)

    def _complete(self, server: ResolvedServer, members: dict[str, Any]) -> bytes:
        meta = {**members.pop("_meta", {}), SERVER_KEY: server.info}
        return orjson.dumps({"resultType": "complete", **members, "_meta": meta})


STATELESS_ERA = Stateless()
_HANDSHAKES: dict[str | None, Era] = {version: Handshake(version) for version in HANDSHAKE}
_HANDSHAKES[None] = Handshake(ASSUMED)


def era_of(message: Envelope | None, headers: Headers) -> Era:
    """Return the era of a message; None is one that could not be read, or a GET, which carries no message."""
    meta, version = meta_of(message) if message else None, headers.get(b"mcp-protocol-version")
    # Either sign is enough: check_mirrored then refuses a request whose header and metadata disagree.
    if version == STATELESS or (meta is not None and VERSION_KEY in meta):
        return STATELESS_ERA
    return handshake_of(version)


def handshake_of(version: str | None) -> Era:
    """Return the era of a message without a revision of its own, by its MCP-Protocol-Version header if it has one."""
    return _HANDSHAKES.get(version) or UnknownRevision(str(version))
