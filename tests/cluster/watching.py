"""Open streams whose events are noted with the moment at which they came."""

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.cluster.services import wait_for

STATELESS = "2026-07-28"
META = {"io.modelcontextprotocol/protocolVersion": STATELESS, "io.modelcontextprotocol/clientCapabilities": {}}
LISTEN = {
    "jsonrpc": "2.0",
    "id": "sub",
    "method": "subscriptions/listen",
    "params": {"_meta": META, "notifications": {"toolsListChanged": True}},
}
LISTEN_HEADERS = {
    "MCP-Protocol-Version": STATELESS,
    "Mcp-Method": "subscriptions/listen",
    "Accept": "application/json, text/event-stream",
}
CHANGED = "notifications/tools/list_changed"


@dataclass
class Watched:
    """One stream, read by a thread until it ends. Times are those of `time.monotonic`."""

    url: str
    subscription: bool
    changes: list[float] = field(default_factory=list)
    opened_at: float | None = None
    ended_at: float | None = None

    def __post_init__(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()
        wait_for(lambda: self.opened_at is not None, 10, "an open stream")

    def _read(self) -> None:
        with suppress(httpx.HTTPError), httpx.Client(timeout=60) as client, self._open(client) as response:
            assert response.status_code == 200, response.read()
            self.opened_at = time.monotonic()
            for line in response.iter_lines():
                if line.startswith("data: ") and json.loads(line[6:]).get("method") == CHANGED:
                    self.changes.append(time.monotonic())
        self.ended_at = time.monotonic()

    def _open(self, client: httpx.Client) -> Any:
        if self.subscription:
            return client.stream("POST", self.url, json=LISTEN, headers=LISTEN_HEADERS)
        return client.stream("GET", self.url, headers={"Accept": "text/event-stream"})
