"""Run the simulator: `python -m demo`.

SIMULATOR_PORT          the port on 127.0.0.1 (8001)
SIMULATOR_API_KEY       the key with every scope (fd-demo-key)
SIMULATOR_HOURLY_LIMIT  requests an hour (1800); 0 counts none
LOG_FORMAT              json says the first line as one JSON object
"""

import json
import os
import signal
import socket
import sys

import uvicorn

from demo.simulator import DEFAULT_HOURLY_LIMIT, DEFAULT_KEY, create_app

HOST = "127.0.0.1"
DEFAULT_PORT = 8001


class SimulatorServer(uvicorn.Server):
    """A server that closes its connections when it stops, since deliberately late answers would keep it for minutes."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.close()
        await super().shutdown(sockets)


def main() -> None:
    """Read the environment, listen, and serve until a signal comes."""
    # uvicorn raises a signal again after its shutdown, and handles none before it has started.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    port = _whole_number("SIMULATOR_PORT", DEFAULT_PORT, at_least=1, at_most=65_535)
    limit = _whole_number("SIMULATOR_HOURLY_LIMIT", DEFAULT_HOURLY_LIMIT, at_least=0, at_most=1_000_000)
    listener = _listen(port)
    app = create_app(hourly_limit=limit, api_key=os.environ.get("SIMULATOR_API_KEY") or DEFAULT_KEY)
    config = uvicorn.Config(
        app,
        access_log=False,
        log_level="warning",
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    _say(f"The FuseDesk simulator listens on http://{HOST}:{port}/api/")
    SimulatorServer(config).run(sockets=[listener])


def _say(sentence: str) -> None:
    as_json = os.environ.get("LOG_FORMAT", "").strip() == "json"
    line = json.dumps({"event": sentence, "level": "info", "logger": "demo"}) if as_json else sentence
    sys.stderr.write(f"{line}\n")


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(2048)
    except OSError as error:
        sys.exit(f"Cannot listen on {HOST}:{port} ({error.strerror}). Set SIMULATOR_PORT to a free port.")
    return listener


def _whole_number(name: str, default: int, *, at_least: int, at_most: int) -> int:
    text = os.environ.get(name, "").strip() or str(default)
    if not text.isascii() or not text.isdigit() or not at_least <= int(text) <= at_most:
        sys.exit(f"{name} must be a whole number from {at_least} to {at_most}.")
    return int(text)


if __name__ == "__main__":
    main()
