"""Admit requests: check Host, Origin, the token, the second authentication, media types and the size of the body.

None of Django's middleware runs before the MCP endpoint, so everything is checked here.
"""

from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.http.request import validate_host

from accounts.allowances import Holder
from accounts.api_tokens.recognition import TokenGrant, bearer_token
from accounts.errors import AddressRefused
from accounts.web.unknown_tokens import note_unknown_token
from mcpservers.errors import Refusal, ServerUnknown, SignInRequired, TokenRequired
from mcpservers.replies import EVENTS, JSON, Disconnected, Headers, Receive, Scope, Send
from mcpservers.resolution import ResolvedServer, authorise, holders_of, resolve, resolve_for_people
from mcpservers.sign_in.addresses import SIGN_IN, server_id_of
from mcpservers.sign_in.challenges import challenge
from mcpservers.sign_in.recognition import PersonAccess, access_of
from mcpservers.sign_in.scopes import FIRST
from mcpservers.tool_calls import RequestContext
from tools.calling.intending import Leaving

NOT_FOUND = "No MCP server answers at this address. Check the URL, or ask for a new one in Patchbay."
SIGN_IN_REQUIRED = (
    "This MCP server asks for sign-in: connect it again in your client, which then leads you to Patchbay to allow it."
)
INVALID_TOKEN = "The access token has expired, was ended, or is for another server"
STREAMS = ("", "sse", "messages")
TOKEN_REQUIRED = "This MCP server also asks for an API token of its environment: send it as `Authorization: Bearer …`."


@dataclass(frozen=True, slots=True)
class Http:
    """One HTTP request: its ASGI scope and channels, and its headers as `request_headers` reads them."""

    scope: Scope
    headers: Headers
    receive: Receive
    send: Send


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that was admitted: its server, and what its API or access token grants if the server requires one."""

    server: ResolvedServer
    grant: TokenGrant | None
    headers: Headers
    address: str
    access: PersonAccess | None = None

    @property
    def holders(self) -> tuple[Holder, ...]:
        """The server, and the API token or person, whose allowances the request uses."""
        token_id = self.grant.token_id if self.grant else None
        return holders_of(self.server, token_id, self.access.user_id if self.access else None)

    def context(self, request_bytes: int, has_left: Leaving | None = None, *, revision: str = "") -> RequestContext:
        """Return what an era needs to answer; `request_bytes` is the size of the whole body."""
        return RequestContext(
            server=self.server,
            headers=self.headers,
            budget=settings.RESULT_TOKENS,
            token_id=self.grant.token_id if self.grant else None,
            access=self.access,
            person_key=self.access.user_id if self.access else self.grant.owner_id if self.grant else None,
            person=self.access.user_name if self.access else self.grant.owner_name if self.grant else "",
            request_bytes=request_bytes,
            address=self.address,
            revision=revision,
            has_left=has_left,
        )


def request_headers(scope: Scope) -> Headers:
    """Return a request's headers by lower-case name, without white space around values."""
    # RFC 9110, 5.5: optional white space is not part of a value, but the ASGI server leaves it at the end.
    return {name: value.decode("latin-1").strip(" \t") for name, value in scope["headers"]}


def client_address(scope: Scope) -> str:
    """Return the client's address, which the ASGI server takes from trusted proxies' headers if there are any."""
    client = scope.get("client")
    return str(client[0]) if client else ""


@dataclass(frozen=True, slots=True)
class Address:
    """A path below /mcp/: a token, or the id of a server that asks for sign-in, and what follows."""

    token: str
    server_id: UUID | None
    rest: str


def address_in(path: str) -> Address:
    """Return what a path below /mcp/ names; neither token nor id for one that names no server."""
    token, _, rest = path.partition("/")
    server_id = None
    if token == SIGN_IN:
        named, _, rest = rest.partition("/")
        token, server_id = "", server_id_of(named)
    if rest.endswith("/") and len(rest) > 1:
        rest = rest[:-1]
    # An unknown path gets the same 404 as an unknown server.
    return Address(token, server_id, rest) if rest in STREAMS else Address("", None, rest)


async def admit(where: Address, headers: Headers, address: str) -> Admitted:
    """Return what a request is admitted to, or raise Refusal."""
    if where.server_id is not None:
        return await _admit_person(where.server_id, headers, address)
    return await _admit_holder(where.token, headers, address)


