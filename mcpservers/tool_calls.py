"""Call the tool that a request names, within the allowances of its sender, on behalf of the server's account."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from accounts.allowances import Holder, calls
from accounts.web.client_address import noted_address
from accounts.web.user_agents import framework_of
from mcpservers.errors import JsonRpcError
from mcpservers.jsonrpc import INVALID_PARAMS, Request, meta_of
from mcpservers.replies import Headers
from mcpservers.resolution import ResolvedServer, holders_of
from mcpservers.search.listing import CALLERS, FIND, caller_of
from mcpservers.sign_in.recognition import PersonAccess
from tools.calling.intending import Leaving
from tools.calling.invocation import Caller, CallResult, invoke
from tools.catalogue.tool import Tool
from tools.errors import AccountUnusable, UnknownTool
from tools.models.calls import McpTransport, Via
from tools.retrieval.retrieving import retrieve

CLIENT_KEY = "io.modelcontextprotocol/clientInfo"
# The most characters of a client's name, which is shown to people.
MAX_NAME = 400


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The server that a request is for, its sender, and the budget of its result in tokens.

    `session` is the session of the old HTTP+SSE transport. `client` is the name that the client gave in its
    `initialize`, if that is known; `revision` is the protocol's by which a call is answered.
    `access` is what a person lets the client do, at a server that asks for sign-in.
    `person_key` and `person` are the key and name of whoever it is, or of whoever the API token acts for.
    `is_batched` says that other messages came with the request's.
    `has_left` tells whether the client has gone, where its going cancels nothing by itself.
    """

    server: ResolvedServer
    headers: Headers
    budget: int
    token_id: UUID | None = None
    access: PersonAccess | None = field(default=None, repr=False)
    person_key: int | None = None
    person: str = ""
    request_bytes: int = 0
    address: str = ""
    session: str = ""
    client: str = ""
    revision: str = ""
    is_batched: bool = False
    has_left: Leaving | None = field(default=None, repr=False)

    @property
    def holders(self) -> tuple[Holder, ...]:
        """Whose allowances a call uses."""
        return holders_of(self.server, self.token_id, self.access.user_id if self.access else None)


def introduced_name(request: Request) -> str:
    """Return the name and version that a request gives for its client, in its metadata or as `initialize`; or none."""
    meta = meta_of(request)
    client = request.params.get("clientInfo") if meta is None else meta.get(CLIENT_KEY)
    if not isinstance(client, dict) or not isinstance(client.get("name"), str):
        return ""
    version = client.get("version")
    named = f"{client['name'][:MAX_NAME]} {version[:MAX_NAME] if isinstance(version, str) else ''}"
    return named.strip()[:MAX_NAME]


def client_name(request: Request, context: RequestContext) -> str:
    """Return the client's name as the request gives it, else as it gave it before, else its User-Agent."""
    return introduced_name(request) or context.client or user_agent_of(context)


def user_agent_of(context: RequestContext) -> str:
    """Return what a request's program calls itself in the header; or nothing."""
    return context.headers.get(b"user-agent", "")[:MAX_NAME]


def noted_caller(request: Request, context: RequestContext) -> Caller:
    """Return who a request's calls to the vendor are recorded for."""
    server = context.server
    return Caller(
        environment_id=server.environment_id,
        account_id=server.account_id,
        via=Via.MCP,
        server_id=server.server_id,
        token_id=context.token_id,
        client=client_name(request, context),
        transport=McpTransport.SSE if context.session else McpTransport.HTTP,
        revision=context.revision,
        framework=framework_of(user_agent_of(context)),
        address=noted_address(context.address),
        person_key=context.person_key,
        person=context.person,
    )


def called_name(request: Request) -> str:
    """Return the name of the tool that a request calls, or raise JsonRpcError."""
    name = request.params.get("name")
    if not isinstance(name, str):
        raise JsonRpcError(INVALID_PARAMS, "Invalid params: name must be the name of a tool.")
    return name


def called_tool(name: str, request: Request, server: ResolvedServer) -> tuple[Tool, Any]:
    """Return the tool that a request calls, and its arguments; raise JsonRpcError or InvalidArguments."""
    offer, arguments = server.offer, request.params.get("arguments")
    if offer.search is not None and name in CALLERS:
        return offer.search.chosen(name, arguments)
    try:
        tool = offer.tools.get(name)
    except UnknownTool as unknown:
        hint = f" Did you mean {unknown.nearest}?" if unknown.nearest else " Ask tools/list for what there is."
        hint = hint if offer.search is None else f" Find tools with {FIND}."
        raise JsonRpcError(INVALID_PARAMS, f"Unknown tool: {unknown.name}. Nothing was done.{hint}") from None
    if offer.search is not None:
        words = (
            f"Unknown tool: {name} is not listed here. Nothing was done. Call it by its name with {caller_of(tool)}."
        )
        raise JsonRpcError(INVALID_PARAMS, words)
    return tool, arguments


async def call_retrieval(name: str, request: Request, context: RequestContext) -> CallResult:
    """Call `search` or `fetch` as `call_tool` calls a tool; the calls that these make are not counted again."""
    server = context.server
    if server.connection is None:
        raise AccountUnusable(server.unusable)
    arguments, caller = _arguments(request.params.get("arguments")), noted_caller(request, context)
    with calls.one(*context.holders):
        return await retrieve(name, server.offer.sources, server.connection, arguments, caller, budget=context.budget)


async def call_tool(tool: Tool, arguments: Any, request: Request, context: RequestContext) -> CallResult:
    """Call a tool within the call allowances of its sender; raise CallFailed or AllowanceUsedUp."""
    server = context.server
    if server.connection is None:
        raise AccountUnusable(server.unusable)
    size = context.request_bytes
    with calls.one(*context.holders):
        result = await invoke(
            tool,
            server.connection,
            _arguments(arguments),
            noted_caller(request, context),
            budget=context.budget,
            request_bytes=size,
            has_left=context.has_left,
            among=server.offer.tools,
        )
    # The callers of search mode list no outputSchema.
    return result if server.offer.search is None else replace(result, structured=None)


def _arguments(given: Any) -> Any:
    return {} if given == [] else given  # an empty object of PHP's serialiser
