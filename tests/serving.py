"""Serve an ASGI application over a socket: the product's own, the simulator, a fake vendor."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn


class _Server(uvicorn.Server):
    """Tells when it is up."""

    def __init__(self, app: object, **options: Any) -> None:
        usual = {"port": 0, "log_level": "warning", "lifespan": "off"}
        super().__init__(uvicorn.Config(app, **{**usual, **options}))  # type: ignore[arg-type]
        self.up = threading.Event()

    async def startup(self, sockets: object = None) -> None:
        await super().startup()
        self.up.set()


@contextmanager
def served(app: object, **options: Any) -> Iterator[str]:
    """Serve from a thread, at a port that the system chose, for as long as the block lasts; yield the address."""
    server = _Server(app, **options)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        assert server.up.wait(10)
        host, port = server.servers[0].sockets[0].getsockname()
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
