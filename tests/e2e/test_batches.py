"""Batches over a real socket whose client goes away: what was not begun stays so, what writes is left to end."""

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.stack import Stack

pytestmark = pytest.mark.e2e

READ = {"name": "list_all_fuse_desk_chats", "arguments": {}}
WRITE = {"name": "fuse_desk_cases_add_note", "arguments": {"id": "CAS-89102", "note": "Written in a batch."}}


@pytest.fixture
def slow(stack: Stack) -> Iterator[str]:
    """A vendor that takes its time with everything."""
    simulator = f"http://127.0.0.1:{stack.simulator_port}/_control"
    httpx.post(f"{simulator}/reset")
    httpx.post(simulator, json={"latency_ms": 1500})
    yield simulator
    httpx.post(f"{simulator}/reset")


def calls_at(simulator: str) -> int:
    """Return how many calls have come; a call may look up names of ids besides."""
    paths = httpx.get(simulator).json()["paths"]
    return sum(count for path, count in paths.items() if path.endswith(("/chats", "/addnote")))


def send(url: str, *calls: dict[str, Any]) -> socket.socket:
    """Send a batch of calls and return the connection, on which nothing was read."""
    body = json.dumps(
        [{"jsonrpc": "2.0", "id": count, "method": "tools/call", "params": each} for count, each in enumerate(calls)]
    ).encode()
    address = urlsplit(url)
    head = (
        f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nMCP-Protocol-Version: 2025-03-26\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection = socket.create_connection((address.hostname or "", address.port or 80))
    connection.sendall(head.encode() + body)
    return connection


def outcomes(stack: Stack, demo: dict[str, Any]) -> list[tuple[str, str]]:
    server = demo["mcp_server_id"].replace("-", "")
    return stack.query("SELECT tool, outcome FROM tools_call WHERE server_id = ? ORDER BY id", server)


def test_a_client_that_goes_away_ends_the_read_under_way_and_the_rest_is_not_begun(
    stack: Stack, demo: dict[str, Any], slow: str
) -> None:
    connection = send(demo["mcp_url"], *[READ] * 15)
    stack.wait_until(lambda: calls_at(slow) == 1)
    connection.close()
    stack.wait_until(lambda: outcomes(stack, demo) != [])
    assert outcomes(stack, demo) == [(READ["name"], "cancelled")]
    assert calls_at(slow) == 1


def test_a_write_under_way_is_left_to_end_and_is_recorded_and_the_rest_is_not_begun(
    stack: Stack, demo: dict[str, Any], slow: str
) -> None:
    connection = send(demo["mcp_url"], WRITE, *[READ] * 5)
    stack.wait_until(lambda: calls_at(slow) == 1)
    connection.close()
    stack.wait_until(lambda: (WRITE["name"], "pending") not in outcomes(stack, demo))
    assert outcomes(stack, demo) == [(WRITE["name"], "ok")]
    assert calls_at(slow) == 1


def test_a_batch_whose_client_stays_is_answered_whole(stack: Stack, demo: dict[str, Any], slow: str) -> None:
    httpx.post(f"{slow}/reset")
    with send(demo["mcp_url"], *[READ] * 15) as connection:
        answer = b""
        while b"\r\n\r\n" not in answer or not answer.endswith(b"]"):
            answer += connection.recv(65536)
    answers = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert [each["id"] for each in answers] == list(range(15))
    assert calls_at(slow) == 15
