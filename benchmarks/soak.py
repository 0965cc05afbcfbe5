"""Half an hour of mixed load on the product as it is run, and the slopes of memory, files and latency.

Run as `make soak` (or `python -m benchmarks.soak --minutes 30`). Web, worker with beat and the simulator are processes
of their own; DATABASE_URL and REDIS_URL choose what they run on. Clients read, write, list, ask over REST, make and
delete servers, and open streams and break them off. Every few seconds the processes are measured; the slopes are those
of straight lines through the measurements after the first fifth, when caches are full.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from accounts.texts.counting import counted
from benchmarks.tool_calls import ROOT, free_port, start

SAMPLE_SECONDS = 10.0
WARM_UP = 0.2
PAUSE_SECONDS = 0.02
DEPARTMENT = {"id": "1", "name": "Support"}
# What a slope may be, for each hour: memory in MiB, open files, and the median latency as a share of it.
MOST = {"memory": 12.0, "files": 6.0, "latency": 0.25}

WORKER = [
    "-m", "celery", "--quiet", "--app", "config", "worker", "--beat", "--pool", "threads", "--concurrency", "2",
    "--without-gossip", "--without-mingle", "--loglevel", "WARNING",
]  # fmt: skip


@dataclass
class WorkDone:
    """What the clients did since the last measurement, and all that failed."""

    seconds: list[float] = field(default_factory=list)
    done: int = 0
    failures: list[str] = field(default_factory=list)

    async def timed(self, asking: Awaitable[httpx.Response]) -> httpx.Response:
        """Wait for an answer; note how long it took, and whether it failed."""
        began = time.perf_counter()
        answer = await asking
        self.seconds.append(time.perf_counter() - began)
        self.done += 1
        if answer.status_code >= 400 or '"isError":true' in answer.text:
            self.failures.append(f"HTTP {answer.status_code}: {answer.text[:300]}")
        return answer

    def taken(self) -> list[float]:
        """Return the durations since the last call, in order of size."""
        taken, self.seconds = sorted(self.seconds), []
        return taken


@dataclass(frozen=True)
class Sample:
    """One measurement: minutes since the start, memory in MiB and open files of each process, latencies in ms."""

    minute: float
    memory: dict[str, float]
    files: dict[str, int]
    p50: float
    p99: float


@dataclass(frozen=True)
class WorkingClient:
    """Asks the product as models and programs do."""

    http: httpx.AsyncClient
    demo: dict[str, Any]
    work: WorkDone

    async def call(self, tool: str, **arguments: Any) -> None:
        params = {"name": tool, "arguments": arguments}
        await self._post({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})

    async def list_tools(self) -> None:
        await self._post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})

    async def read_cases(self) -> None:
        await self.call("list_all_fuse_desk_cases", limit=random.randint(1, 25))

    async def write(self) -> None:
        # Each answer is as long as the last: one to a note has all notes before it, and memory would grow with them.
        await self.call("update_a_fuse_desk_department_by_id", **DEPARTMENT)

    async def ask_rest(self) -> None:
        await self.work.timed(self._rest("GET", "/call"))

    async def make_and_delete_a_server(self) -> None:
        path = f"/integrated-account/{self.demo['integrated_account_id']}/mcp"
        made = await self.work.timed(self._rest("POST", path, json={"name": "Soaked"}))
        await self.work.timed(self._rest("DELETE", f"{path}/{made.json()['id']}"))

    async def open_and_break_off_a_stream(self) -> None:
        async with self.http.stream("GET", self.demo["mcp_url"], headers={"Accept": "text/event-stream"}) as stream:
            async for _ in stream.aiter_bytes():
                break

    async def _post(self, message: dict[str, Any]) -> None:
        await self.work.timed(self.http.post(self.demo["mcp_url"], json=message))

    async def _rest(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.demo['api_token']}"}
        return await self.http.request(method, self.demo["dashboard_url"] + path, headers=headers, **options)

    async def run(self, until: float) -> None:
        """Do one thing after another, reads most often."""
        often: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self.read_cases, 60),
            (self.list_tools, 10),
            (self.write, 10),
            (self.ask_rest, 8),
            (self.make_and_delete_a_server, 6),
            (self.open_and_break_off_a_stream, 6),
        ]
        actions, weights = zip(*often, strict=True)
        while time.monotonic() < until:
            await random.choices(actions, weights)[0]()
            await asyncio.sleep(PAUSE_SECONDS)


def memory_of(process: subprocess.Popen[bytes]) -> float:
    """Return the resident memory of a process in MiB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def files_of(process: subprocess.Popen[bytes]) -> int:
    """Return how many files and sockets a process has open."""
    return len(os.listdir(f"/proc/{process.pid}/fd"))


