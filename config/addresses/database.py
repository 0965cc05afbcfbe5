"""DATABASES, from DATABASE_URL: every option of the URL is kept, and what it leaves open gets a limit."""

from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from config.addresses.database_parts import TAKES, DatabaseLimits

POSTGRESQL = frozenset({"postgresql", "postgres", "pgsql"})


def database_settings(url: str, limits: DatabaseLimits) -> dict[str, Any]:
    """Return Django's settings of the database; raise ImproperlyConfigured with a sentence about an invalid URL."""
    scheme = url.partition(":")[0]
    if scheme in POSTGRESQL:
        # Its driver takes 11 MB of a process, which the embedded default does not spend.
        from config.addresses.postgresql import postgresql_settings  # noqa: PLC0415

        return postgresql_settings(url, limits)
    if scheme == "sqlite":
        return _sqlite(url)
    raise ImproperlyConfigured(TAKES)


def _sqlite(url: str) -> dict[str, Any]:
    if "?" in url:
        raise ImproperlyConfigured(
            "DATABASE_URL has options, but SQLite takes none: it is sqlite:////path/of/the/file."
        )
    try:
        read = dj_database_url.parse(url, conn_max_age=None)
    except ValueError:
        raise ImproperlyConfigured(TAKES) from None
    return {
        **read,
        "ENGINE": "accounts.database.sqlite",
        "OPTIONS": {
            # Take the write lock at once: SQLite refuses to upgrade a read transaction behind another writer.
            "transaction_mode": "IMMEDIATE",
            # That of commands and tasks; requests have limits of their own.
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
