"""A vendor that answers what a test tells it, over a socket, and keeps what reached it."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The query, decoded."""
        return parse_qsl(self.query, keep_blank_values=True, strict_parsing=bool(self.query), errors="strict")

    def header(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key == name.lower()]


@dataclass
class ScriptedVendor:
    """Answers with `status`, `headers` and `body`, or with what `answer` makes of a request."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    answer: Callable[[Received], Answer] | None = None
    received: list[Received] = field(default_factory=list)

    def reset(self) -> None:
        """Be as in the beginning."""
        self.status, self.headers, self.body, self.answer, self.received = 200, {}, b"{}", None, []

    @property
    def last(self) -> Received:
        """The request that came last."""
        return self.received[-1]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request (ASGI)."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        request = Received(scope["method"], scope["raw_path"].decode(), scope["query_string"].decode(), headers, body)
        self.received.append(request)
        status, told, content = self.answer(request) if self.answer else (self.status, self.headers, self.body)
        usual = {"content-type": "application/json", "content-length": str(len(content))}
        raw = [(name.encode(), value.encode("latin-1")) for name, value in {**usual, **told}.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": content})


def gzipped(content: bytes) -> bytes:
    """Return the content as gzip."""
    press = zlib.compressobj(wbits=31)
    return press.compress(content) + press.flush()
