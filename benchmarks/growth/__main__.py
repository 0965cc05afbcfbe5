"""What growth costs one web process: servers, calls in the record, streams, changes made by other processes.

Run as `DATABASE_URL=postgresql://…/an_empty_database python -m benchmarks.growth`. It fills the database, starts the
simulator and one web process, and compares calls a second with few and with many of each. Rounds alternate.
"""

import argparse
import asyncio
import json
import resource
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path

import uvloop

from benchmarks.installation import own_folder, set_up_on_postgresql

FOLDER = own_folder()
set_up_on_postgresql("servers and calls", DATA_DIR=FOLDER)

from django.db import connections  # noqa: E402  the apps must be loaded first

from accounts.texts.counting import counted  # noqa: E402
from benchmarks.growth.database import FilledDatabase, fill, fill_record  # noqa: E402
from benchmarks.idle_streams import METRICS_TOKEN, OPEN_FILES, Web, open_many, server_stream  # noqa: E402
from benchmarks.tool_calls import ROOT, cpu_seconds, free_port, prepared_request, start  # noqa: E402
from mcpservers import resolution  # noqa: E402
from mcpservers.models import MCPServer  # noqa: E402

FEW = 10
IDLE_SECONDS = 10
# Longer than idle connections to vendors are kept (accounts/vendors/transport.py).
SETTLING_SECONDS = 35
PING = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode()


@dataclass(frozen=True)
class Rate:
    """Calls a second, and the processor time of the web process for each in microseconds."""

    calls: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.calls:.0f} calls/s, {self.cpu:.0f} us CPU a call"


@dataclass(frozen=True)
class LoadedProcess:
    """One web process, and how it is put under load."""

    web: Web
    tokens: list[str]
    options: argparse.Namespace

    def rate(self, tokens: list[str]) -> Rate:
        """Call a tool of these servers, one after the other, from several clients."""
        requests = [prepared_request(f"/mcp/{token}", self.web.port).decode() for token in tokens]
        file = Path(FOLDER) / "requests.json"
        file.write_text(json.dumps(requests))
        before = cpu_seconds(self.web.process)
        command = [sys.executable, "-m", "benchmarks.load", "127.0.0.1", str(self.web.port), str(file)]
        limits = ["--clients", str(self.options.clients), "--seconds", str(self.options.seconds)]
        done = subprocess.run([*command, *limits], cwd=ROOT, capture_output=True, check=True)
        outcome = json.loads(done.stdout)
        if outcome["failures"]:
            raise SystemExit(f"{counted(int(outcome['failures']), 'call')} failed: {outcome['first_failure']}")
        used = cpu_seconds(self.web.process) - before
        return Rate(outcome["calls_per_second"], used / outcome["calls"] * 1e6)

    def settle(self) -> None:
        """Wait until idle connections to vendors are closed, which would count with what is called next."""
        time.sleep(SETTLING_SECONDS)

    def median(self, tokens: list[str]) -> Rate:
        rates = [self.rate(tokens) for _ in range(self.options.rounds)]
        return _median(rates)

    def ping(self, tokens: list[str]) -> float:
        """Ping servers once; return the processor time of the web process for each in milliseconds."""
        before = cpu_seconds(self.web.process)
        client = HTTPConnection("127.0.0.1", self.web.port, timeout=20)
        for token in tokens:
            client.request("POST", f"/mcp/{token}", PING, {"Content-Type": "application/json"})
            client.getresponse().read()
        client.close()
        return (cpu_seconds(self.web.process) - before) / len(tokens) * 1000


def _median(rates: list[Rate]) -> Rate:
    return Rate(statistics.median(rate.calls for rate in rates), statistics.median(rate.cpu for rate in rates))


def compare(trial: LoadedProcess, few: str, many: str, first: list[str], second: list[str]) -> None:
    """Alternate rounds of two sets of servers, and print both rates and their ratio."""
    pairs = [(trial.rate(first), trial.rate(second)) for _ in range(trial.options.rounds)]
    tell(few, many, _median([pair[0] for pair in pairs]), _median([pair[1] for pair in pairs]))


def tell(few: str, many: str, first: Rate, second: Rate) -> None:
    """Print two rates and their ratio."""
    print(f"{few}: {first}\n{many}: {second}")
    print(
        f"  ratio: {second.calls / first.calls:.2f} of the calls/s, {second.cpu / first.cpu:.2f} of the CPU", flush=True
    )


def measure_cold_start(trial: LoadedProcess) -> None:
    """Print what it takes in memory and time that every server is used."""
    trial.ping(trial.tokens[: trial.options.integrations * 2])
    before = trial.web.state().memory / 1024
    cold = trial.ping(trial.tokens)
    grown = trial.web.state().memory / 1024 - before
    warm = trial.ping(trial.tokens)
    print(
        f"{counted(len(trial.tokens), 'server')}: {grown:.1f} MB beside {before:.0f} MB with a few of each integration"
    )
    print(f"  a cold server: {cold - warm:.2f} ms of CPU beside {warm:.2f} ms of a request", flush=True)


