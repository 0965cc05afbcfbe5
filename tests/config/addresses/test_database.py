"""DATABASE_URL: nothing of it is lost, nothing unknown is accepted, and nobody waits without end."""

from urllib.parse import quote, urlencode

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st
from psycopg import pq

from config.addresses.database import database_settings
from config.addresses.database_parts import DatabaseLimits
from config.addresses.postgresql import DJANGO_NAMES, TAKEN, WHOLE_NUMBERS

LIMITS = DatabaseLimits(connect=3, silence=10)
SERVER = "postgresql://robot:p%40ss@db.example.com:5433/patchbay"
OPTIONS = sorted({each.keyword.decode() for each in pq.Conninfo.get_defaults()} - TAKEN - DJANGO_NAMES.keys())
# A value of each option of which libpq knows the values.
VALUES = {
    **dict.fromkeys(WHOLE_NUMBERS, "7"),
    "channel_binding": "prefer",
    "gssencmode": "disable",
    "hostaddr": "192.0.2.7",
    "load_balance_hosts": "random",
    "max_protocol_version": "3.2",
    "min_protocol_version": "3.0",
    "require_auth": "scram-sha-256",
    "scram_client_key": "A" * 43 + "=",
    "scram_server_key": "A" * 43 + "=",
    "ssl_max_protocol_version": "TLSv1.3",
    "ssl_min_protocol_version": "TLSv1.2",
    "sslcertmode": "allow",
    "sslmode": "verify-full",
    "sslnegotiation": "postgres",
    "target_session_attrs": "read-write",
}
USES = st.sampled_from(OPTIONS).flatmap(
    lambda name: st.tuples(
        st.just(name), st.just(VALUES[name]) if name in VALUES else st.text("abc019 =-_/.", min_size=1)
    )
)


@given(st.lists(USES).map(dict))
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
        ("sqlite://robot:p[p%40ss@h/d", "cannot be read"),
        ("postgresql://[::1/d", "cannot be read"),
        (f"{SERVER}?sslmode=bogus", 'invalid sslmode value: "bogus"'),
        (f"{SERVER}?target_session_attrs=bogus", "invalid target_session_attrs value"),
        (f"{SERVER}?ssl_min_protocol_version=9", "ssl_min_protocol_version"),
        (f"{SERVER}?connect_timeout=abc", "connect_timeout='abc', but it takes a whole number"),
        (f"{SERVER}?connect_timeout=-1", "connect_timeout='-1', but it takes a whole number"),
        (f"{SERVER}?keepalives_idle=²", "keepalives_idle='²', but it takes a whole number"),
        ("postgresql://h:99999/d", "invalid port number"),
        ("postgresql://h:1,i:2,j:3/d?host=h", "match 3 port numbers to 1 hosts"),
    ],
)
def test_what_cannot_be_obeyed_stops_the_start_by_name_and_without_the_password(url: str, words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as refused:
        database_settings(url, LIMITS)
    assert words in str(refused.value)
    assert "p@ss" not in str(refused.value)
    assert "p%40ss" not in str(refused.value)


@pytest.mark.parametrize(
    "password", ["S3cret?RestOfPassword", "p[w", "p]w", "p?sslmode=bogus", "a=b&c", "p#w", "p?q#r?"]
)
def test_a_password_may_have_the_characters_that_libpq_takes_in_it(password: str) -> None:
    read = database_settings(f"postgresql://patchbay:{password}@db/patchbay?sslmode=require", LIMITS)
    assert (read["PASSWORD"], read["HOST"], read["NAME"]) == (password, "db", "patchbay")
    assert read["OPTIONS"]["sslmode"] == "require"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://patchbay:12/S3cret?RestOfPassword@db/patchbay",
        "postgresql://patchbay:12/S3cret?rest@db/patchbay",
        "postgresql://patchbay:12/x?S3cret=rest@db/patchbay",
        "postgresql:patchbay:12?S3cret@db/patchbay",
        "sqlite://patchbay:12?S3cret@db/patchbay",
    ],
)
def test_nothing_of_a_password_that_passes_for_an_option_is_told(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as refused:
        database_settings(url, LIMITS)
    assert "S3cret" not in str(refused.value)
    assert "rest" not in str(refused.value).lower()


def test_a_file_is_sqlite() -> None:
    read = database_settings("sqlite:////data/patchbay.sqlite3", LIMITS)
    assert (read["NAME"], read["OPTIONS"]["transaction_mode"]) == ("/data/patchbay.sqlite3", "IMMEDIATE")
