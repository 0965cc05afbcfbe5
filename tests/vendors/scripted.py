"""A vendor that answers what a test tells it."""

import asyncio
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.vendors.application import Answer, Request, Vendor


@dataclass
class ScriptedVendor(Vendor):
    """Answers with `status`, `headers` and `body`, or with what `answer` makes of a request, in a thread of its own."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    answer: Callable[[Request], Answer] | None = None

    async def respond(self, request: Request) -> Answer:
        """Do as the script says."""
        if self.answer:
            return await asyncio.to_thread(self.answer, request)
        return Answer(self.status, self.body, self.headers, "application/json")


def gzipped(content: bytes) -> bytes:
    """Return the content as gzip."""
    press = zlib.compressobj(wbits=31)
    return press.compress(content) + press.flush()
