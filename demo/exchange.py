"""A request, and the answer to it."""

from dataclasses import dataclass
from http import HTTPStatus

import orjson

from demo.asgi import Headers, Receive, Scope
from demo.errors import MethodNotAllowed, VendorError

MAXIMUM_BODY = 1024 * 1024
JSON = b"application/json"


@dataclass(frozen=True, slots=True)
class VendorRequest:
    """A request; `body` is None if it is larger than the API reads."""

    method: str
    path: str
    query: bytes
    headers: Headers
    body: bytes | None

    @property
    def content_type(self) -> str:
        """The media type that the client declared, or an empty string."""
        return next((value.decode("latin-1") for name, value in self.headers if name == b"content-type"), "")


@dataclass(frozen=True, slots=True)
class VendorResponse:
    """A complete answer; its Content-Length is added on delivery."""

    body: bytes
    status: int = HTTPStatus.OK
    media_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


async def read_request(scope: Scope, receive: Receive) -> VendorRequest:
    """Receive a request. The body of a GET is ignored."""
    method = scope["method"]
    body = b"" if method in ("GET", "HEAD") else await _read_body(receive)
    return VendorRequest(method, scope["path"], scope["query_string"], scope["headers"], body)


async def _read_body(receive: Receive) -> bytes | None:
    pieces: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        piece = message.get("body", b"")
        size += len(piece)
        # The excess is read and discarded: a client that is still sending would miss the answer.
        if size <= MAXIMUM_BODY:
            pieces.append(piece)
        more = message.get("more_body", False)
    return b"".join(pieces) if size <= MAXIMUM_BODY else None


def refusal(error: VendorError) -> VendorResponse:
    """Return an error as the vendor does: in two headers and again in the body."""
    headers = [
        (b"x-fusedesk-error-code", error.code.encode()),
        (b"x-fusedesk-error", error.message.encode("ascii", "replace")),
    ]
    if isinstance(error, MethodNotAllowed):
        headers.append((b"allow", ", ".join(error.allowed).encode()))
    body = orjson.dumps({"error": error.message, "errorcode": error.code})
    return VendorResponse(body, error.status, headers=tuple(headers))
