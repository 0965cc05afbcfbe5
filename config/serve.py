"""The web process: uvicorn with the project's logging. Run as `python -m config.serve`."""

import os
import socket

import django
import uvicorn
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from mcpservers.streams import hub  # noqa: E402  the apps must be loaded first


class Server(uvicorn.Server):
    """Uvicorn that tells open streams to go before it waits for open connections to end."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then stop as uvicorn does: calls in flight finish within SHUTDOWN_SECONDS."""
        hub.end_all()
        await super().shutdown(sockets)


def main() -> None:
    """Serve until told to stop; open requests may finish within the time that the settings allow."""
    config = uvicorn.Config(
        "config.asgi:application",
        host=settings.HOST,
        port=settings.PORT,
        log_config=None,
        access_log=settings.ACCESS_LOG,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.FORWARDED_ALLOW_IPS,
        timeout_graceful_shutdown=settings.SHUTDOWN_SECONDS,
        timeout_keep_alive=75,
    )
    Server(config).run()


if __name__ == "__main__":
    main()
