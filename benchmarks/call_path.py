"""The modules that one `tools/call` passes through, from the endpoint to the transport, in the order they are entered.

Run as `python -m benchmarks.call_path`. The simulator is a process of its own; the call is made in this one, the third
of its kind, so that caches are warm and only what every call pays for is seen. Modules of the product are counted.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import MutableMapping
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from benchmarks.installation import own_folder, set_up
from benchmarks.tool_calls import CALL, ROOT, free_port, start

VENDOR = free_port()
set_up(DATA_DIR=own_folder(), SIMULATOR_PORT=str(VENDOR), SIMULATOR_HOURLY_LIMIT="0", LOG_LEVEL="WARNING")

from accounts.vendors.upstream import close_shared_upstream  # noqa: E402  the apps must be loaded first
from config.asgi import application  # noqa: E402

ROOMS = ("accounts", "tools", "mcpservers", "api", "portal", "config")


def main() -> None:
    """Start the simulator, make the calls, print the modules of the last one."""
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True)
    seeded = subprocess.run([sys.executable, "manage.py", "demo", "--json"], cwd=ROOT, check=True, capture_output=True)
    simulator = start(["-m", "demo"], {}, VENDOR)
    try:
        url = urlsplit(json.loads(seeded.stdout)["mcp_url"])
        for number, module in enumerate(asyncio.run(passed_modules(url.path, url.netloc)), 1):
            print(f"{number:2} {module}")
    finally:
        simulator.terminate()
        simulator.wait(20)


async def passed_modules(path: str, host: str) -> list[str]:
    """Make a call three times; return the product's modules that the last one entered."""
    for _ in range(2):
        await call(path, host)
    modules: dict[str, None] = {}

    def entered(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_globals.get("__name__", "").partition(".")[0] in ROOMS:
            modules[frame.f_globals["__name__"]] = None

    sys.setprofile(entered)  # for this thread only: the record is written in another one
    try:
        await call(path, host)
    finally:
        sys.setprofile(None)
        await close_shared_upstream()
    names = list(modules)
    return names[names.index("mcpservers.endpoint") :]


async def call(path: str, host: str) -> None:
    """Send a `tools/call` as the server does; raise SystemExit if it fails."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": CALL}).encode()
    headers = {"host": host, "content-type": "application/json", "mcp-protocol-version": "2025-11-25"}
    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "scheme": "http", "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": b"", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "http_version": "1.1",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    received = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return received.pop() if received else await asyncio.Future()

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await application(scope, receive, send)
    answer = b"".join(message.get("body", b"") for message in sent)
    if sent[0]["status"] != 200 or b'"isError":true' in answer:
        raise SystemExit(f"the call failed: {answer[:300]!r}")


if __name__ == "__main__":
    main()
