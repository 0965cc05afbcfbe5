"""A PostgreSQL URL, read by PostgreSQL's own client library, so that whatever psql accepts works here.

That includes several hosts, `sslmode`, `target_session_attrs` and `options=-c …`.
"""

import re
from typing import Any
from urllib.parse import parse_qsl

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError, pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from config.addresses.database_parts import TAKES, DatabaseLimits
from config.addresses.options import is_option_name

# The client library's names, and Django's for what it keeps apart.
DJANGO_NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
# Set by Django itself.
TAKEN = frozenset({"client_encoding", "replication", "service"})
WHOLE = re.compile(r"[0-9]{1,9}")
# What libpq and its Python binding read only while they connect, where a wrong value would pass for an outage.
WHOLE_NUMBERS = (
    "connect_timeout", "tcp_user_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count",
)  # fmt: skip
# A folder of sockets in which there is none.
NOWHERE = "/dev/null"


def postgresql_settings(url: str, limits: DatabaseLimits) -> dict[str, Any]:
    """Return Django's settings of the database; raise ImproperlyConfigured with a sentence about an invalid URL."""
    _check_names(_query(url))
    try:
        given = {name: str(value) for name, value in conninfo_to_dict(_known_scheme(url)).items() if value is not None}
    except ProgrammingError:  # its text may quote the password
        raise ImproperlyConfigured(TAKES) from None
    if not all(port.isdigit() for port in given.get("port", "5432").split(",") if port):
        raise ImproperlyConfigured(TAKES)
    if not given.get("dbname"):
        raise ImproperlyConfigured("DATABASE_URL names no database: add /name after the host.")
    _check_values(given)
    of_django = {DJANGO_NAMES[name]: given.pop(name) for name in DJANGO_NAMES if name in given}
    return {
        "ENGINE": "accounts.database.postgresql",
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        **dict.fromkeys(DJANGO_NAMES.values(), ""),
        **of_django,
        "OPTIONS": {**_defaults(limits), **given},
    }


def _defaults(limits: DatabaseLimits) -> dict[str, str]:
    """Return libpq's parameters that end a wait for a peer that sends nothing."""
    return {
        "application_name": "patchbay",
        "connect_timeout": str(limits.connect),
        "tcp_user_timeout": str(limits.silence * 1000),
        "keepalives": "1",
        "keepalives_idle": str(limits.silence),
        "keepalives_interval": str(max(1, limits.silence // 3)),
        "keepalives_count": "3",
    }


def _known_scheme(url: str) -> str:
    # libpq itself knows only the two long names.
    return f"postgresql:{url.partition(':')[2]}"


def _query(url: str) -> str:
    """Return the options where libpq finds them: its user and password may contain any character but a slash and @."""
    rest = url.partition("://")[2]
    if "@" in rest.partition("/")[0]:
        rest = rest.partition("@")[2]
    return rest.partition("?")[2]


def _check_values(given: dict[str, str]) -> None:
    """Refuse values that would fail at every attempt to connect, and so pass for a database that is away."""
    for name in WHOLE_NUMBERS:
        if not WHOLE.fullmatch(given.get(name, "0")):
            raise ImproperlyConfigured(f"DATABASE_URL has {name}={given[name][:40]!r}, but it takes a whole number.")
    host = ",".join(NOWHERE for _ in given.get("host", "").split(","))
    attempt = pq.PGconn.connect_start(make_conninfo("", **{**given, "host": host, "hostaddr": ""}).encode())
    said = attempt.get_error_message().strip()
    attempt.finish()
    # It names the folder if it has come as far as to look there.
    if NOWHERE not in said:
        raise ImproperlyConfigured(f"DATABASE_URL has a value that PostgreSQL's libpq does not take: {said}.")


def _check_names(query: str) -> None:
    """Refuse options that the client library would not understand, or that would break Django's use of it."""
    known = {each.keyword.decode() for each in pq.Conninfo.get_defaults()} | {"ssl"}
    named = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    unknown = [name for name in named if name not in known]
    if unknown and not all(map(is_option_name, unknown)):
        raise ImproperlyConfigured(TAKES)
    if unknown:
        raise ImproperlyConfigured(
            f"DATABASE_URL has the unknown {_options(unknown)}. It takes the connection parameters of PostgreSQL's "
            "libpq, such as sslmode, sslrootcert and target_session_attrs; server settings go into options=-c … "
            "(percent-encoded)."
        )
    if taken := [name for name in named if name in TAKEN]:
        raise ImproperlyConfigured(f"DATABASE_URL has the {_options(taken)}, which Patchbay sets itself: remove it.")


def _options(names: list[str]) -> str:
    return f"option{'s' if len(names) > 1 else ''} {', '.join(names)}"