def measure_loading(trial: LoadedProcess) -> None:
    """Print the processor time of resolving a server whose catalogue is known, and the query's part of it."""
    digests = [bytes(digest) for digest in MCPServer.objects.values_list("digest", flat=True)[:2000]]
    # Held, as the cache does: what nobody uses is not shared.
    known = [resolution._read(digest, None) for digest in digests]
    started = time.process_time()
    again = [resolution._read(digest, None) for digest in digests]
    whole = time.process_time() - started
    started = time.process_time()
    for digest in digests:
        MCPServer.objects.open_to(digest)
    query = time.process_time() - started
    assert len(known) == len(again)
    each = whole / len(digests) * 1000
    print(f"resolving: {each:.2f} ms of CPU, {query / whole:.0%} of it for the query", flush=True)


@contextmanager
def streams_open(trial: LoadedProcess, count: int) -> Iterator[None]:
    """Hold a stream of each of so many servers, from a thread of their own."""
    ready, done = threading.Event(), threading.Event()

    async def hold() -> None:
        transports = []
        for token in trial.tokens[:count]:
            transports += await open_many(trial.web.port, server_stream(f"/mcp/{token}", trial.web.port), 1)
        ready.set()
        await asyncio.to_thread(done.wait)
        for transport in transports:
            transport.abort()

    thread = threading.Thread(target=uvloop.run, args=[hold()])
    thread.start()
    ready.wait()
    yield
    done.set()
    thread.join()


@contextmanager
def changes_made(trial: LoadedProcess) -> Iterator[list[int]]:
    """Change a server once a second, as another process does; yield a list that grows with each change."""
    ended, made = threading.Event(), list[int]()

    def change() -> None:
        try:
            while not ended.wait(1):
                server = MCPServer.objects.order_by("pk")[len(made) % 100]
                server.name = f"Changed {len(made)}"
                server.save()
                made.append(1)
        finally:
            connections.close_all()

    thread = threading.Thread(target=change)
    thread.start()
    yield made
    ended.set()
    thread.join()


def idle_cpu(trial: LoadedProcess) -> float:
    """Return the processor time of the web process while it only holds its streams."""
    before = cpu_seconds(trial.web.process)
    time.sleep(IDLE_SECONDS)
    return cpu_seconds(trial.web.process) - before


def measure_streams(trial: LoadedProcess, called: list[str]) -> None:
    """Print what streams and changes take of the calls, and what a change costs."""
    count = min(trial.options.streams, len(trial.tokens))
    quiet = trial.median(called)
    with streams_open(trial, count):
        name = counted(count, "stream")
        trial.web.settled(lambda state: state.streams == count)
        streaming, idle = trial.median(called), idle_cpu(trial)
        with changes_made(trial) as made:
            changing = trial.median(called)
            made.clear()
            busy = idle_cpu(trial)
            each = (busy - idle) / max(1, len(made)) * 1000
    tell("no stream", name, quiet, streaming)
    tell(f"{name}, no change", f"{name}, a change a second", streaming, changing)
    print(f"  a foreign change: {each:.1f} ms of CPU; idle with {name}: {idle / IDLE_SECONDS:.1%} of a core")


def measure(few: LoadedProcess, database: FilledDatabase) -> None:
    """Run every comparison."""
    options = few.options
    few.rate(few.tokens)
    alone = few.median(few.tokens)
    trial = replace(few, tokens=few.tokens + database.add(options.servers - len(few.tokens)))
    many = counted(len(trial.tokens), "server")
    measure_loading(trial)
    measure_cold_start(trial)
    trial.rate(trial.tokens)
    trial.settle()
    tell(f"{FEW} servers", f"the same, of {many} that were used", alone, trial.median(few.tokens))
    # Each account has connections of its own to its vendor: this is what opening them costs.
    compare(trial, f"{FEW} servers in turn", f"{many} in turn", trial.tokens[:FEW], trial.tokens)
    # From here on the same servers are called, so that nothing else differs.
    trial.settle()
    small = trial.median(few.tokens)
    fill_record(options.calls)
    trial.settle()
    tell("few calls in the record", f"{options.calls:,} more", small, trial.median(few.tokens))
    measure_streams(trial, few.tokens)


@contextmanager
def processes(environment: dict[str, str], ports: tuple[int, int]) -> Iterator[Web]:
    """Run the simulator and a web process."""
    web, vendor = ports
    running: list[subprocess.Popen[bytes]] = []
    try:
        running.append(start(["-m", "demo"], environment, vendor))
        running.append(start(["-m", "config.serve"], environment, web))
        yield Web(running[-1], web)
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            process.wait(20)


def main() -> None:
    """Fill the database, start the processes, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("integrations", 50), ("servers", 10_000), ("calls", 1_000_000), ("streams", 2000)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    for name, usual in (("rounds", 3), ("seconds", 6), ("clients", 16)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES if most < 0 else min(OPEN_FILES, most), most))
    web, vendor = free_port(), free_port()
    environment = {
        "DATA_DIR": FOLDER, "PORT": str(web), "SIMULATOR_PORT": str(vendor), "SIMULATOR_HOURLY_LIMIT": "0",
        "LOG_LEVEL": "WARNING", "METRICS_TOKEN": METRICS_TOKEN, "UPSTREAM_PRIVATE_HOSTS": f"127.0.0.1:{vendor}",
    }  # fmt: skip
    database = fill(options.integrations, f"http://127.0.0.1:{vendor}/api")
    tokens = database.add(FEW)
    with processes(environment, (web, vendor)) as running:
        measure(LoadedProcess(running, tokens, options), database)


if __name__ == "__main__":
    main()
