"""Vendors that write the very bytes they are told to: what no server library would send."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

Script = Callable[["Conversation"], Awaitable[None]]
Kind = TypeVar("Kind", bound="SocketVendor")
Served = TypeVar("Served")


@dataclass
class Conversation:
    """One connection, in which the script reads requests and writes what it likes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int

    async def request(self) -> bytes:
        """Read a request's head, and its body as far as Content-Length goes."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        return head + await self.reader.readexactly(length_of(head))

    async def write(self, *pieces: bytes) -> None:
        """Write, each piece by itself."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()


def length_of(head: bytes) -> int:
    """Return the length of the body that a head announces."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def silent(conversation: Conversation) -> None:
    """Read whatever comes, and never answer."""
    while await conversation.reader.read(65536):
        pass


@dataclass
class SocketVendor:
    """Runs a script in each connection, and counts the connections; subclasses say in `talk` what they do."""

    most_head: ClassVar[int] = 2**16
    script: Script = silent
    address: str = ""
    connections: int = 0
    under_way: dict[asyncio.Task[None], Conversation] = field(default_factory=dict)

    async def talk(self, conversation: Conversation) -> None:
        """Hold one conversation."""
        await self.script(conversation)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one conversation, and close."""
        self.connections += 1
        conversation = Conversation(reader, writer, self.connections)
        task = asyncio.current_task()
        assert task is not None
        self.under_way[task] = conversation
        try:
            await self.talk(conversation)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()
            del self.under_way[task]


@asynccontextmanager
async def listening(vendor: Kind, *, port: int = 0, tls: ssl.SSLContext | None = None) -> AsyncIterator[Kind]:
    """Serve a vendor in this event loop, at a port of this machine, for as long as the block lasts."""
    server = await asyncio.start_server(vendor.serve, "127.0.0.1", port, ssl=tls, limit=vendor.most_head)
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


@contextmanager
def in_thread(serving: AbstractAsyncContextManager[Served]) -> Iterator[Served]:
    """Serve from a thread, for tests that have no event loop of their own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(serving.__aenter__(), loop).result(10)
    finally:
        asyncio.run_coroutine_threadsafe(serving.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def socket_vendor(
    script: Script, *, port: int = 0, tls: ssl.SSLContext | None = None
) -> AbstractAsyncContextManager[SocketVendor]:
    """Serve a script in this event loop for as long as the block lasts."""
    return listening(SocketVendor(script), port=port, tls=tls)


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
