"""A vendor that keeps every byte which reaches it, and answers as a help desk with an authorization server does."""

import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_numbers = itertools.count(1)


@dataclass
class RecordingVendor:
    """One address. `connections` counts who came, be it without a word; `issued` holds the tokens that it gave.

    `hold` has an answer to a request for a token wait until it is set; `asked` is set once there is one.
    """

    address: str = ""
    connections: int = 0
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

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=[connection], daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            data = b""
            while b"\r\n\r\n" not in data:
                more = connection.recv(65536)
                if not more:
                    return
                data += more
                self.received += more
            head, _, body = data.partition(b"\r\n\r\n")
            while len(body) < _length(head):
                more = connection.recv(65536)
                body += more
                self.received += more
            connection.sendall(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        content = json.dumps(self._token() if b"/token" in head.split(b"\r\n")[0] else {"scopes": ["all"]}).encode()
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


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


@contextmanager
def recording_vendor() -> Iterator[RecordingVendor]:
    """Serve a vendor at a port of this machine for as long as the block lasts."""
    vendor = RecordingVendor()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        vendor.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=vendor.serve, args=[listener], daemon=True)
        thread.start()
        yield vendor
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)
