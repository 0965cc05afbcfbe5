"""What processes take that wait: web until it is asked for more, worker and beat with their regular tasks.

Run as `python -m benchmarks.idle_memory`. It uses the database of DATABASE_URL, which it migrates and fills with the
demo, and the Redis of REDIS_URL; without them, the embedded default. What is installed for development takes memory
too: for the figures of an installation, run it by an environment that was made from requirements.lock alone.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmarks.tool_calls import ROOT, free_port, start

# Until beat and worker have done each task that is due soon after the start, and a web process has settled.
TASKS_SECONDS = 40.0
SETTLING_SECONDS = 2.0
ACCEPT = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


def show(what: str, process: subprocess.Popen[bytes]) -> None:
    """Print what a process has in memory (VmRSS), and its share of it where pages are shared (Pss)."""
    resident = _megabytes(process, "status", "VmRSS")
    print(f"{what:<44} {resident:6.1f} MB, its share {_megabytes(process, 'smaps_rollup', 'Pss'):6.1f} MB", flush=True)


def _megabytes(process: subprocess.Popen[bytes], file: str, name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{process.pid}/{file}").read_text(), re.M)
    assert found is not None
    return int(found[1]) * 1024 / 1e6


def ask(address: str, method: str = "", params: object = None) -> None:
    """Send a GET, or a message of MCP; wait until the process has settled."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
    data = json.dumps(body).encode() if method else None
    with urllib.request.urlopen(urllib.request.Request(address, data, ACCEPT), timeout=30) as answer:
        answer.read()
    time.sleep(SETTLING_SECONDS)


def manage(environment: dict[str, str], *arguments: str) -> str:
    """Run a management command; return what it printed."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True, stdout=subprocess.PIPE)
    return done.stdout.decode()


def measure_web(environment: dict[str, str], mcp_url: str) -> None:
    """Start a web process, ask it for more and more, and show what it takes."""
    own = f"http://127.0.0.1:{environment['PORT']}"
    web = start(["-m", "config.serve"], environment, int(environment["PORT"]))
    try:
        ask(f"{own}/readyz")
        ask(f"{own}/livez")
        show("web, which has told that it is ready", web)
        ask(mcp_url, "tools/list")
        show("… and has listed an account's tools", web)
        ask(mcp_url, "tools/call", {"name": "list_all_fuse_desk_reps", "arguments": {}})
        show("… and has called one", web)
        ask(f"{own}/")
        show("… and has shown a page", web)
    finally:
        end(web)


def measure_background(environment: dict[str, str]) -> None:
    """Start worker and beat, and show what they take after a while."""
    program = [sys.executable, "-m", "config.background"]
    options = ["--pool", "threads", "--concurrency", "2", "--without-gossip", "--without-mingle"]
    schedule = ["--schedule", str(Path(environment["DATA_DIR"]) / "beat-schedule")]
    started = [
        subprocess.Popen([*program, *arguments], cwd=ROOT, env={**os.environ, **environment})
        for arguments in (["worker", *options], ["beat", *schedule])
    ]
    try:
        time.sleep(TASKS_SECONDS)
        for name, process in zip(("worker", "beat"), started, strict=True):
            show(name, process)
    finally:
        for process in started:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process, and wait for it."""
    process.terminate()
    process.wait(60)


def main() -> None:
    """Prepare an installation, and measure its processes one after another."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "DATA_DIR": folder, "LOG_LEVEL": "WARNING",
            "PORT": str(free_port()), "SIMULATOR_PORT": str(free_port()),
        }  # fmt: skip
        manage(environment, "migrate", "--verbosity", "0")
        manage(environment, "load_integration", "--verbosity", "0")
        mcp_url = json.loads(manage(environment, "demo", "--json"))["mcp_url"]
        simulator = start(["-m", "demo"], environment, int(environment["SIMULATOR_PORT"]))
        try:
            measure_web(environment, mcp_url)
            measure_background(environment)
        finally:
            end(simulator)


if __name__ == "__main__":
    main()
