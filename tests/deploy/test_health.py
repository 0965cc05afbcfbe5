"""The health check of a web container, run as the engine runs it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.deploy.answering import answering
from tests.deploy.manifests import DEPLOY, FILLED, ROOT
from tests.stack import Stack, free_port


class Failing(BaseHTTPRequestHandler):
    """Answers, but not that it is well."""

    def do_GET(self) -> None:
        self.send_response(500)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def failing() -> Iterator[int]:
    with answering(HTTPServer(("127.0.0.1", 0), Failing)) as port:
        yield port


def check(port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, DEPLOY / "health.py"],
        cwd=ROOT,
        # A proxy that the environment names is none for this machine.
        env={**os.environ, "PORT": str(port), "http_proxy": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.e2e
def test_the_product_is_healthy_in_production_mode(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "data", settings={**FILLED, "DEBUG": "0", "DATA_DIR": str(tmp_path / "data")})
    stack.folder.mkdir()
    try:
        stack.manage("collectstatic", "--noinput", "-v0")
        stack.start_web()
        done = check(stack.port)
        assert (done.returncode, done.stderr) == (0, "")
    finally:
        stack.stop()


def test_a_process_that_fails_is_not_healthy(failing: int) -> None:
    done = check(failing)
    assert (done.returncode, done.stderr) == (1, "/livez answered with status 500\n")


def test_a_process_that_is_gone_is_not_healthy() -> None:
    done = check(free_port())
    assert done.returncode == 1
    assert done.stderr.startswith("/livez did not answer")
