"""A vendor that writes the very bytes a test gives it: what no server library would send."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Script = Callable[["Conversation"], Awaitable[None]]


@dataclass
class Conversation:
    """One connection, in which the script reads requests and writes what it likes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int

    async def request(self) -> bytes:
        """Read a request's head, and its body as far as Content-Length goes."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
        return head + (await self.reader.readexactly(int(length[0])) if length else b"")

    async def write(self, *pieces: bytes) -> None:
        """Write, each piece by itself."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()


@dataclass
class SocketVendor:
    """Runs a script in each connection, and counts the connections."""

    script: Script
    address: str = ""
    connections: int = 0
    under_way: dict[asyncio.Task[None], Conversation] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one conversation, and close."""
        self.connections += 1
        conversation = Conversation(reader, writer, self.connections)
        task = asyncio.current_task()
        assert task is not None
        self.under_way[task] = conversation
        try:
            await self.script(conversation)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()
            del self.under_way[task]


@asynccontextmanager
async def socket_vendor(
    script: Script, *, port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[SocketVendor]:
    """Serve a script at a port of this machine for as long as the block lasts."""
    vendor = SocketVendor(script)
    server = await asyncio.start_server(vendor.serve, "127.0.0.1", port, ssl=tls)
    host, port = server.sockets[0].getsockname()
    vendor.address = f"{'https' if tls else 'http'}://{host}:{port}"
    try:
        yield vendor
    finally:
        server.close()
        tasks = list(vendor.under_way)
        for conversation in list(vendor.under_way.values()):
            conversation.writer.transport.abort()
        if tasks:
            await asyncio.wait(tasks)


def answering(*pieces: bytes) -> Script:
    """Return a script that answers every request with these pieces, and keeps the connection."""

    async def script(conversation: Conversation) -> None:
        while True:
            await conversation.request()
            await conversation.write(*pieces)

    return script


def closing(*pieces: bytes) -> Script:
    """Return a script that answers one request with these pieces, and closes."""

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.write(*pieces)

    return script


async def silent(conversation: Conversation) -> None:
    """Read whatever comes, and never answer."""
    while await conversation.reader.read(65536):
        pass
