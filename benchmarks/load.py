"""A cheap load generator: keep-alive connections that send prepared requests over and over, one after the other."""

import argparse
import asyncio
import json
import re
import time
from collections.abc import Iterator
from itertools import cycle
from typing import cast

import uvloop

LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class LoadingClient(asyncio.Protocol):
    """One connection, which sends the next request whenever an answer is complete."""

    def __init__(self, requests: Iterator[bytes], latencies: list[float], failures: list[bytes]) -> None:
        self._requests, self._latencies, self._failures = requests, latencies, failures
        self._buffer = b""
        self._sent = 0.0
        self.stopping = False
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        """Collect an answer; count it when it is complete."""
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        length = LENGTH.search(self._buffer, 0, head_end)
        if length is None or len(self._buffer) < head_end + 4 + int(length.group(1)):
            return
        self._latencies.append(time.perf_counter() - self._sent)
        if not self._buffer.startswith(b"HTTP/1.1 200") or b'"isError":true' in self._buffer:
            self._failures.append(self._buffer[:500])
        self._buffer = b""
        if self.stopping:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Mark the connection as ended."""
        if not self.done.done():
            self.done.set_result(None)


async def run(host: str, port: int, requests: list[bytes], clients: int, seconds: float) -> dict[str, object]:
    """Generate load for a time; return counts, calls per second and latencies in milliseconds."""
    latencies: list[float] = []
    failures: list[bytes] = []
    loop = asyncio.get_running_loop()
    following = cycle(requests)
    started = time.perf_counter()
    made = [
        (await loop.create_connection(lambda: LoadingClient(following, latencies, failures), host, port))[1]
        for _ in range(clients)
    ]
    await asyncio.sleep(seconds)
    elapsed, count = time.perf_counter() - started, len(latencies)
    for client in made:
        client.stopping = True
    await asyncio.wait([client.done for client in made], timeout=10)
    ordered = sorted(latencies)
    return {
        "calls": count,
        "calls_per_second": count / elapsed,
        "p50_ms": ordered[len(ordered) // 2] * 1000,
        "p99_ms": ordered[len(ordered) * 99 // 100] * 1000,
        "failures": len(failures),
        "first_failure": failures[0].decode(errors="replace") if failures else "",
    }


def main() -> None:
    """Read a prepared request, or a JSON list of them, from a file, generate load, print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("request")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    with open(options.request, "rb") as file:
        content = file.read()
    requests = [each.encode() for each in json.loads(content)] if options.request.endswith(".json") else [content]
    outcome = uvloop.run(run(options.host, options.port, requests, options.clients, options.seconds))
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
