"""Who gets in: Host and Origin, the token, the second authentication, media types, the size of a body.

Nothing of Django's middleware runs before the MCP endpoint, so that all of it is checked here.
"""

from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.http.request import validate_host

from accounts.allowances import Holder
from accounts.api_tokens.recognition import TokenGrant
from accounts.errors import AddressRefused
from mcpservers.errors import Refusal, ServerUnknown, TokenRequired
from mcpservers.exchanges import RequestContext
from mcpservers.replies import EVENTS, JSON, Disconnected, Headers, Receive, Scope
from mcpservers.resolution import ResolvedServer, authorise, holders_of, resolve

NOT_FOUND = "No MCP server answers at this address. Check the URL, or ask for a new one in Patchbay."
TOKEN_REQUIRED = "This MCP server also asks for an API token of its environment: send it as `Authorization: Bearer …`."


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that got in: its server, and what its API token opens where the server asks for one."""

    server: ResolvedServer
    grant: TokenGrant | None
    headers: Headers

    @property
    def holders(self) -> tuple[Holder, ...]:
        """Whose allowances the request uses."""
        return holders_of(self.server, self.grant.token_id if self.grant else None)

    def context(self, request_bytes: int) -> RequestContext:
        """Return what an era has to know to answer; a body of so many bytes brought the request."""
        return RequestContext(
            server=self.server,
            headers=self.headers,
            budget=settings.RESULT_BUDGET,
            token_id=self.grant.token_id if self.grant else None,
            request_bytes=request_bytes,
        )


async def admit(token: str, headers: Headers, address: str) -> Admitted:
    """Return what a token opens to the client at an address; raise Refusal."""
    try:
        server = await resolve(token)
        grant = await authorise(server, headers.get(b"authorization", ""), address)
    except ServerUnknown:
        raise Refusal(404, NOT_FOUND) from None
    except TokenRequired:
        raise Refusal(401, TOKEN_REQUIRED, (b"www-authenticate", b'Bearer realm="Patchbay"')) from None
    except AddressRefused as refused:
        raise Refusal(403, str(refused)) from None
    return Admitted(server, grant, headers)


def check_host(headers: Headers) -> None:
    """Refuse a Host that is not ours (DNS rebinding)."""
    if not _is_ours(headers.get(b"host", "").lower(), tuple(settings.ALLOWED_HOSTS)):
        raise Refusal(400, "This host name is not served here. Set PUBLIC_URL or ALLOWED_HOSTS to serve it.")


@lru_cache(maxsize=64)
def _is_ours(host: str, allowed: tuple[str, ...]) -> bool:
    name, _, port = host.rpartition(":")
    return validate_host(name if port.isdigit() else host, allowed)


def is_own_origin(scope: Scope, headers: Headers) -> bool:
    """Tell whether a request comes from a page of ours: scheme, host and port are the same. Programs send no Origin.

    The scheme is the one that the client used, where a proxy that is believed tells it, or that of PUBLIC_URL.
    """
    origin = headers.get(b"origin")
    if origin is None or origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    # Compared as it is written (RFC 6454, 6.2), so that nothing has to be made of what is no origin.
    return origin.lower() == f"{scope.get('scheme', 'http')}://{headers.get(b'host', '').lower()}"


def check_origin(scope: Scope, headers: Headers) -> None:
    """Refuse a web page of another origin than ours and those that a setting names."""
    if not is_own_origin(scope, headers) and headers[b"origin"] not in settings.MCP_ALLOWED_ORIGINS:
        raise Refusal(403, "This origin may not call MCP servers here. MCP_ALLOWED_ORIGINS names those that may.")


def check_media_types(headers: Headers) -> None:
    """Refuse a body that is not JSON, and a client that accepts neither JSON nor events."""
    sent = headers.get(b"content-type", JSON).partition(";")[0].strip().lower()
    if sent != JSON:
        raise Refusal(415, "Send the message as application/json.")
    accepted = headers.get(b"accept", "*/*").lower()
    if not any(kind in accepted for kind in (JSON, EVENTS, "*/*", "application/*")):
        raise Refusal(406, "Accept application/json or text/event-stream.")


async def read_request_body(headers: Headers, receive: Receive) -> bytes:
    """Return the whole body; refuse one over the limit as soon as that is known."""
    limit: int = settings.MAX_BODY_BYTES
    declared = headers.get(b"content-length", "0")
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
