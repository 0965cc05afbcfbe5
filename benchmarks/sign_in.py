"""Calls per second of a server that asks for sign-in, beside those of one with a URL, through the same web process.

Rounds alternate, and the ratio is taken round by round.
"""

import argparse
import json
import signal
import statistics
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.tool_calls import (
    FIGURES,
    alternated,
    free_port,
    manage,
    options_of,
    prepared_request,
    settings_for,
    start,
    tell_ratio,
)

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
    options = options_of(__doc__)
    web, vendor = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = settings_for(folder, web, vendor)
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


def report(
    process: subprocess.Popen[bytes], port: int, requests: dict[str, bytes], folder: Path, options: argparse.Namespace
) -> None:
    """Run the rounds and print the figures."""
    files = {name: folder / f"{name}.http" for name in requests}
    for name, request in requests.items():
        files[name].write_bytes(request)
    rows = alternated({name: (process, port, file) for name, file in files.items()}, options)
    for name, rounds in rows.items():
        medians = {key: statistics.median(row[key] for row in rounds) for key in FIGURES}
        print(f"{name:8} {medians['calls_per_second']:7.0f} calls/s   {medians['cpu_us']:5.0f} us CPU a call")
    tell_ratio("calls/s", "calls_per_second", rows["sign_in"], rows["url"])
    tell_ratio("CPU a call", "cpu_us", rows["sign_in"], rows["url"])


if __name__ == "__main__":
    main()
