"""The limit on open files of a real web process: raised as far as allowed, and told, once, when it is reached."""

import re
import resource
import socket
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.stack import Stack

pytestmark = pytest.mark.e2e

SERVE = (
    "import resource, runpy;"
    "resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}));"
    "runpy.run_module('config.serve', run_name='__main__')"
)
REACHED = re.compile(r"The limit on open files of this process \(\d+\) is reached")


def serve(stack: Stack, soft: int, hard: int) -> None:
    """Start a web process under a limit."""
    stack.start("-c", SERVE.format(soft=soft, hard=hard), until="Uvicorn running")


@pytest.fixture
def own(tmp_path: Path) -> Stack:
    stack = Stack(tmp_path / "data")
    stack.prepare()
    return stack


def test_at_the_limit_the_process_survives_and_says_so_once(own: Stack) -> None:
    serve(own, 100, 100)
    try:
        allowed = "The system allows this process 100 open files, so it serves 75 connections and not the 10000"
        assert sum(allowed in line for line in own.output) == 1
        with ExitStack() as clients:
            for _ in range(200):
                clients.enter_context(socket.create_connection(("127.0.0.1", own.port)))
            own.wait_until(lambda: bool(REACHED.search("".join(own.output))))
        own.wait_until(lambda: answers(own))
        assert len(REACHED.findall("".join(own.output))) == 1
        assert "Traceback" not in "".join(own.output)
    finally:
        own.stop()


def answers(stack: Stack) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{stack.port}/livez", timeout=5).text == "ok"
    except httpx.HTTPError:
        return False


def test_the_soft_limit_is_raised_to_what_connections_need(own: Stack) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    own.settings = {"MAX_CONNECTIONS": "300"}
    serve(own, 200, hard)
    try:
        limits = Path(f"/proc/{own.processes[-1].pid}/limits").read_text()
        assert re.search(r"Max open files +400 ", limits)
        assert "The system allows" not in "".join(own.output)
    finally:
        own.stop()
