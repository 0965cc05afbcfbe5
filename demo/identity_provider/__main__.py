"""Run the provider: `python -m demo.identity_provider`, at a port of this machine alone."""

import argparse
import sys

import uvicorn

from demo.identity_provider.provider import CLIENT_ID, CLIENT_SECRET, DemoIdentityProvider

HOST = "127.0.0.1"
DEFAULT_PORT = 8002


def main() -> None:
    """Listen, say how Patchbay is told of it, and serve until a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m demo.identity_provider", description=__doc__)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"the port on {HOST} ({DEFAULT_PORT})")
    port: int = parser.parse_args().port
    sys.stderr.write(
        f"The demo identity provider is at http://{HOST}:{port}. Its client is {CLIENT_ID}, with the secret "
        f"{CLIENT_SECRET}.\n"
    )
    uvicorn.run(DemoIdentityProvider(), host=HOST, port=port, log_level="warning", access_log=False, lifespan="off")


if __name__ == "__main__":
    main()
