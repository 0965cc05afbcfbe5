"""What can go wrong in this app.

McpServerError
├── PolicyRefused        a server's settings are not possible; names field, reason and what exists
├── ConsentRefused       a person may not allow a client anything at a server
│   └── FactorMissing        the server's environment takes a second factor, which the person has not set up
├── MetadataRefused      a client cannot register with what it says about itself
├── ResourceUnknown      a client asks for something that is no server with sign-in
├── Refusal              a request is refused before the protocol is reached: HTTP status, message, headers
│   └── SessionsAway         what keeps the sessions of the old transport does not answer
└── AccessRefused        a request may not reach a server
    ├── ServerUnknown        no live server has this token: unknown, expired and paused are not told apart
    ├── TokenRequired        the server also requires an API token, and no valid one was sent
    └── SignInRequired       a person has to allow the client: no access token was sent, or none that opens this server

JsonRpcError             an error answer of the protocol: code, message, data, HTTP status
"""

from dataclasses import dataclass
from typing import Any


class McpServerError(Exception):
    """Anything that this app refuses."""


@dataclass
class PolicyRefused(McpServerError):
    """A server's settings are not possible; `problems` gives the reasons by field."""

    problems: dict[str, str]

    def __str__(self) -> str:
        return "; ".join(f"{name}: {reason}" for name, reason in self.problems.items())


class AccessRefused(McpServerError):
    """A request may not reach a server."""


class ServerUnknown(AccessRefused):
    """No live server has this token."""


class TokenRequired(AccessRefused):
    """The server requires a valid API token of its environment, sent as a bearer token."""


class SignInRequired(AccessRefused):
    """A client needs an access token, which a person lets it have."""


class ConsentRefused(McpServerError):
    """A person may not allow a client anything at a server; the message is for the person."""


class FactorMissing(ConsentRefused):
    """The server's environment takes a second factor, which the person has not set up."""


class MetadataRefused(McpServerError):
    """A client cannot register with what it says about itself; `code` is the error code of RFC 7591."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ResourceUnknown(McpServerError):
    """A client asks for a resource that is no live server with sign-in."""


class Refusal(McpServerError):
    """A request is refused before the protocol is reached; the reply is a JSON-RPC error with this HTTP status."""

    def __init__(self, status: int, message: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers


class SessionsAway(Refusal):
    """What keeps the sessions of the old transport, and carries its answers between processes, does not answer."""

    RETRY_AFTER = 2

    def __init__(self) -> None:
        message = (
            f"The old HTTP+SSE transport does not work at the moment. Try again in {self.RETRY_AFTER} seconds, or "
            "use Streamable HTTP: the same URL without /sse."
        )
        super().__init__(503, message, (b"retry-after", b"%d" % self.RETRY_AFTER))


@dataclass
class JsonRpcError(Exception):
    """An error of JSON-RPC or MCP; `status` is the HTTP status that carries it.

    `message_id` is the id of a message that is not a valid request, if it could be read. `headers` go on the answer.
    """

    code: int
    message: str
    data: Any = None
    status: int = 200
    message_id: str | int | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
