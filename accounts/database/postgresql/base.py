"""The engine: Django's own, but connections come from the pool of the thread's lane, and nobody waits without end."""

import re
import time
from typing import Any, ClassVar

import psycopg
from django.conf import settings
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool, PoolTimeout

from accounts.database.circuit import TRIAL_SECONDS, circuit
from accounts.database.commits import NotedCommits
from accounts.database.lanes import Lane, current_lane, limits_of
from accounts.database.outages import READERS
from accounts.database.postgresql.connections import RESERVE_SECONDS, ImpatientConnection, check_alive
from accounts.database.postgresql.outages import outage_of_postgresql
from accounts.errors import DatabaseBusy
from accounts.notices import Notice, Troubles

# A wait for a connection is looked after this often: the circuit may have found out why it lasts.
LOOK_SECONDS = 0.25
# How long a request waits for one of its lane's connections, if the database does answer others.
TURN_SECONDS = 5.0

# The server's words; a failure to connect carries no code.
FULL = re.compile(r"too many clients|too many connections|connection slots")

NO_ROOM = "PostgreSQL has no connection left for this process, which needs more: raise its limit, or end other clients."
_fullness = Troubles(Notice.CONNECTIONS_USED_UP)

Pool = ConnectionPool[ImpatientConnection]

READERS[psycopg.Error] = outage_of_postgresql


class DatabaseWrapper(NotedCommits, base.DatabaseWrapper):
    """The connection of one thread."""

    _lane_pools: ClassVar[dict[tuple[str, Lane], Pool]] = {}

    @property
    def pool(self) -> Pool | None:
        """The pool of the thread's lane."""
        lane = current_lane()
        if self.alias == NO_DB_ALIAS:
            return None
        found = self._lane_pools.get((self.alias, lane))
        # setdefault, since threads may get here at once; a pool that was not opened costs nothing.
        return found or self._lane_pools.setdefault((self.alias, lane), self._new_pool(lane))

    def _new_pool(self, lane: Lane) -> Pool:
        parameters = self.get_connection_params()
        return ConnectionPool(
            connection_class=ImpatientConnection,
            kwargs={**parameters, "autocommit": True},
            min_size=1,
            max_size=limits_of(lane).connections,
            open=False,
            configure=self._configure_connection,  # type: ignore[attr-defined]  # not in the stubs
            check=check_alive,
            timeout=TURN_SECONDS,
            # The pool backs off between attempts to connect, and starts over after this time.
            reconnect_timeout=5,
            name=lane.name.lower(),
        )

    def settle_constraints(self) -> None:
        """Check foreign keys, for which the commit would lock the rows that they name."""
        self.check_constraints()

    def close_pool(self) -> None:
        """Close the pools of every lane."""
        for key in [key for key in self._lane_pools if key[0] == self.alias]:
            self._lane_pools.pop(key).close()

    def get_connection_params(self) -> dict[str, Any]:
        """Return what the driver takes, with the limits of the thread's lane."""
        parameters: dict[str, Any] = super().get_connection_params()
        limits = limits_of(current_lane()).startup_options
        # Poolers that hand a server's connection from client to client know no startup options.
        if limits and settings.DATABASE_SESSION_LIMITS:
            # The last one counts, so options of the URL have precedence.
            parameters["options"] = f"{limits} {parameters.get('options', '')}".strip()
        return parameters

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection that works; raise DatabaseAway or DatabaseBusy if there is none in time."""
        self.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        pool = self.pool
        if pool is None:
            return ImpatientConnection.connect(**conn_params)
        pool.open()
        connection = self._from(pool)
        limit = limits_of(current_lane()).statement
        connection.patience = limit + RESERVE_SECONDS if limit else None
        connection.on_silence = self._suspect
        return connection

    def _from(self, pool: Pool) -> ImpatientConnection:
        deadline = time.monotonic() + TURN_SECONDS
        while True:
            circuit.check()
            try:
                return pool.getconn(timeout=LOOK_SECONDS)
            except PoolTimeout:
                self._suspect()
            if time.monotonic() > deadline:
                raise DatabaseBusy(2)

    def _suspect(self) -> None:
        circuit.suspect(self._try, self._recover)

    def _try(self) -> None:
        """Connect beside the pools, and ask the database something."""
        parameters = {**self.get_connection_params(), "connect_timeout": int(TRIAL_SECONDS)}
        try:
            with ImpatientConnection.connect(**parameters) as connection:
                connection.patience = TRIAL_SECONDS
                connection.execute("SELECT 1")
        except psycopg.OperationalError as problem:
            # A server without room for one more connection does serve those that there are.
            if not FULL.search(str(problem)):
                raise
            _fullness.happened(None, NO_ROOM, {})

    def _recover(self) -> None:
        """Replace the connections of the time before, each of which would have to be found silent first."""
        for pool in list(self._lane_pools.values()):
            pool.drain()
