"""An empty database beside the one of the tests, on the PostgreSQL of DATABASE_URL."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from django.db import connection
from psycopg import sql


def url_of(name: str) -> str:
    """Return the address of a database of the server that the tests use."""
    given = connection.settings_dict
    password = f":{given['PASSWORD']}" if given["PASSWORD"] else ""
    return f"postgresql://{given['USER']}{password}@{given['HOST'] or '127.0.0.1'}:{given['PORT'] or 5432}/{name}"


@pytest.fixture
def scratch() -> Iterator[str]:
    """An empty database."""
    if connection.vendor != "postgresql":
        pytest.skip("these tests are for PostgreSQL: set DATABASE_URL, or run make test-services")
    name = f"scratch_{uuid4().hex}"
    with psycopg.connect(url_of("postgres"), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield url_of(name)
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