async def watch(processes: dict[str, subprocess.Popen[bytes]], work: WorkDone, seconds: float) -> list[Sample]:
    """Measure the processes until the time is over."""
    samples, began = [], time.monotonic()
    while (now := time.monotonic() - began) < seconds:
        await asyncio.sleep(min(SAMPLE_SECONDS, seconds - now))
        taken = work.taken()
        if taken:
            memory = {name: memory_of(process) for name, process in processes.items()}
            files = {name: files_of(process) for name, process in processes.items()}
            p50, p99 = (1000 * taken[len(taken) * share // 100] for share in (50, 99))
            samples.append(Sample((time.monotonic() - began) / 60, memory, files, p50, p99))
    return samples


async def soak(
    processes: dict[str, subprocess.Popen[bytes]], demo: dict[str, Any], options: argparse.Namespace
) -> tuple[list[Sample], WorkDone]:
    """Put the product under load, and return what was measured."""
    seconds, work = options.minutes * 60, WorkDone()
    async with httpx.AsyncClient(timeout=30) as http:
        watching = asyncio.create_task(watch(processes, work, seconds))
        ends = time.monotonic() + seconds
        await asyncio.gather(*(WorkingClient(http, demo, work).run(ends) for _ in range(options.clients)))
        return await watching, work


def slope(points: list[tuple[float, float]]) -> float:
    """Return how much a value grows in an hour, by the line of least squares; `points` are minutes and values."""
    count = len(points)
    middle, mean = sum(x for x, _ in points) / count, sum(y for _, y in points) / count
    spread = sum((x - middle) ** 2 for x, _ in points)
    return 60 * sum((x - middle) * (y - mean) for x, y in points) / spread if spread else 0.0


def fifths(samples: list[Sample], name: str) -> list[float]:
    """Return a process's memory at the start and at the end of each fifth: what fills up rises less each time."""
    last = len(samples) - 1
    return [samples[last * part // 5].memory[name] for part in range(6)]


def report(samples: list[Sample], work: WorkDone) -> bool:
    """Print the slopes; return whether they are within MOST, and nothing failed."""
    settled = samples[int(len(samples) * WARM_UP) :]
    ok = not work.failures
    print(f"{counted(work.done, 'request')}, {counted(len(work.failures), 'failure')}")
    for failure in work.failures[:3]:
        print(f"  {failure}")
    for name in settled[0].memory:
        memory = slope([(each.minute, each.memory[name]) for each in settled])
        files = slope([(each.minute, each.files[name]) for each in settled])
        ok = ok and memory <= MOST["memory"] and files <= MOST["files"]
        print(f"{name:6} memory at each fifth: {', '.join(f'{value:.0f}' for value in fifths(samples, name))} MiB")
        print(
            f"{name:6} {settled[0].memory[name]:.1f} MiB, later {settled[-1].memory[name]:.1f}, {memory:+.2f} an hour; "
            f"{settled[0].files[name]} files, later {settled[-1].files[name]}, {files:+.2f} an hour"
        )
    for name in ("p50", "p99"):
        values = [(each.minute, float(getattr(each, name))) for each in settled]
        mean, growth = sum(value for _, value in values) / len(values), slope(values)
        ok = ok and (name == "p99" or growth <= MOST["latency"] * mean)
        print(f"{name}: {mean:.1f} ms on average, {growth:+.2f} ms an hour")
    return ok


def main() -> None:
    """Start the processes, put them under load, print the slopes; exit with 1 if something grows or failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    web, vendor = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="patchbay-soak-") as folder:
        environment = {
            "DATA_DIR": folder, "PORT": str(web), "SIMULATOR_PORT": str(vendor), "SIMULATOR_HOURLY_LIMIT": "0",
            "LOG_LEVEL": "WARNING",
        }  # fmt: skip
        complete = {**os.environ, **environment}
        manage = [sys.executable, "manage.py"]
        for command in (["migrate", "-v0"], ["load_integration", "-v0"]):
            subprocess.run([*manage, *command], cwd=ROOT, env=complete, check=True)
        seeded = subprocess.run([*manage, "demo", "--json"], cwd=ROOT, env=complete, check=True, capture_output=True)
        schedule = ["--schedule", str(Path(folder) / "beat-schedule")]
        processes = {
            "simulator": start(["-m", "demo"], environment, vendor),
            "web": start(["-m", "config.serve"], environment, web),
            "worker": subprocess.Popen([sys.executable, *WORKER, *schedule], cwd=ROOT, env=complete),
        }
        try:
            measured = {name: process for name, process in processes.items() if name != "simulator"}
            samples, work = asyncio.run(soak(measured, json.loads(seeded.stdout), options))
        finally:
            for process in processes.values():
                process.send_signal(signal.SIGTERM)
            for process in processes.values():
                process.wait(30)
    sys.exit(0 if report(samples, work) else 1)


if __name__ == "__main__":
    main()
