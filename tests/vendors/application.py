"""What the stand-ins of vendors share: requests, answers, routes. They import nothing of the product."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

Record = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One request as it came over the wire; `ids` are the variable segments of its path."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    ids: tuple[str, ...] = ()

    def one(self, name: str, usual: str = "") -> str:
        """Return a parameter of the query; the last one counts."""
        return next((value for key, value in reversed(self.query) if key == name), usual)

    def many(self, name: str) -> list[str]:
        """Return every value of a parameter."""
        return [value for key, value in self.query if key == name]

    @property
    def media_type(self) -> str:
        """The media type of the body, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """Return the JSON of the body; raise ValueError."""
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        """Return the members of a form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def parts(self) -> list[Message]:
        """Return the parts of a multipart body, as a reader of RFC 2046 finds them; raise ValueError."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
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


class Refusal(Exception):  # a refusal is an answer
    """An answer that ends a request early."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


Handler = Callable[[Request], Answer]


@dataclass(frozen=True)
class Route:
    """A method and a path, whose {id} stands for one segment, and the names that its query may have."""

    method: str
    path: str
    handler: Handler
    query: frozenset[str] = frozenset()

    def ids(self, request: Request) -> tuple[str, ...] | None:
        """Return the variable segments of a request's path; None where the path is another."""
        pattern = re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(self.path))
        found = re.fullmatch(pattern, request.path)
        return found.groups() if found else None


class StandIn:
    """An ASGI application that answers as a vendor would; subclasses say how."""

    def __init__(self) -> None:
        self.received: list[Request] = []
        self.answered: list[int] = []
        self.remaining: int | None = None
        self.routes: list[Route] = []
        self.reset()

    def reset(self) -> None:
        """Be as in the beginning; subclasses fill their data anew."""
        self.received, self.answered, self.remaining = [], [], None

    def check(self, request: Request, route: Route | None) -> None:
        """Raise a Refusal for a request that is not served: who asks, how often, with which parameters."""
        raise NotImplementedError

    def not_found(self, request: Request) -> Answer:
        """Return what an unknown path gets."""
        raise NotImplementedError

    def finish(self, request: Request, answer: Answer) -> Answer:
        """Return the answer as it goes out, with the headers that every answer has."""
        return answer

    def respond(self, request: Request) -> Answer:
        """Answer one request, and note both."""
        answer = self._answered(request)
        self.received.append(request)
        self.answered.append(answer.status)
        return answer

    def _answered(self, request: Request) -> Answer:
        try:
            for route in self.routes:
                ids = route.ids(request) if route.method == request.method else None
                if ids is not None:
                    self.check(request, route)
                    return self.finish(request, route.handler(Request(**{**vars(request), "ids": ids})))
            self.check(request, None)
            return self.finish(request, self.not_found(request))
        except Refusal as refusal:
            return self.finish(request, refusal.answer)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request (ASGI)."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = parse_qsl(scope["query_string"].decode(), keep_blank_values=True, errors="strict")
        answer = self.respond(Request(scope["method"], scope["path"], query, headers, body))
        content = _content(answer)
        told = {"content-length": str(len(content)), **answer.headers}
        if content:
            told.setdefault("content-type", answer.media_type)
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in told.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await send({"type": "http.response.body", "body": content})


def _content(answer: Answer) -> bytes:
    if answer.body is None:
        return b""
    return answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()


def unknown(given: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the names that are not known, each once, in their order."""
    return [name for name in dict.fromkeys(given) if name not in set(known)]
