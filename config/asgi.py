"""The ASGI application of the web process: MCP requests to their endpoint, everything else to Django."""

import os

from channels.db import database_sync_to_async
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_asgi_application()

from accounts.upstream import close_shared_upstream  # noqa: E402  the apps must be loaded first
from mcpservers import endpoint  # noqa: E402
from mcpservers.endpoint import Receive, Scope, Send  # noqa: E402
from tools.record import recorder  # noqa: E402


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Route one connection."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http" and scope["path"].startswith(endpoint.PREFIX):
        await endpoint.application(scope, receive, send)
    else:
        await django_application(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif event["type"] == "lifespan.shutdown":
            await database_sync_to_async(recorder.flush)()
            await close_shared_upstream()
            await send({"type": "lifespan.shutdown.complete"})
            return
