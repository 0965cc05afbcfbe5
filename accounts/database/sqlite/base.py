"""The engine: Django's own, but each lane waits for the write lock only as long as it may."""

import sqlite3
from typing import Any

from django.db.backends.sqlite3 import base

from accounts.database.commits import NotedCommits
from accounts.database.lanes import Lane, current_lane, limits_of
from accounts.database.outages import READERS
from accounts.database.sqlite.outages import outage_of_sqlite

READERS[sqlite3.OperationalError] = outage_of_sqlite


class DatabaseWrapper(NotedCommits, base.DatabaseWrapper):
    """The connection of one thread."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return what the driver takes, with the time that this lane waits for the write lock."""
        parameters: dict[str, Any] = super().get_connection_params()
        if seconds := limits_of(current_lane()).lock:
            parameters["timeout"] = seconds
        return parameters

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open the file; an intent must survive a power cut, so its lane waits for the disk."""
        connection = super().get_new_connection(conn_params)
        if current_lane() is Lane.INTENT:
            # SQLite, PRAGMA synchronous: in WAL mode, NORMAL may lose the newest transactions in a power cut.
            connection.execute("PRAGMA synchronous = FULL")
        return connection
