"""Clients that read and write without pause, and check every answer against who asked."""

import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from accounts.texts.counting import counted
from tests.cluster.copies import CASE, Cluster, Desk

DEPARTMENTS = "list_all_fuse_desk_departments"
ADD_NOTE = "fuse_desk_cases_add_note"
NAMES = ("Only at Desk 0", "Only at Desk 1")

_numbers = itertools.count(1)


def call_body(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return a tools/call with an id that no other call has."""
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": next(_numbers), "method": "tools/call", "params": params}


@dataclass
class Load:
    """What became of the calls. A failure is a call without the answer that it should have; `wrong` is worse."""

    cluster: Cluster
    done: int = 0
    failures: list[tuple[float, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    attempted: list[str] = field(default_factory=list)
    slowest: float = 0.0
    _ending: threading.Event = field(default_factory=threading.Event)
    _answers: threading.Condition = field(default_factory=threading.Condition)

    def run(self, desk: Desk, writes: bool) -> None:
        """Read (and write) in an account's name until it ends."""
        with httpx.Client(timeout=30) as client:
            while not self._ending.is_set():
                self._read(client, desk)
                if writes:
                    self._write(client, desk)

    def _read(self, client: httpx.Client, desk: Desk) -> None:
        result = self._call(client, desk, call_body(DEPARTMENTS, {"limit": 50}))
        if result is None:
            return
        seen = [name for name in NAMES if name in result]
        if seen != [f"Only at {desk.name}"]:
            self.wrong.append(f"{desk.name} read {seen}")

    def _write(self, client: httpx.Client, desk: Desk) -> None:
        body = call_body(ADD_NOTE, {})
        note = f"note {body['id']} of {desk.name}"
        body["params"]["arguments"] = {"id": CASE, "note": note}
        with self._answers:
            self.attempted.append(note)
        if self._call(client, desk, body) is not None:
            with self._answers:
                self.written.append(note)

    def _call(self, client: httpx.Client, desk: Desk, body: dict[str, Any]) -> str | None:
        """Return the text of a result; None where the call failed."""
        sent = time.monotonic()
        try:
            answer = client.post(self.cluster.mcp(desk.token), json=body)
        except httpx.HTTPError as problem:
            self._failed(repr(problem))
            return None
        if answer.status_code != 200:
            self._failed(f"HTTP {answer.status_code} {answer.text[:200]!r}")
            return None
        message = self._message(answer)
        if message.get("id") != body["id"]:
            self.wrong.append(f"asked {body['id']}, answered {message.get('id')}")
        result = message.get("result")
        if result is None or result["isError"]:
            self._failed(json.dumps(message)[:300])
            return None
        with self._answers:
            self.done += 1
            self._answers.notify_all()
            self.slowest = max(self.slowest, time.monotonic() - sent)
        return str(result["content"][0]["text"])

    def _message(self, answer: httpx.Response) -> dict[str, Any]:
        if answer.headers["content-type"].startswith("text/event-stream"):
            messages = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
            answers: list[dict[str, Any]] = [message for message in messages if "id" in message]
            if len(answers) != 1:
                self.wrong.append(f"{len(answers)} answers to one call")
            return answers[-1] if answers else {}
        message: dict[str, Any] = answer.json()
        return message

    def _failed(self, words: str) -> None:
        with self._answers:
            self.failures.append((time.monotonic(), words))

    def more(self, calls: int, seconds: float = 20.0) -> None:
        """Wait until so many more calls were answered."""
        with self._answers:
            goal = self.done + calls
            answered = self._answers.wait_for(lambda: self.done >= goal, seconds)
        assert answered, f"{counted(self.done, 'call')} answered; last failures: {self.failures[-3:]}"

    def failed_after(self, moment: float) -> list[str]:
        """Return the failures after a moment."""
        return [words for at, words in self.failures if at > moment]

    def last_failure_after(self, moment: float) -> float:
        """Return how many seconds after a moment the last call failed."""
        return max((at - moment for at, _ in self.failures if at > moment), default=0.0)

    def end(self) -> None:
        """Tell every client to stop after its present call."""
        self._ending.set()


@contextmanager
def under_load(cluster: Cluster, readers: int = 2, writers: int = 2) -> Iterator[Load]:
    """Run clients of both accounts; afterwards check what must hold whatever happened to the cluster."""
    load = Load(cluster)
    clients = [
        threading.Thread(target=load.run, args=(desk, writes), daemon=True)
        for desk in cluster.desks
        for writes in [False] * readers + [True] * writers
    ]
    for client in clients:
        client.start()
    try:
        load.more(50)
        yield load
    finally:
        load.end()
        for client in clients:
            client.join(40)
    check_truth(cluster, load)


def check_truth(cluster: Cluster, load: Load) -> None:
    """Check answers against the vendors' own data, and that no write is unaccounted for."""
    assert not load.wrong, load.wrong[:3]
    arrived = [note for desk in cluster.desks for note in desk.notes()]
    assert len(arrived) == len(set(arrived)), "a write reached the vendor twice"
    assert set(load.written) <= set(arrived), "a write was answered that the vendor never saw"
    for desk in cluster.desks:
        assert all(note.endswith(desk.name) for note in desk.notes()), "a write reached another account"
    rows = cluster.query("SELECT arguments->>'note', outcome FROM tools_call WHERE tool = %s", ADD_NOTE)
    recorded = [note for note, _ in rows]
    assert len(recorded) == len(set(recorded)), "a write is recorded twice"
    lost = set(arrived) - set(recorded)
    assert not lost, f"writes without a record: {sorted(lost)[:5]}"
