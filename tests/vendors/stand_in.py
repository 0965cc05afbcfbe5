"""What the stand-ins of real vendors share: routes, refusals, and how much they answer. Nothing of the product."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from tests.vendors.application import Answer, Request, Vendor

Record = dict[str, Any]


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
        return tuple(map(unquote, found.groups())) if found else None


class StandIn(Vendor):
    """Answers as a vendor would; subclasses say how. `answered` holds the status codes."""

    def __init__(self) -> None:
        super().__init__()
        self.answered: list[int] = []
        self.remaining: int | None = None
        self.routes: list[Route] = []
        self.file_host = ""
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

    async def respond(self, request: Request) -> Answer:
        """Answer one request, and note the status."""
        answer = self._answered(request)
        self.answered.append(answer.status)
        return replace(answer, body=self._addressed(answer.body))

    def _addressed(self, body: Any) -> Any:
        """Fill the addresses of files in: {own} is this host, {files} where files are, {now} differs each time."""
        if not isinstance(body, dict | list):
            return body
        text = json.dumps(body).replace("{own}", self.address).replace("{files}", self.file_host)
        return json.loads(text.replace("{now}", str(len(self.received))))

    def _answered(self, request: Request) -> Answer:
        try:
            for route in self.routes:
                ids = route.ids(request) if route.method == request.method else None
                if ids is not None:
                    self.check(request, route)
                    return self.finish(request, route.handler(replace(request, ids=ids)))
            self.check(request, None)
            return self.finish(request, self.not_found(request))
        except Refusal as refusal:
            return self.finish(request, refusal.answer)


def unknown(given: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the names that are not known, each once, in their order."""
    return [name for name in dict.fromkeys(given) if name not in set(known)]
