"""Streams over real sockets, as clients read them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

STATELESS = "2026-07-28"
META = {"io.modelcontextprotocol/protocolVersion": STATELESS, "io.modelcontextprotocol/clientCapabilities": {}}
LISTEN = {
    "jsonrpc": "2.0",
    "id": "sub-1",
    "method": "subscriptions/listen",
    "params": {"_meta": META, "notifications": {"toolsListChanged": True, "resourcesListChanged": True}},
}
LISTEN_HEADERS = {
    "MCP-Protocol-Version": STATELESS,
    "Mcp-Method": "subscriptions/listen",
    "Accept": "application/json, text/event-stream",
}


class Events:
    """Reads the events of a stream, one at a time."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()

    def next(self) -> dict[str, Any]:
        """Return the data of the next event; comments are passed over."""
        data: dict[str, Any] = json.loads(self.next_text())
        return data

    def next_text(self) -> str:
        """Return the data of the next event as it came."""
        for line in self._lines:
            if line.startswith("data: "):
                return line[6:]
        raise StopIteration

    def at_end(self) -> bool:
        """Tell whether the stream ends without another event."""
        return not any(line.startswith("data: ") for line in self._lines)


@contextmanager
def opened(method: str, url: str, **options: Any) -> Iterator[Events]:
    with httpx.Client(timeout=20) as client, client.stream(method, url, **options) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-accel-buffering"] == "no"
        yield Events(response)
