"""Calls per second through one web process, compared with a bare ASGI proxy of the same request.

Run as `make benchmark` (or `python -m benchmarks.tool_calls`). The simulator, the product, the bare proxy and the
load generator are processes of their own; rounds alternate, and the ratio is taken round by round.
"""

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from accounts.texts.counting import counted

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
Trial = tuple[subprocess.Popen[bytes], int, Path]
FIGURES = ("calls_per_second", "p50_ms", "p99_ms", "cpu_us")
CALL = {"name": "list_all_fuse_desk_cases", "arguments": {"limit": 25}}


def free_port() -> int:
    """Return an unused port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(command: list[str], environment: dict[str, str], port: int) -> subprocess.Popen[bytes]:
    """Start a process; return once its port answers."""
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env={**os.environ, **environment})
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.05)
    process.kill()
    raise SystemExit(f"{' '.join(command)} did not start")


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """Return the processor time that a process has used so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def prepared_request(path: str, port: int, headers: str = "") -> bytes:
    """Return the bytes of one HTTP request for a tool call; `headers` are further lines of its head."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": CALL}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2025-11-25\r\n"
        f"{headers}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def measure(
    process: subprocess.Popen[bytes], port: int, request: Path, clients: int, seconds: float
) -> dict[str, float]:
    """Put load on one process; return its figures, with the processor time per call in microseconds."""
    before = cpu_seconds(process)
    command = [sys.executable, "-m", "benchmarks.load", "127.0.0.1", str(port), str(request)]
    done = subprocess.run(
        [*command, "--clients", str(clients), "--seconds", str(seconds)], cwd=ROOT, capture_output=True, check=True
    )
    outcome: dict[str, float] = json.loads(done.stdout)
    if outcome["failures"]:
        raise SystemExit(f"{counted(int(outcome['failures']), 'call')} failed: {outcome['first_failure']}")
    outcome["cpu_us"] = (cpu_seconds(process) - before) / outcome["calls"] * 1e6
    return outcome


def manage(environment: dict[str, str], *arguments: str) -> str:
    """Run a management command; return what it printed."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True, capture_output=True)
    return done.stdout.decode()


def settings_for(folder: str, web: int, vendor: int) -> dict[str, str]:
    """Return the settings of the product and the simulator at these ports, with their data in a folder."""
    return {
        "DATA_DIR": folder, "PORT": str(web), "SIMULATOR_PORT": str(vendor), "SIMULATOR_HOURLY_LIMIT": "0",
        "LOG_LEVEL": "WARNING", "DATABASE_URL": os.environ.get("DATABASE_URL", ""),
    }  # fmt: skip


def options_of(description: str | None) -> argparse.Namespace:
    """Return the options of a command that alternates rounds."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def alternated(trials: dict[str, Trial], options: argparse.Namespace) -> dict[str, list[dict[str, float]]]:
    """Return the figures of each trial's rounds, which alternate; the first round warms up, and is left out."""
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in trials}
    for round_number in range(options.rounds + 1):
        for name, trial in trials.items():
            figures = measure(*trial, options.clients, options.seconds)
            if round_number:
                rows[name].append(figures)
    return rows


def tell_ratio(what: str, figure: str, first: list[dict[str, float]], second: list[dict[str, float]]) -> None:
    """Print the ratio of a figure, round by round."""
    ratios = [ours[figure] / theirs[figure] for ours, theirs in zip(first, second, strict=True)]
    print(f"ratio of {what}: median {statistics.median(ratios):.2f} (min {min(ratios):.2f}, max {max(ratios):.2f})")


def main() -> None:
    """Start the processes, alternate the rounds, print the medians and the ratios."""
    options = options_of(__doc__)
    web, bare, vendor = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = settings_for(folder, web, vendor)
        manage(environment, "migrate", "-v0")
        demo = json.loads(manage(environment, "demo", "--json"))
        target = f"{demo['simulator_url']}/api/v1/cases?limit=25&offset=0"
        bare_environment = {"TARGET": target, "API_KEY": "fd-demo-key"}
        uvicorn = ["-m", "uvicorn", "benchmarks.bare_proxy:application", "--port", str(bare), "--no-access-log"]
        processes = [
            start(["-m", "demo"], environment, vendor),
            start(["-m", "config.serve"], environment, web),
            start([*uvicorn, "--log-level", "warning", "--lifespan", "off"], bare_environment, bare),
        ]
        try:
            report(processes, (web, bare), urlsplit(demo["mcp_url"]).path, Path(folder), options)
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                process.wait(20)


def report(
    processes: list[subprocess.Popen[bytes]],
    ports: tuple[int, int],
    path: str,
    folder: Path,
    options: argparse.Namespace,
) -> None:
    """Run the rounds and print the figures."""
    names = ("Patchbay", "bare proxy")
    for name, port in zip(names, ports, strict=True):
        (folder / f"{port}.http").write_bytes(prepared_request(path, port))
        with urllib.request.urlopen(
            urllib.request.Request(
                f"http://127.0.0.1:{port}{path}",
                data=json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": CALL}).encode(),
                headers={"Content-Type": "application/json"},
            )
        ) as warm:
            print(f"{name}: {counted(len(warm.read()), 'byte')} an answer")
    places = zip(names, processes[1:], ports, strict=True)
    trials = {name: (process, port, folder / f"{port}.http") for name, process, port in places}
    rows = alternated(trials, options)
    for name, rounds in rows.items():
        medians = {key: statistics.median(row[key] for row in rounds) for key in FIGURES}
        print(
            f"{name:11} {medians['calls_per_second']:7.0f} calls/s   p50 {medians['p50_ms']:6.2f} ms   "
            f"p99 {medians['p99_ms']:6.2f} ms   {medians['cpu_us']:5.0f} us CPU a call"
        )
    tell_ratio("calls/s", "calls_per_second", rows["Patchbay"], rows["bare proxy"])
    tell_ratio("CPU", "cpu_us", rows["bare proxy"], rows["Patchbay"])


if __name__ == "__main__":
    main()
