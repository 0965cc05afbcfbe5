"""The web process: uvicorn with the project's logging. Run as `python -m config.serve`."""

import asyncio
import os
import signal
import socket
import sys
import time
from types import FrameType

import django
import uvicorn
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from accounts.texts.counting import counted  # noqa: E402  the apps must be loaded first
from config.clients.connections import ClientConnection  # noqa: E402
from config.keys import check_at_start  # noqa: E402
from config.processes.open_files import raise_limit  # noqa: E402
from config.processes.ports import check_port  # noqa: E402
from config.processes.private_files import keep_private  # noqa: E402
from config.processes.watchdog import end_within_limit  # noqa: E402
from config.static_files import check_static_files  # noqa: E402
from mcpservers.streaming.streams import hub  # noqa: E402
from portal.activity.feed import feed  # noqa: E402

# How long open connections may still bring a request after new ones are refused.
DRAIN_SECONDS = 1.0
DRAIN_POLL_SECONDS = 0.05


class WebServer(uvicorn.Server):
    """A uvicorn server that ends streams and drains keep-alive connections before it waits for requests."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop, and see to it that the process ends."""
        if not self.should_exit:
            end_within_limit(lambda: f"{counted(len(self.server_state.tasks), 'request')} under way")
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then shut down as uvicorn does: calls in flight have SHUTDOWN_SECONDS to finish."""
        hub.end_all()
        feed.end_all()
        await self._drain()
        await super().shutdown(sockets)

    async def _drain(self) -> None:
        """Refuse new connections, and answer one last request on each open one.

        Closing an idle connection could lose a request that a proxy is just sending; it may not retry a POST
        (RFC 9110, section 9.2.2).
        """
        for server in self.servers:
            server.close()
        self.server_state.default_headers.append((b"connection", b"close"))
        deadline = time.monotonic() + DRAIN_SECONDS
        while self.server_state.connections and not self.force_exit and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(DRAIN_POLL_SECONDS)


def main() -> None:
    """Serve until SIGTERM or SIGINT; open requests have SHUTDOWN_SECONDS to finish."""
    keep_private()
    check_port("PORT", settings.PORT)
    check_static_files()
    check_at_start()
    raise_limit()
    # uvicorn raises the signal again after its shutdown; a clean stop should exit with 0.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    config = uvicorn.Config(
        "config.asgi:application",
        host=settings.HOST,
        port=settings.PORT,
        http=ClientConnection,
        ws="none",  # streams are server-sent events
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
