"""What anybody can bring about in the log is short, and one line a second."""

import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.core.exceptions import DisallowedHost

from config.monitoring.clients import QuietenClients
from tests.stack import Stack

MANY = 40
HOSTILE = {
    "a long Host": ("/", {"Host": "a" * 7000 + ".example"}),
    "another Host": ("/", {"Host": "a.b"}),
    "a Host with a line break's words": ("/", {"Host": "x%0Ay"}),
    "a long path": ("/nothing/" + "x" * 60_000, {}),
    "a path of words to be quoted": ("/" + "%E2%82%AC" * 6_000, {}),
    "a foreign form": ("/sign-in", {"Cookie": "csrftoken=x", "X-Method": "POST"}),
}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path / "data", settings={"LOG_LEVEL": "INFO"})
    stack.prepare()
    stack.start_web()
    yield stack
    stack.stop()


@pytest.mark.e2e
def test_no_request_fills_the_log(own: Stack) -> None:
    begun = len(own.output)
    with httpx.Client(base_url=f"http://127.0.0.1:{own.port}", timeout=30) as client:
        for path, headers in HOSTILE.values():
            method = headers.get("X-Method", "GET")
            assert {client.request(method, path, headers=headers).status_code for _ in range(MANY)} <= {400, 403, 404}
    own.wait_until(lambda: any("Not Found" in line for line in own.output[begun:]))
    own.stop()
    lines = [line for line in own.output[begun:] if "[django." in line or "[patchbay.access]" in line]
    assert 0 < len(lines) < MANY * len(HOSTILE) / 2
    assert max(map(len, lines)) < 500
    assert "Traceback" not in "".join(own.output)


@pytest.mark.e2e
def test_the_access_log_has_a_line_a_request_and_none_is_long(own: Stack) -> None:
    own.stop()
    own.settings["ACCESS_LOG"] = "1"
    own.start_web()
    with httpx.Client(base_url=f"http://127.0.0.1:{own.port}", timeout=30) as client:
        for _ in range(MANY):
            client.get("/" + "%E2%82%AC" * 6_000)
    own.wait_until(lambda: len(accesses(own)) == MANY)
    assert max(map(len, accesses(own))) < 600


def accesses(stack: Stack) -> list[str]:
    return [line for line in stack.output if "[patchbay.access]" in line]


def refused(words: str, name: str = "django.request", status: int = 404) -> logging.LogRecord:
    try:
        raise DisallowedHost(words)
    except DisallowedHost:
        record = logging.LogRecord(name, logging.WARNING, "x.py", 1, "%s", (words,), sys.exc_info())
    record.status_code = status
    return record


def test_the_next_line_has_the_number_of_those_left_out() -> None:
    now = [100.0]
    quieten = QuietenClients(clock=lambda: now[0])
    assert quieten.filter(refused("one"))
    assert not any(quieten.filter(refused("more")) for _ in range(1200))
    assert quieten.filter(refused("of another kind", status=403))
    now[0] += 1
    last = refused("last")
    assert quieten.filter(last)
    assert last.getMessage() == "last (and 1,200 others since the last such line)"


def test_a_failure_of_patchbay_s_own_has_each_line_with_its_traceback_and_a_short_path() -> None:
    quieten = QuietenClients(clock=lambda: 0.0)
    for _ in range(3):
        record = refused("/x" * 5000, status=500)
        assert quieten.filter(record)
        assert record.exc_info
        assert len(record.getMessage()) < 300


def test_a_token_is_not_cut_in_two() -> None:
    record = refused("x" * 140 + "/mcp/pbmcp_" + "0123456789" * 4)
    assert QuietenClients().filter(record)
    assert not re.search("0123", record.getMessage())


def test_other_loggers_are_left_alone() -> None:
    quieten = QuietenClients(clock=lambda: 0.0)
    assert all(quieten.filter(refused("x" * 1000, name="tools.record")) for _ in range(3))
