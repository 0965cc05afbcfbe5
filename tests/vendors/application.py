"""What the fake vendors that speak HTTP share: requests, answers, and where they are served. Nothing of the product."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from tests.serving import served

Kind = TypeVar("Kind", bound="Vendor")


@dataclass(frozen=True)
class Request:
    """One request as it came over the wire; `ids` are the variable segments of its path."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    ids: tuple[str, ...] = ()

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The query, decoded."""
        return parse_qsl(self.query, keep_blank_values=True, strict_parsing=bool(self.query), errors="strict")

    def one(self, name: str, usual: str = "") -> str:
        """Return a parameter of the query; the last one counts."""
        return next((value for key, value in reversed(self.parameters) if key == name), usual)

    def many(self, name: str) -> list[str]:
        """Return every value of a parameter."""
        return [value for key, value in self.parameters if key == name]

    def header(self, name: str) -> list[str]:
        """Return every value of a header."""
        return [value for key, value in self.headers if key == name.lower()]

    def header_value(self, name: str) -> str:
        """Return the value of a header, the last one where there are several; empty where there is none."""
        return next(reversed(self.header(name)), "")

    @property
    def media_type(self) -> str:
        """The media type of the body, without parameters."""
        return self.header_value("content-type").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """Return the JSON of the body; raise ValueError."""
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        """Return the members of a form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def parts(self) -> list[Message]:
        """Return the parts of a multipart body, as a reader of RFC 2046 finds them; raise ValueError."""
        head = f"Content-Type: {self.header_value('content-type')}\r\n\r\n".encode()
        message = BytesParser(policy=HTTP).parsebytes(head + self.body)
        if message.defects or not message.is_multipart():
            raise ValueError("the body is not multipart")
        return list(message.iter_parts())


@dataclass(frozen=True)
class Answer:
    """What goes back. A body that is bytes goes as it is, None is an empty one, everything else is JSON."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json; charset=utf-8"

    @property
    def content(self) -> bytes:
        """The body as it goes over the wire."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()

    def head(self) -> list[tuple[bytes, bytes]]:
        """Return the headers: length and media type, unless the answer says otherwise."""
        usual = {"content-length": str(len(self.content))}
        if self.body is not None:
            usual["content-type"] = self.media_type
        lines = {**usual, **{name.lower(): value for name, value in self.headers.items()}}
        return [(name.encode(), value.encode("latin-1")) for name, value in lines.items()]


@dataclass
class Vendor:
    """An ASGI application that keeps what it received; subclasses say what it answers."""

    address: str = field(default="", init=False)
    received: list[Request] = field(default_factory=list, init=False)

    def reset(self) -> None:
        """Be as in the beginning, at the same address."""
        self.__dict__.update({**type(self)().__dict__, "address": self.address})

    @property
    def last(self) -> Request:
        """The request that came last."""
        return self.received[-1]

    async def respond(self, request: Request) -> Answer:
        """Answer one request."""
        raise NotImplementedError

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request (ASGI)."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        request = Request(scope["method"], scope["raw_path"].decode(), scope["query_string"].decode(), headers, body)
        self.received.append(request)
        answer = await self.respond(request)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.head()})
        await send({"type": "http.response.body", "body": answer.content})


@contextmanager
def serving(vendor: Kind) -> Iterator[Kind]:
    """Serve a vendor at a port of this machine for as long as the block lasts."""
    with served(vendor) as vendor.address:
        yield vendor
