"""Concurrent calls on an OAuth account whose access token has expired, and how many refreshes they cause.

Run as `python -m benchmarks.oauth_refresh` (`--redis URL`, `--database URL`, `--calls`, `--processes`, `--rounds`). The
authorization server with the API behind it, and each process that calls, are processes of their own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

from accounts.texts.counting import counted
from benchmarks.tool_calls import ROOT, free_port

# The embedded database unless another is named; each round creates the account again.
PREPARE = """
from datetime import timedelta
from django.utils import timezone
from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import Environment, OAuthGrant
from tests.vendors.authorization_server import FIELDS, bundle
from tools.documentation.bundles import load_bundle
from tools.rights import Operator
environment, _ = Environment.objects.get_or_create(name="Benchmark of refreshes")
integration = load_bundle(bundle({site!r}, "client"), Operator("benchmark")).integration
account = connect_account(environment, integration, "benchmark", name="Desk", fields=FIELDS)
ended = timezone.now() - timedelta(seconds=1)
OAuthGrant.objects.filter(pk=account.pk).update(expires_at=ended, refresh_at=ended)
print(account.pk)
"""


def counts(site: str) -> dict[str, int]:
    """Return the authorization server's counts."""
    with urllib.request.urlopen(f"{site}/counts") as answer:
        told: dict[str, int] = json.loads(answer.read())
        return told


def run(site: str, environment: dict[str, str], calls: int, processes: int) -> tuple[dict[str, int], int, float]:
    """Run one round; return the answers by status, the refreshes, and the seconds from the first call to the last."""
    manage = [sys.executable, "manage.py", "shell", "-v0", "-c", PREPARE.format(site=site)]
    made = subprocess.run(manage, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    before = counts(site).get("client_credentials", 0)
    command = [sys.executable, "-m", "tests.oauth_caller", made.stdout.split()[-1], str(calls // processes)]
    callers = [
        subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(processes)
    ]
    for caller in callers:
        assert caller.stdout
        caller.stdout.readline()
    started = time.perf_counter()
    for caller in callers:
        assert caller.stdin
        caller.stdin.write("go\n")
        caller.stdin.flush()
    answers: dict[str, int] = {}
    for caller in callers:
        assert caller.stdout
        for status, number in json.loads(caller.stdout.readline()).items():
            answers[status] = answers.get(status, 0) + number
    seconds = time.perf_counter() - started
    for caller in callers:
        caller.communicate(timeout=20)
    return answers, counts(site).get("client_credentials", 0) - before, seconds


def main() -> None:
    """Start the authorization server, run the rounds, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=64)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", default="", help="DATABASE_URL; a SQLite file of its own unless told.")
    parser.add_argument("--redis", default="", help="REDIS_URL; none unless told.")
    options = parser.parse_args()
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ, "DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "ERROR",
            "UPSTREAM_PRIVATE_HOSTS": "127.0.0.1", "DATABASE_URL": options.database, "REDIS_URL": options.redis,
        }  # fmt: skip
        uvicorn = [
            "-m",
            "uvicorn",
            "tests.vendors.authorization_server:application",
            "--port",
            str(port),
            "--no-access-log",
        ]
        server = subprocess.Popen(
            [sys.executable, *uvicorn, "--log-level", "warning", "--lifespan", "off"], cwd=ROOT, env=environment
        )
        try:
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
            where = f"{'PostgreSQL' if options.database else 'SQLite'}, {'with' if options.redis else 'without'} Redis"
            for _ in range(options.rounds):
                answers, refreshes, seconds = run(site, environment, options.calls, options.processes)
                print(
                    f"{where}: {counted(options.calls, 'call')}, processes {options.processes}, answers {answers}, "
                    f"refreshes {refreshes}, {seconds:.2f} s"
                )
        finally:
            server.terminate()
            server.wait(20)


if __name__ == "__main__":
    main()
