"""A vendor that keeps every byte which reaches it, and answers as a help desk with an authorization server does."""

import asyncio
import itertools
import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from tests.vendors.sockets import Conversation, SocketVendor, in_thread, length_of, listening

_numbers = itertools.count(1)


@dataclass
class RecordingVendor(SocketVendor):
    """One address. `connections` counts who came, be it without a word; `issued` holds the tokens that it gave.

    `hold` has an answer to a request for a token wait until it is set; `asked` is set once there is one.
    """

    received: bytearray = field(default_factory=bytearray)
    issued: list[str] = field(default_factory=list)
    hold: threading.Event | None = None
    asked: threading.Event = field(default_factory=threading.Event)
    on_issue: Callable[[str], None] | None = None

    def got(self, text: str) -> bool:
        """Tell whether a text has reached this vendor."""
        return text.encode() in bytes(self.received)

    def forget(self) -> None:
        """Begin a new record."""
        self.connections = 0
        self.received.clear()

    async def talk(self, conversation: Conversation) -> None:
        """Keep a request, whole or not, and answer it."""
        data = b""
        while not _is_whole(data):
            more = await conversation.reader.read(65536)
            if not more:
                return
            data += more
            self.received += more
        await conversation.write(await asyncio.to_thread(self._answer, data))

    def _answer(self, request: bytes) -> bytes:
        content = json.dumps(self._token() if b"/token" in request.split(b"\r\n")[0] else {"scopes": ["all"]}).encode()
        return (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(content), content)
        )

    def _token(self) -> dict[str, object]:
        self.asked.set()
        if self.hold is not None:
            assert self.hold.wait(10)
        token = f"token-{next(_numbers)}-end"
        self.issued.append(token)
        if self.on_issue:
            self.on_issue(token)
        return {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "refresh_token": f"r-{token}"}


def _is_whole(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    return bool(end) and len(body) >= length_of(head)


def recording_vendor() -> AbstractContextManager[RecordingVendor]:
    """Serve such a vendor from a thread for as long as the block lasts."""
    return in_thread(listening(RecordingVendor()))
