"""The web process: uvicorn with the project's logging. Run as `python -m config.serve`."""

import asyncio
import os
import signal
import socket
import sys
import time

import django
import uvicorn
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from config.connections import ClientConnection  # noqa: E402  the apps must be loaded first
from config.private_files import keep_private  # noqa: E402
from mcpservers.streams import hub  # noqa: E402
from portal.activity.feed import feed  # noqa: E402

# How long connections that a proxy keeps open may still bring a request, once new ones are refused.
DRAIN_SECONDS = 1.0
DRAIN_POLL_SECONDS = 0.05


class WebServer(uvicorn.Server):
    """Uvicorn that tells open streams to go, and proxies to go elsewhere, before it waits for connections to end."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then stop as uvicorn does: calls in flight finish within SHUTDOWN_SECONDS."""
        hub.end_all()
        feed.end_all()
        await self._drain()
        await super().shutdown(sockets)

    async def _drain(self) -> None:
        """Refuse new connections, and answer what comes on the open ones, each for the last time.

        To close an idle connection at once would lose the request that a proxy is just sending on it: it may not
        send a POST again (RFC 9110, 9.2.2).
        """
        for server in self.servers:
            server.close()
        self.server_state.default_headers.append((b"connection", b"close"))
        deadline = time.monotonic() + DRAIN_SECONDS
        while self.server_state.connections and not self.force_exit and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(DRAIN_POLL_SECONDS)


def main() -> None:
    """Serve until told to stop; open requests may finish within the time that the settings allow."""
    keep_private()
    # uvicorn raises the signal again once it has shut down; a stop that went well is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    config = uvicorn.Config(
        "config.asgi:application",
        host=settings.HOST,
        port=settings.PORT,
        http=ClientConnection,
        ws="none",
        log_config=None,
        access_log=False,  # config/middleware/requests.py logs requests, with their ids
        server_header=False,
        proxy_headers=bool(settings.FORWARDED_ALLOW_IPS),
        forwarded_allow_ips=settings.FORWARDED_ALLOW_IPS,
        timeout_graceful_shutdown=settings.SHUTDOWN_SECONDS,
        timeout_keep_alive=75,
    )
    WebServer(config).run()


if __name__ == "__main__":
    main()
