"""How long after a DELETE's answer another replica still serves the server: 100 rounds, median and worst.

Run as `python -m benchmarks.revocation` with DATABASE_URL and REDIS_URL set: two web processes share them, one
deletes, the other is asked without pause until it refuses.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import httpx

from accounts.texts.counting import counted
from benchmarks.tool_calls import ROOT, free_port, start

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
REFUSED = 404


def one_round(client: httpx.Client, servers: str, authorization: dict[str, str], replica: str) -> float:
    """Make a server, use it at the replica, delete it; return the milliseconds until the replica refuses it."""
    made = client.post(servers, json={"name": "Revocation"}, headers=authorization).json()
    url = f"{replica}/mcp/{made['token']}"
    client.post(url, json=PING).raise_for_status()
    client.delete(f"{servers}/{made['id']}", headers=authorization).raise_for_status()
    answered = time.perf_counter()
    while client.post(url, json=PING).status_code != REFUSED:
        pass
    return (time.perf_counter() - answered) * 1000


def main() -> None:
    """Start two replicas, run the rounds, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    options = parser.parse_args()
    if not os.environ.get("DATABASE_URL") or not os.environ.get("REDIS_URL"):
        raise SystemExit("Two replicas share a database and a channel layer: set DATABASE_URL and REDIS_URL.")
    first, second = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "DATA_DIR": folder, "PORT": str(first), "LOG_LEVEL": "WARNING"}
        manage = [sys.executable, "manage.py"]
        subprocess.run([*manage, "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
        seeded = subprocess.run([*manage, "demo", "--json"], cwd=ROOT, env=environment, check=True, capture_output=True)
        demo = json.loads(seeded.stdout)
        replicas = [start(["-m", "config.serve"], {**environment, "PORT": str(port)}, port) for port in (first, second)]
        try:
            servers = f"http://127.0.0.1:{first}/integrated-account/{demo['integrated_account_id']}/mcp"
            authorization = {"Authorization": f"Bearer {demo['api_token']}"}
            with httpx.Client(timeout=20) as client:
                times = [
                    one_round(client, servers, authorization, f"http://127.0.0.1:{second}")
                    for _ in range(options.rounds)
                ]
        finally:
            for process in replicas:
                process.send_signal(signal.SIGTERM)
            for process in replicas:
                process.wait(20)
    print(f"{counted(len(times), 'round')}: median {statistics.median(times):.1f} ms, worst {max(times):.1f} ms")


if __name__ == "__main__":
    main()
