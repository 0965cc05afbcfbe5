"""The ASGI application of the web process: monitoring, MCP, the activity stream, and Django for the rest."""

import asyncio
import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.urls import set_script_prefix

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_asgi_application()

from accounts.allowances import close_counts  # noqa: E402
from accounts.broadcast import listen  # noqa: E402
from accounts.database.lanes import Lane, put_process_in  # noqa: E402
from accounts.vendors.upstream import close_shared_upstream  # noqa: E402
from config.health import livez, readiness, readyz  # noqa: E402
from config.middleware import heads, plain_http  # noqa: E402  the apps must be loaded first
from config.middleware.body_limit import limited  # noqa: E402
from config.middleware.requests import observed  # noqa: E402
from config.monitoring.metrics import metrics  # noqa: E402
from config.monitoring.traces import no_tracing, start_tracing  # noqa: E402
from config.processes.open_files import open_files  # noqa: E402
from mcpservers import cancellations, endpoint  # noqa: E402
from mcpservers.clients import introductions  # noqa: E402
from mcpservers.replies import Application, Receive, Scope, Send  # noqa: E402
from portal.activity import stream as activity_stream  # noqa: E402
from tools.record.intents import finish_intents  # noqa: E402
from tools.record.recorder import recorder  # noqa: E402

# Answered without metrics, access log and ALLOWED_HOSTS.
MONITORING: dict[str, Application] = {"/livez": livez, "/readyz": readyz, "/metrics": metrics}


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Route a request, or handle startup and shutdown."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    if scope["type"] != "http":
        raise ValueError(f"{scope['type']} is not served")
    if settings.PUBLIC_PATH:
        scope = without_public_path(scope)
        # For links that are written outside Django's handler.
        set_script_prefix(settings.PUBLIC_PATH)
    if (monitoring := MONITORING.get(scope["path"].rstrip("/"))) is not None:
        await monitoring(scope, receive, send)
    else:
        await observed(_answer, scope, receive, send)


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    if (problem := heads.problem_of(scope) or plain_http.problem_of(scope)) is not None:
        await heads.refuse(scope, send, *problem)
    elif scope["path"].startswith(endpoint.PREFIX):
        await endpoint.application(scope, receive, send)
    elif scope["path"].rstrip("/") == activity_stream.PATH:
        await activity_stream.application(scope, receive, send)
    else:
        await pages.load()
        await limited(django_application, _with_public_path(scope), receive, send, limit=settings.MAX_UPLOAD_BYTES)


def without_public_path(scope: Scope) -> Scope:
    """Return a scope whose path is Patchbay's own, whether or not the proxy has removed the path of PUBLIC_URL."""
    path, prefix = scope["path"], settings.PUBLIC_PATH
    inner = path.removeprefix(prefix) if path == prefix or path.startswith(f"{prefix}/") else path
    return {**scope, "path": inner or "/"}


def _with_public_path(scope: Scope) -> Scope:
    """Return a scope with the path that people see, of which Django removes FORCE_SCRIPT_NAME."""
    return {**scope, "path": settings.PUBLIC_PATH + scope["path"]} if settings.PUBLIC_PATH else scope


class Pages:
    """Everything behind the URLconf: portal, admin, REST, a fifth of the process's memory.

    It is imported in a thread, for the first request that needs it; Django would import it in the event loop, which
    would block all other requests for a second. A process that only answers models never needs it.
    """

    def __init__(self) -> None:
        self._loading: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Return once the URLconf is imported; after a failure, the next request tries again."""
        loading = self._loading
        if loading is None or loading.get_loop() is not asyncio.get_running_loop() or _has_failed(loading):
            loading = self._loading = asyncio.create_task(asyncio.to_thread(self._import))
        # A request that is cancelled must not stop the import for the others.
        await asyncio.shield(loading)

    def _import(self) -> None:
        import_module(settings.ROOT_URLCONF)
        gc.freeze()


def _has_failed(task: "asyncio.Task[None]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


pages = Pages()


def settle_memory() -> None:
    """Exempt the objects loaded at startup from garbage collection: they are permanent, and each pass visits them.

    A REST request leaves its view and its page of rows in a cycle. What a pass finds in use waits for one of the next
    generation; these come soon, since rows are large and a pass over many of them holds up all requests. Python puts
    off full passes by itself while little is new.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 2, 5)


async def _lifespan(receive: Receive, send: Send) -> None:
    listening: list[asyncio.Task[None]] = []
    stop_tracing = no_tracing
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            put_process_in(Lane.REQUEST)
            stop_tracing = start_tracing()
            settle_memory()
            heard = (listen(), cancellations.listen(), introductions.listen())
            lasting = (*heard, readiness.watch(), open_files.watch())
            listening = [asyncio.create_task(each) for each in lasting]
            await send({"type": "lifespan.startup.complete"})
        elif event["type"] == "lifespan.shutdown":
            for task in listening:
                task.cancel()
            await endpoint.finish_background()
            await asyncio.to_thread(finish_intents)
            await asyncio.to_thread(recorder.close)
            # After the background calls, which still use it.
            await close_shared_upstream()
            await close_counts()
            stop_tracing()
            await send({"type": "lifespan.shutdown.complete"})
            return
