"""Faults of a database: a way to it that goes silent, refuses or is slow, and a lock that somebody else holds."""

import selectors
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

import psycopg
from django.db import connection

from accounts.database.circuit import circuit

PIECE = 64 * 1024


class Fault(Enum):
    """What the way does with bytes and with new connections."""

    NONE = auto()
    SILENT = auto()  # takes everything, passes nothing on: what the kernel acknowledges, nobody answers
    REFUSING = auto()  # ends every connection


@dataclass
class FaultyWay:
    """A TCP proxy before a server. `slow_seconds` is how long each piece is held."""

    target: tuple[str, int]
    fault: Fault = Fault.NONE
    slow_seconds: float = 0.0
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _open: set[socket.socket] = field(default_factory=set)
    _never: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def be(self, fault: Fault) -> None:
        """Show a fault from now on; connections from before a recovery are ended, as after a failover."""
        was, self.fault = self.fault, fault
        if fault is Fault.REFUSING or was is Fault.SILENT:
            self._end_all()

    def close(self) -> None:
        """End everything."""
        self.fault = Fault.REFUSING
        self._listener.close()
        self._end_all()

    def _end_all(self) -> None:
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.fault is Fault.REFUSING:
                client.close()
                continue
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self.target)
        except OSError:
            client.close()
            return
        self._open |= {client, server}
        with client, server, suppress(OSError), selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while self._pass_on(selector):
                pass
        self._open -= {client, server}

    def _pass_on(self, selector: selectors.BaseSelector) -> bool:
        for key, _ in selector.select():
            source = key.fileobj
            assert isinstance(source, socket.socket)
            piece = source.recv(PIECE)
            if not piece:
                return False
            if self.slow_seconds:
                self._never.wait(self.slow_seconds)
            if self.fault is Fault.NONE:
                key.data.sendall(piece)
        return True


@contextmanager
def faulty_way(host: str, port: int) -> Iterator[FaultyWay]:
    """Serve a way to a server for as long as the block lasts."""
    way = FaultyWay((host, port))
    try:
        yield way
    finally:
        way.close()


@contextmanager
def locked(table: str) -> Iterator[None]:
    """Hold what a write to a table needs, from a connection beside the product's, as a migration would."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        with held_write_lock(Path(settings["NAME"])):
            yield
        return
    names = {"dbname": "NAME", "host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    with psycopg.connect(**{name: settings[key] for name, key in names.items() if settings[key]}) as other:
        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


@contextmanager
def impatient() -> Iterator[None]:
    """Let this thread's connection wait for no lock, as one of a web process does not for long."""
    begin, end = ("PRAGMA busy_timeout = 1", "PRAGMA busy_timeout = 20000")
    if connection.vendor == "postgresql":
        begin, end = "SET lock_timeout = '1ms'", "RESET lock_timeout"
    with connection.cursor() as cursor:
        cursor.execute(begin)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(end)


@contextmanager
def database_away() -> Iterator[None]:
    """Let the process find its database away, for as long as the block lasts."""
    tried, answers = threading.Semaphore(0), threading.Event()

    def trial() -> None:
        tried.release()
        if not answers.is_set():
            raise ConnectionError

    circuit.suspect(trial)
    trying = next(thread for thread in threading.enumerate() if thread.name == "database-circuit")
    # The second trial begins once the first has failed.
    assert all(tried.acquire(timeout=10) for _ in range(2))
    try:
        yield
    finally:
        answers.set()
        trying.join(10)


@contextmanager
def held_write_lock(path: Path) -> Iterator[None]:
    """Hold the write lock of an SQLite file, as another process would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
