"""`python -m demo` as a process: it starts, says so, and leaves without a fuss."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def command(**environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(**environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    with command(SIMULATOR_PORT=str(port), **environment) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == f"The FuseDesk simulator listens on http://127.0.0.1:{port}/api/\n"
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def leave(process: subprocess.Popen[str], number: signal.Signals) -> None:
    process.send_signal(number)
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, output, errors) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_status_0_and_no_traceback(number: signal.Signals) -> None:
    with running() as (process, address):
        headers = {"X-FuseDesk-API-Key": "fd-demo-key"}
        assert httpx.get(f"{address}/api/v1/chats", headers=headers).status_code == 200
        leave(process, number)


def test_key_and_limit_come_from_the_environment_and_are_not_printed() -> None:
    with running(SIMULATOR_API_KEY="another-key", SIMULATOR_HOURLY_LIMIT="3") as (process, address):
        url = f"{address}/api/v1/chats"
        answer = httpx.get(url, headers={"X-FuseDesk-API-Key": "another-key"})
        assert answer.headers["X-FuseDesk-Usage-Remaining"] == "2"
        assert httpx.get(url, headers={"X-FuseDesk-API-Key": "fd-demo-key"}).status_code == 401
        leave(process, signal.SIGTERM)


@pytest.mark.parametrize("knobs", [{"latency_ms": 60_000}, {"drip_bytes_per_second": 1}])
def test_a_client_that_waits_for_a_late_answer_does_not_keep_it(knobs: dict[str, int]) -> None:
    with running() as (process, address):
        httpx.post(f"{address}/_control", json=knobs)
        with socket.create_connection(("127.0.0.1", httpx.URL(address).port)) as client:
            client.sendall(b"GET /api/v1/cases HTTP/1.1\r\nHost: simulator\r\n\r\n")
            while httpx.get(f"{address}/_control").json()["requests"] == 0:
                pass
            leave(process, signal.SIGTERM)


def test_a_port_in_use_is_one_sentence_and_status_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        process = command(SIMULATOR_PORT=str(port))
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (1, "")
    assert errors.startswith(f"Cannot listen on 127.0.0.1:{port} (Address already in use).")
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("SIMULATOR_PORT", "0"), ("SIMULATOR_PORT", "70000"), ("SIMULATOR_HOURLY_LIMIT", "many")],
)
def test_a_bad_setting_is_named_in_one_sentence(name: str, value: str) -> None:
    process = command(**{name: value})
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (1, "")
    assert errors.startswith(f"{name} must be a whole number from ")
    assert errors.count("\n") == 1
