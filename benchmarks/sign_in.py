"""Calls per second of a server that asks for sign-in, beside those of one with a URL, through the same web process.

Rounds alternate, and the ratio is taken round by round.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.tool_calls import FIGURES, ROOT, free_port, measure, prepared_request, start

# What a person's consent and the exchange of a code leave in the database.
ALLOW = """
from datetime import timedelta
from django.utils import timezone
from accounts import tokens
from accounts.models import IntegratedAccount, Membership
from mcpservers.lifecycle import create_server
from mcpservers.models import AccessToken
from mcpservers.sign_in.addresses import address_of
from mcpservers.sign_in.consents import allow, asking
from mcpservers.sign_in.registration import ClientMetadata, register
account, membership = IntegratedAccount.objects.get(), Membership.objects.get()
server, _ = create_server(account, "benchmark", name="S", methods=[], tags=[], authentication="sign_in")
client = register(ClientMetadata("benchmark", ("http://127.0.0.1/",)))
connection = allow(asking(server, client, membership.user, ["read", "write"]), reads_only=False, ends_at=None)
value = tokens.mint(tokens.ACCESS_PREFIX).value
row = AccessToken(user=membership.user, application=client, connection=connection, scope="read write",
                  resource=[address_of(server.pk)], expires=timezone.now() + timedelta(hours=1))
row._raw_token = value
row.save()
print(server.pk, value)
"""


def main() -> None:
    """Start the processes, alternate the rounds, print the medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    web, vendor = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "DATA_DIR": folder, "PORT": str(web), "SIMULATOR_PORT": str(vendor), "SIMULATOR_HOURLY_LIMIT": "0",
            "LOG_LEVEL": "WARNING", "DATABASE_URL": os.environ.get("DATABASE_URL", ""),
        }  # fmt: skip
        manage(environment, "migrate", "-v0")
        demo = json.loads(manage(environment, "demo", "--json"))
        server_id, token = manage(environment, "shell", "-v0", "-c", ALLOW).split()
        requests = {
            "url": prepared_request(urlsplit(demo["mcp_url"]).path, web),
            "sign_in": prepared_request(f"/mcp/s/{server_id}", web, f"Authorization: Bearer {token}\r\n"),
        }
        processes = [start(["-m", "demo"], environment, vendor), start(["-m", "config.serve"], environment, web)]
        try:
            report(processes[1], web, requests, Path(folder), options)
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
                process.wait(20)


def manage(environment: dict[str, str], *arguments: str) -> str:
    """Run a management command; return what it printed."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True, capture_output=True)
    return done.stdout.decode()


def report(
    process: subprocess.Popen[bytes], port: int, requests: dict[str, bytes], folder: Path, options: argparse.Namespace
) -> None:
    """Run the rounds and print the figures."""
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in requests}
    for name, request in requests.items():
        (folder / f"{name}.http").write_bytes(request)
    for round_number in range(options.rounds + 1):  # the first round warms up
        for name in requests:
            figures = measure(process, port, folder / f"{name}.http", options.clients, options.seconds)
            if round_number:
                rows[name].append(figures)
    for name, rounds in rows.items():
        medians = {key: statistics.median(row[key] for row in rounds) for key in FIGURES}
        print(f"{name:8} {medians['calls_per_second']:7.0f} calls/s   {medians['cpu_us']:5.0f} us CPU a call")
    pairs = list(zip(rows["sign_in"], rows["url"], strict=True))
    rate = [ours["calls_per_second"] / theirs["calls_per_second"] for ours, theirs in pairs]
    cpu = [ours["cpu_us"] / theirs["cpu_us"] for ours, theirs in pairs]
    print(f"ratio of calls/s: median {statistics.median(rate):.3f} (min {min(rate):.3f}, max {max(rate):.3f})")
    print(f"ratio of CPU a call: median {statistics.median(cpu):.3f} (min {min(cpu):.3f}, max {max(cpu):.3f})")


if __name__ == "__main__":
    main()
