"""DATABASE_URL: nothing of it is lost, nothing unknown is accepted, and nobody waits without end."""

from urllib.parse import quote, urlencode

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st
from psycopg import pq

from config.addresses.database import database_settings
from config.addresses.database_parts import DatabaseLimits
from config.addresses.postgresql import DJANGO_NAMES, TAKEN

LIMITS = DatabaseLimits(connect=3, silence=10)
SERVER = "postgresql://robot:p%40ss@db.example.com:5433/patchbay"
OPTIONS = sorted({each.keyword.decode() for each in pq.Conninfo.get_defaults()} - TAKEN - DJANGO_NAMES.keys())


@given(st.dictionaries(st.sampled_from(OPTIONS), st.text("abc019 =-_/.", min_size=1)))
def test_every_option_of_the_url_reaches_the_driver(options: dict[str, str]) -> None:
    read = database_settings(f"{SERVER}?{urlencode(options, quote_via=quote)}", LIMITS)
    assert options.items() <= read["OPTIONS"].items()
    assert [read[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        "patchbay", "robot", "p@ss", "db.example.com", "5433",
    ]  # fmt: skip


def test_what_the_url_leaves_open_has_a_limit() -> None:
    options = database_settings(SERVER, LIMITS)["OPTIONS"]
    assert (options["connect_timeout"], options["tcp_user_timeout"]) == ("3", "10000")
    assert (options["keepalives"], options["keepalives_idle"]) == ("1", "10")
    assert database_settings(f"{SERVER}?connect_timeout=9", LIMITS)["OPTIONS"]["connect_timeout"] == "9"


def test_several_hosts_are_tried_in_turn() -> None:
    url = "postgresql://robot@one.example.com:5432,two.example.com:5433/patchbay?target_session_attrs=read-write"
    read = database_settings(url, LIMITS)
    assert (read["HOST"], read["PORT"]) == ("one.example.com,two.example.com", "5432,5433")
    assert read["OPTIONS"]["target_session_attrs"] == "read-write"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "pgsql"])
def test_every_usual_name_of_the_scheme_is_known(scheme: str) -> None:
    assert database_settings(f"{scheme}://h/d", LIMITS)["NAME"] == "d"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"{SERVER}?sslmod=require", "unknown option sslmod"),
        (f"{SERVER}?sslmode=require&pool=1&x=", "unknown options pool, x"),
        (f"{SERVER}?client_encoding=latin1", "client_encoding"),
        ("postgresql://robot:p%40ss@h", "names no database"),
        ("postgresql://robot:p%40ss@h:port:5/d", "cannot be read"),
        ("postgresql://robot:p%zzss@h/d", "cannot be read"),
        ("mysql://robot:p%40ss@h/d", "cannot be read"),
        ("p%40ss", "cannot be read"),
        ("sqlite:////tmp/x?timeout=5", "SQLite takes none"),
    ],
)
def test_what_cannot_be_obeyed_stops_the_start_by_name_and_without_the_password(url: str, words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as refused:
        database_settings(url, LIMITS)
    assert words in str(refused.value)
    assert "p@ss" not in str(refused.value)
    assert "p%40ss" not in str(refused.value)


def test_a_file_is_sqlite() -> None:
    read = database_settings("sqlite:////data/patchbay.sqlite3", LIMITS)
    assert (read["NAME"], read["OPTIONS"]["transaction_mode"]) == ("/data/patchbay.sqlite3", "IMMEDIATE")
