"""A log line of an outage is short: what it would repeat for each request is told elsewhere, once a second."""

import logging
import socket
import sys

import pytest
from django.db import OperationalError
from redis.exceptions import ConnectionError as RedisAway

from accounts.errors import DatabaseAway
from config.monitoring.logs import RedactTokens, ShortenOutages


def record_of(error: Exception, name: str = "celery.app.trace", **extra: object) -> logging.LogRecord:
    try:
        raise error
    except Exception:
        made = logging.LogRecord(name, logging.ERROR, "x.py", 1, "Task %s failed", ("prune",), sys.exc_info())
    made.__dict__.update(extra)
    return made


def test_the_traceback_of_an_outage_is_left_out() -> None:
    record = record_of(DatabaseAway(2))
    assert ShortenOutages().filter(record)
    assert record.getMessage() == "Task prune failed (DatabaseAway)"
    assert record.exc_info is None


def test_the_traceback_of_a_fault_stays() -> None:
    record = record_of(OperationalError("no such table: tools_call"))
    assert ShortenOutages().filter(record)
    assert record.exc_info


@pytest.mark.parametrize(("status", "kept"), [(503, False), (500, True), (404, True)])
def test_a_request_that_was_refused_has_no_line_of_its_own(status: int, kept: bool) -> None:
    record = record_of(ValueError(), "django.request", status_code=status)
    assert ShortenOutages().filter(record) is kept


@pytest.mark.parametrize("args", [("pbmcp_0123456789",), ({"token": "pbmcp_0123456789"},)], ids=["one", "a dict"])
def test_a_line_whose_arguments_do_not_fit_fails_nothing_and_is_redacted(args: tuple[object, ...]) -> None:
    record = logging.LogRecord("library", logging.ERROR, "x.py", 1, "%(missing)s of %d", args, None)
    for each in (ShortenOutages(), RedactTokens()):
        assert each.filter(record)
    assert record.getMessage().startswith("%(missing)s of %d")
    assert "0123456789" not in record.getMessage()


@pytest.mark.parametrize(
    ("name", "problem", "kept"),
    [
        ("channels_redis.pubsub", RedisAway(), False),
        ("channels_redis.pubsub", ValueError(), True),
        ("asyncio", socket.gaierror(), False),
        ("asyncio", ValueError(), True),
    ],
)
def test_what_redis_clients_repeat_while_it_is_away_is_left_out(name: str, problem: Exception, kept: bool) -> None:
    assert ShortenOutages().filter(record_of(problem, name)) is kept
