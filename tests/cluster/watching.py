"""Open streams whose events are noted with the moment at which they came."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

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
    """One stream, read by a thread until it ends. Times are those of `time.monotonic`.

    `broken` says how it broke off, if it did not end in order.
    """

    url: str
    subscription: bool
    changes: list[float] = field(default_factory=list)
    opened_at: float | None = None
    ended_at: float | None = None
    broken: str = ""
    _events: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()
        self._until(lambda: self.opened_at is not None, 10, "it is open")

    def until_changes(self, count: int, seconds: float) -> None:
        """Wait until it told of so many changes in all."""
        self._until(lambda: len(self.changes) >= count, seconds, f"{count} changes are told")

    def until_ended(self, seconds: float) -> None:
        """Wait until it has ended."""
        self._until(lambda: self.ended_at is not None, seconds, "it has ended")

    def _until(self, happened: Callable[[], bool], seconds: float, what: str) -> None:
        with self._events:
            assert self._events.wait_for(happened, seconds), f"{self.url}: not within {seconds} s that {what}"

    def _read(self) -> None:
        try:
            with httpx.Client(timeout=60) as client, self._open(client) as response:
                assert response.status_code == 200, response.read()
                self._note(opened_at=time.monotonic())
                for line in response.iter_lines():
                    if line.startswith("data: ") and json.loads(line[6:]).get("method") == CHANGED:
                        self._note(changes=[*self.changes, time.monotonic()])
        except httpx.HTTPError as problem:
            self._note(broken=repr(problem))
        self._note(ended_at=time.monotonic())

    def _note(self, **known: Any) -> None:
        with self._events:
            for name, value in known.items():
                setattr(self, name, value)
            self._events.notify_all()

    def _open(self, client: httpx.Client) -> Any:
        if self.subscription:
            return client.stream("POST", self.url, json=LISTEN, headers=LISTEN_HEADERS)
        return client.stream("GET", self.url, headers={"Accept": "text/event-stream"})
