"""A way to a vendor by TLS, whose certificate and manners a test chooses."""

import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

PIECE = 64 * 1024


class Manners(Enum):
    """What becomes of a connection."""

    SERVING = auto()
    NEVER_SHAKING_HANDS = auto()  # takes the connection, and says nothing
    CLOSING = auto()
    PLAIN = auto()  # speaks HTTP at a port where TLS is expected


@dataclass
class TlsVendor:
    """Passes each request on to a vendor without TLS, and closes after its answer."""

    target: tuple[str, int]
    certificate: Path
    manners: Manners = Manners.SERVING
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _held: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"https://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """End everything."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for each in (self._listener, *self._held):
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self.manners is Manners.NEVER_SHAKING_HANDS:
            self._held.append(client)
            return
        with client, suppress(OSError):
            if self.manners is Manners.PLAIN:
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            if self.manners is Manners.SERVING:
                self._pass_on(client)

    def _pass_on(self, client: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        with context.wrap_socket(client, server_side=True) as shaken, socket.create_connection(self.target) as vendor:
            # A request of these tests fits into one piece.
            vendor.sendall(shaken.recv(PIECE).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
            while piece := vendor.recv(PIECE):
                shaken.sendall(piece)
