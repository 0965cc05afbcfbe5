"""Who gets in: Host and Origin, the token, the second authentication, media types, the size of a body.

Nothing of Django's middleware runs before the MCP endpoint, so that all of it is checked here.
"""

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host

from accounts.api_tokens import TokenGrant
from accounts.errors import AddressRefused
from mcpservers.errors import ServerUnknown, TokenRequired
from mcpservers.protocol import Exchange, RequestHeaders
from mcpservers.replies import EVENTS, JSON, Disconnected, Headers, Receive, Refusal
from mcpservers.resolution import ResolvedServer, authorise, resolve

NOT_FOUND = "No MCP server answers at this address. Check the URL, or ask for a new one in Patchbay."
TOKEN_REQUIRED = "This MCP server also asks for an API token of its environment: send it as `Authorization: Bearer …`."


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that got in: its server, and what its API token opens where the server asks for one."""

    server: ResolvedServer
    grant: TokenGrant | None
    headers: Headers

    def exchange(self) -> Exchange:
        """Return the exchange in which the protocol answers."""
        headers = self.headers
        return Exchange(
            server=self.server,
            headers=RequestHeaders(
                protocol_version=headers.get(b"mcp-protocol-version"),
                method=headers.get(b"mcp-method"),
                name=headers.get(b"mcp-name"),
                user_agent=headers.get(b"user-agent", ""),
            ),
            budget=settings.RESULT_BUDGET,
            token_id=self.grant.token_id if self.grant else None,
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


def check_origin(headers: Headers) -> None:
    """Refuse a web page of another origin; programs send no Origin."""
    origin = headers.get(b"origin")
    if origin is None or origin in settings.MCP_ALLOWED_ORIGINS:
        return
    if urlsplit(origin).netloc.lower() != headers.get(b"host", "").lower():
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