async def _admit_person(server_id: UUID, headers: Headers, address: str) -> Admitted:
    token = bearer_token(headers.get(b"authorization", ""))
    access = await access_of(token) if token else None
    try:
        if access is None or access.server_id != server_id:
            # First, whether there is such a server.
            await resolve_for_people(server_id, reads_only=True)
            raise SignInRequired
        server = await resolve_for_people(server_id, reads_only=not access.may_write)
    except ServerUnknown:
        raise Refusal(404, NOT_FOUND) from None
    except SignInRequired:
        if not token:
            raise Refusal(401, SIGN_IN_REQUIRED, challenge(server_id, FIRST)) from None
        note_unknown_token("mcp", address)
        refused = challenge(server_id, FIRST, "invalid_token", INVALID_TOKEN)
        raise Refusal(401, f"{INVALID_TOKEN}. {SIGN_IN_REQUIRED}", refused) from None
    return Admitted(server, None, headers, address, access)


async def _admit_holder(token: str, headers: Headers, address: str) -> Admitted:
    """Return what a token admits a client at this address to, or raise Refusal."""
    try:
        server = await resolve(token)
        grant = await authorise(server, headers.get(b"authorization", ""), address)
    except ServerUnknown:
        if token:
            note_unknown_token("mcp", address)
        raise Refusal(404, NOT_FOUND) from None
    except TokenRequired:
        if b"authorization" in headers:
            note_unknown_token("mcp", address)
        # RFC 9110, 15.5.2: a 401 must carry a challenge.
        raise Refusal(401, TOKEN_REQUIRED, (b"www-authenticate", b'Bearer realm="Patchbay"')) from None
    except AddressRefused as refused:
        raise Refusal(403, str(refused)) from None
    return Admitted(server, grant, headers, address)


def check_host(headers: Headers) -> None:
    """Refuse a Host header that names none of ALLOWED_HOSTS, against DNS rebinding."""
    if not _is_ours(headers.get(b"host", "").lower(), tuple(settings.ALLOWED_HOSTS)):
        raise Refusal(400, "This host name is not served here. Set PUBLIC_URL or ALLOWED_HOSTS to serve it.")


@lru_cache(maxsize=64)
def _is_ours(host: str, allowed: tuple[str, ...]) -> bool:
    name, _, port = host.rpartition(":")
    return validate_host(name if port.isdigit() else host, allowed)


def is_own_origin(scope: Scope, headers: Headers) -> bool:
    """Return whether a request comes from Patchbay's own origin (scheme, host, port) or from a program, without Origin.

    The scheme is the client's if a trusted proxy reports it, or that of PUBLIC_URL.
    """
    origin = headers.get(b"origin")
    if origin is None or origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    # Compared as serialised (RFC 6454, 6.2), so that a malformed Origin need not be parsed.
    return origin.lower() == f"{scope.get('scheme', 'http')}://{headers.get(b'host', '').lower()}"


def check_origin(scope: Scope, headers: Headers) -> None:
    """Refuse web pages of any origin but Patchbay's own and those in MCP_ALLOWED_ORIGINS."""
    if not is_own_origin(scope, headers) and headers[b"origin"] not in settings.MCP_ALLOWED_ORIGINS:
        raise Refusal(403, "This origin may not call MCP servers here. MCP_ALLOWED_ORIGINS names those that may.")


def check_media_types(headers: Headers) -> None:
    """Refuse a body that is not JSON, and a client that accepts neither JSON nor events."""
    sent = headers.get(b"content-type", JSON).partition(";")[0].strip().lower()
    if sent != JSON:
        raise Refusal(415, "Send the message as application/json.")
    accepted = headers.get(b"accept", "*/*").lower()
    if not (JSON in accepted or EVENTS in accepted or "*/*" in accepted or "application/*" in accepted):
        raise Refusal(406, "Accept application/json or text/event-stream.")


async def read_request_body(headers: Headers, receive: Receive) -> bytes:
    """Return the whole body; refuse one larger than MAX_BODY_BYTES as soon as that is known."""
    limit: int = settings.MAX_BODY_BYTES
    declared = headers.get(b"content-length", "0")
    # RFC 9110, 15.5.14: closing the connection keeps the client from sending the rest.
    if declared.isdigit() and int(declared) > limit:
        raise Refusal(413, f"The body is larger than {limit} bytes.", (b"connection", b"close"))
    chunks: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Disconnected
        chunk: bytes = event.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise Refusal(413, f"The body is larger than {limit} bytes.", (b"connection", b"close"))
        chunks.append(chunk)
        if not event.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)
