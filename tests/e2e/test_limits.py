"""Limits of one MCP server over real sockets: streams too many, and streams that nobody reads."""

import re
import socket
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from tests.e2e.settings import METRICS_TOKEN
from tests.e2e.streams import LISTEN, LISTEN_HEADERS, opened
from tests.stack import Stack

pytestmark = pytest.mark.e2e

STREAMS = 32
GET = {"Accept": "text/event-stream"}


def too_many(response: httpx.Response) -> str:
    assert response.status_code == 429, response.text
    message: str = response.json()["error"]["message"]
    return message


def open_streams(stack: Stack) -> int:
    """Return how many streams the process holds."""
    figures = httpx.get(f"http://127.0.0.1:{stack.port}/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
    return sum(int(float(value)) for value in re.findall(r"^patchbay_open_streams\{.*\} (\S+)", figures.text, re.M))


def test_the_streams_of_a_server_are_limited_and_given_back_when_they_break_off(
    stack: Stack, demo: dict[str, Any]
) -> None:
    url = demo["mcp_url"]
    ways: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", url, {"headers": GET}),
        ("GET", f"{url}/sse", {"headers": GET}),
        ("POST", url, {"json": LISTEN, "headers": LISTEN_HEADERS}),
    ]
    for _ in range(2):  # after the first round nothing may be left
        with ExitStack() as held:
            for number in range(STREAMS):
                method, address, options = ways[number % 3]
                held.enter_context(opened(method, address, **options))
            assert f"{STREAMS} streams open" in too_many(httpx.get(url, headers=GET))
            assert f"{STREAMS} streams open" in too_many(httpx.post(url, json=LISTEN, headers=LISTEN_HEADERS))
            assert httpx.post(url, json={"jsonrpc": "2.0", "id": 1, "method": "ping"}).status_code == 200
        # The process hears of closed connections one after the other.
        stack.wait_until(lambda: open_streams(stack) == 0)


def test_a_stream_that_is_not_read_is_dropped_before_it_holds_much(stack: Stack, demo: dict[str, Any]) -> None:
    path = httpx.URL(demo["mcp_url"]).path
    with socket.create_connection(("127.0.0.1", stack.port), timeout=20) as unread:
        unread.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        unread.sendall(f"GET {path}/sse HTTP/1.1\r\nHost: 127.0.0.1:{stack.port}\r\n\r\n".encode())
        head = b""
        while b"/messages?" not in head or not head.endswith(b"\n\n\r\n"):
            head += unread.recv(4096)
        messages = head.partition(b"data: ")[2].split()[0].decode()
        list_tools = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        with httpx.Client(base_url=demo["dashboard_url"], timeout=20) as client:
            taken = 0
            # What the system's own buffers take comes on top: a few megabytes on the loopback.
            while client.post(messages, json=list_tools).status_code == 202:
                taken += 1
                assert taken < 1000
            assert client.post(messages, json=list_tools).status_code == 404
        stack.wait_until(lambda: open_streams(stack) == 0)
