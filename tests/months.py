"""The record of calls by months, as tests look at it: PostgreSQL only."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
import pytest
import time_machine
from django.db import connection

from tools.record import months
from tools.tasks import make_months

READ = re.compile(r"\bon (tools_call_\w+)")


def require_postgresql() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL, since SQLite keeps one table: run make test-services")


def drop_all() -> None:
    """Drop every partition of a month, so that all calls go into the default one."""
    with connection.cursor() as cursor:
        for month in months.partitions():
            cursor.execute(f"DROP TABLE {month.table}")


def make_at(moment: datetime) -> int:
    """Make the partitions that a worker makes at a time; return how many."""
    with time_machine.travel(moment, tick=False):
        return make_months()


def partitions() -> list[str]:
    return [str(month) for month in months.partitions()]


def places() -> dict[str, str]:
    """Return the partition of each call, by its tool."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tool, tableoid::regclass::text FROM tools_call")
        return dict(cursor.fetchall())


def read_by(statement: str, values: Any = None) -> set[str]:
    """Return the partitions that a statement reads or changes, by its plan."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    return set(READ.findall(plan))


@contextmanager
def beside() -> Iterator[psycopg.Connection]:
    """Connect as another process does; what the block leaves open is rolled back."""
    settings = connection.settings_dict
    names = {"dbname": "NAME", "host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    other = psycopg.connect(**{name: settings[key] for name, key in names.items() if settings[key]})
    try:
        yield other
    finally:
        other.close()
