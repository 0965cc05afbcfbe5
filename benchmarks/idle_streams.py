"""What idle streams cost one web process of the embedded default: memory, processor time, threads; and what remains.

Run as `python -m benchmarks.idle_streams`. 2,000 server streams (GET), then 2,000 subscriptions (a POST), then 5,000
rounds of opening a stream and breaking the connection off.
"""

import argparse
import asyncio
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import uvloop

from accounts.texts.counting import counted
from benchmarks.tool_calls import ROOT, cpu_seconds, free_port, start

OPEN_FILES = 65_536
IDLE_SECONDS = 10.0
AT_ONCE = 50
METRICS_TOKEN = "metrics-of-this-benchmark-2718"
STATELESS = "2026-07-28"
META = {"io.modelcontextprotocol/protocolVersion": STATELESS, "io.modelcontextprotocol/clientCapabilities": {}}
LISTEN = {
    "jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen",
    "params": {"_meta": META, "notifications": {"toolsListChanged": True}},
}  # fmt: skip


@dataclass(frozen=True)
class ProcessState:
    """The resources that a process uses, memory in KiB."""

    memory: int
    threads: int
    descriptors: int
    streams: int
    tasks: int


@dataclass(frozen=True)
class Web:
    """The web process that is measured."""

    process: subprocess.Popen[bytes]
    port: int

    def state(self) -> ProcessState:
        """Return the resources that it uses now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        figures = self._metrics()
        return ProcessState(
            memory=_number(r"^VmRSS:\s+(\d+)", status),
            threads=_number(r"^Threads:\s+(\d+)", status),
            descriptors=len(os.listdir(f"/proc/{self.process.pid}/fd")),
            streams=sum(
                int(float(value)) for value in re.findall(r"^patchbay_open_streams\{.*\} (\S+)", figures, re.M)
            ),
            tasks=_number(r"^patchbay_event_loop_tasks (\d+)", figures),
        )

    def settled(self, condition: Callable[[ProcessState], bool]) -> ProcessState:
        """Return its state once it is as expected, or after ten seconds."""
        deadline = time.monotonic() + 10
        while not condition(state := self.state()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return state

    def _metrics(self) -> str:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            text: str = answer.read().decode()
        return text


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text, re.MULTILINE)
    assert found is not None, pattern
    return int(found[1])


class Reader(asyncio.Protocol):
    """One client's connection, which sends the request and waits for the stream to begin."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the request once connected."""
        cast("asyncio.Transport", transport).write(self.request)

    def data_received(self, data: bytes) -> None:
        """Note the first chunk of the stream."""
        self.received += data
        if not self.begun.done() and b"\r\n\r\n" in self.received:
            if not self.received.startswith(b"HTTP/1.1 200"):
                raise SystemExit(self.received.decode(errors="replace"))
            if self.received.partition(b"\r\n\r\n")[2]:
                self.begun.set_result(None)


async def opened(port: int, request: bytes) -> asyncio.Transport:
    """Open one stream."""
    loop = asyncio.get_running_loop()
    transport, reader = await loop.create_connection(lambda: Reader(request), "127.0.0.1", port)
    await reader.begun
    return transport


async def open_many(port: int, request: bytes, count: int) -> list[asyncio.Transport]:
    """Open streams, several at a time."""
    transports: list[asyncio.Transport] = []
    while len(transports) < count:
        batch = min(AT_ONCE, count - len(transports))
        transports += await asyncio.gather(*(opened(port, request) for _ in range(batch)))
    return transports


def server_stream(path: str, port: int) -> bytes:
    """Return the request for a server stream."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n\r\n".encode()


def subscription(path: str, port: int) -> bytes:
    """Return the request for a subscription."""
    body = json.dumps(LISTEN)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {STATELESS}\r\n"
        f"Mcp-Method: subscriptions/listen\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


async def hold(web: Web, name: str, request: bytes, count: int) -> None:
    """Hold idle streams, and print what they cost."""
    # What the first streams load stays in memory; it is not a cost of each stream.
    for transport in await open_many(web.port, request, AT_ONCE):
        transport.abort()
    before = await asyncio.to_thread(web.settled, lambda state: state.streams == 0)
    transports = await open_many(web.port, request, count)
    held = await asyncio.to_thread(web.settled, lambda state: state.streams == count)
    used, started = cpu_seconds(web.process), time.monotonic()
    await asyncio.sleep(IDLE_SECONDS)
    busy = (cpu_seconds(web.process) - used) / (time.monotonic() - started)
    for transport in transports:
        transport.abort()
    after = await asyncio.to_thread(web.settled, lambda state: state.streams == 0)
    print(
        f"{name}: {held.streams} open, {(held.memory - before.memory) / count:.1f} KiB a stream, "
        f"{busy:.1%} of a core while idle, {held.threads - before.threads:+} threads, "
        f"{(held.tasks - before.tasks) / count:.1f} tasks a stream; afterwards {after.streams} open, "
        f"{after.descriptors - before.descriptors:+} descriptors, {after.tasks - before.tasks:+} tasks"
    )


async def abort(web: Web, request: bytes, rounds: int) -> None:
    """Open streams, abort their connections, and print what remains of them."""

    async def open_and_abort(count: int) -> None:
        for _ in range(count // AT_ONCE):
            for transport in await open_many(web.port, request, AT_ONCE):
                transport.abort()

    await open_and_abort(rounds // 5)
    before = await asyncio.to_thread(web.settled, lambda state: state.streams == 0)
    await open_and_abort(rounds)
    after = await asyncio.to_thread(
        web.settled,
        lambda state: state.streams == 0 and state.descriptors <= before.descriptors and state.tasks <= before.tasks,
    )
    print(
        f"{counted(rounds, 'stream')} opened and broken off: {after.streams} open, "
        f"{after.tasks - before.tasks:+} tasks, {after.descriptors - before.descriptors:+} descriptors, "
        f"{after.threads - before.threads:+} threads, {after.memory - before.memory:+} KiB"
    )


@contextmanager
def web_process(environment: dict[str, str], port: int) -> Iterator[Web]:
    """Run a web process and wait for it."""
    web = Web(start(["-m", "config.serve"], environment, port), port)
    try:
        yield web
    finally:
        web.process.send_signal(signal.SIGTERM)
        web.process.wait(20)


def main() -> None:
    """Start the web process, hold streams, abort them, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5000)
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))  # inherited by the web process
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "DATA_DIR": folder, "PORT": str(port), "LOG_LEVEL": "WARNING", "METRICS_TOKEN": METRICS_TOKEN,
            "DATABASE_URL": "", "REDIS_URL": "", "ACCESS_LOG": "0", "MCP_SERVER_STREAMS": str(OPEN_FILES),
        }  # fmt: skip
        manage = [sys.executable, "manage.py"]
        subprocess.run([*manage, "migrate", "-v0"], cwd=ROOT, env={**os.environ, **environment}, check=True)
        seeded = subprocess.run(
            [*manage, "demo", "--json"], cwd=ROOT, env={**os.environ, **environment}, check=True, capture_output=True
        )
        path = urlsplit(json.loads(seeded.stdout)["mcp_url"]).path
        # A process for each, so that none reuses memory that another has freed.
        with web_process(environment, port) as web:
            uvloop.run(hold(web, "server streams", server_stream(path, port), options.streams))
            uvloop.run(abort(web, server_stream(path, port), options.rounds))
        with web_process(environment, port) as web:
            uvloop.run(hold(web, "subscriptions", subscription(path, port), options.streams))


if __name__ == "__main__":
    main()
