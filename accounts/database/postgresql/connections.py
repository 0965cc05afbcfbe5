"""Connections that stop waiting for a server that has gone silent.

The server's own limits do not help there, and the kernel's apply only while nothing acknowledges what was sent: behind
a proxy, or on a machine that hangs, something still does.
"""

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.abc import PQGen

# How much longer than its limit on the server a statement may take to be answered.
RESERVE_SECONDS = 1.0
# How long each step of setting up a new connection may take.
SETTING_UP_SECONDS = 5.0
# How long a connection that was idle may take to show that it still works.
CHECK_SECONDS = 1.0


class ServerSilent(psycopg.OperationalError):
    """The server has not answered in time; the connection is closed."""


class ImpatientConnection(psycopg.Connection[Any]):
    """A connection with a limit on the wait for each answer, in seconds; None waits for ever.

    `on_silence` is called when an answer has not come in time.
    """

    patience: float | None = SETTING_UP_SECONDS
    on_silence: Callable[[], None] | None = None

    def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for an answer; close the connection and raise ServerSilent if none comes."""
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except errors._WaitTimeout:
            # What the server is doing is unknown, so nobody else may use the connection.
            self.pgconn.finish()
            if self.on_silence is not None:
                self.on_silence()
            raise ServerSilent("the server has not answered in time") from None


def check_alive(connection: ImpatientConnection) -> None:
    """Raise unless a connection still works, which must show soon."""
    patience, connection.patience = connection.patience, CHECK_SECONDS
    try:
        connection.execute(sql.SQL(""))
    finally:
        connection.patience = patience
