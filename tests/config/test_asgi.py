"""What processes import before they are asked for anything, what their settings call for, and what they let go of."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from config.asgi import Pages

ROOT = Path(__file__).resolve().parents[2]
WEB = "import config.serve, config.asgi"
WORKER = "import config.background, django; django.setup(); config.background.app.loader.import_default_modules()"
PAGES = {
    "config.urls", "portal.urls", "api.urls", "accounts.admin", "unfold.admin", "drf_spectacular.openapi", "ninja",
    "tantivy",
}  # fmt: skip
SERVICES = {"redis", "channels_redis", "psycopg", "psycopg_pool"}
# What a call to a vendor takes, a secret, and traces.
CALLS = {"aiohttp", "cryptography.hazmat", "opentelemetry.sdk.metrics", "opentelemetry.sdk.trace"}
WEB_UNUSED = PAGES | CALLS | {"celery", "kombu", "requests"}
WORKER_UNUSED = PAGES | CALLS | {"uvicorn", "prompt_toolkit", "tools.catalogue", "jsonschema_rs"}
EMBEDDED = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
SCALED_OUT = {"DATABASE_URL": "postgresql://patchbay@127.0.0.1:1/patchbay", "REDIS_URL": "redis://127.0.0.1:1/0"}


def imported(process: str, environment: dict[str, str], folder: Path) -> set[str]:
    """Return the modules that are there once a program is; those that were left out are none."""
    told = "import json, sys; print(json.dumps([name for name, module in sys.modules.items() if module]))"
    done = subprocess.run(
        [sys.executable, "-c", f"{process}; {told}"], cwd=ROOT, check=True, capture_output=True,
        env={**EMBEDDED, "DJANGO_SETTINGS_MODULE": "config.settings", "DATA_DIR": str(folder), **environment},
    )  # fmt: skip
    return {*json.loads(done.stdout)}


@pytest.mark.parametrize(("process", "unused"), [(WEB, WEB_UNUSED), (WORKER, WORKER_UNUSED)], ids=["web", "worker"])
def test_an_idle_process_of_the_embedded_default_has_not_imported_what_it_does_not_use(
    process: str, unused: set[str], tmp_path: Path
) -> None:
    assert (unused | SERVICES) & imported(process, {}, tmp_path) == set()


def test_pages_of_the_embedded_default_do_without_the_clients_of_services(tmp_path: Path) -> None:
    found = imported(f"{WEB}, config.urls", {}, tmp_path)
    assert "unfold.admin" in found
    assert SERVICES & found == set()


@pytest.mark.parametrize(("process", "unused"), [(WEB, WEB_UNUSED), (WORKER, WORKER_UNUSED)], ids=["web", "worker"])
def test_an_idle_process_with_services_has_imported_their_clients_and_no_more(
    process: str, unused: set[str], tmp_path: Path
) -> None:
    layer = "from channels.layers import get_channel_layer; get_channel_layer()"
    found = imported(f"{process}; {layer}", SCALED_OUT, tmp_path)
    assert found >= SERVICES
    assert unused & found == set()


def test_with_traces_nothing_of_opentelemetry_is_left_out(tmp_path: Path) -> None:
    traced = {**SCALED_OUT, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    assert "opentelemetry.sdk.metrics" in imported(WEB, traced, tmp_path)


# A REST request leaves about a thousand objects in cycles: its view, the page of rows, their serializers.
ANSWERING = """
import weakref
from collections import deque
from config.asgi import settle_memory
class View:
    def __init__(self):
        self.itself, self.rows = self, [[] for _ in range(1000)]
settle_memory()
under_way, held, most = deque(maxlen=8), weakref.WeakSet(), 0
for _ in range(2000):
    view = View()
    under_way.append(view)
    held.add(view)
    most = max(most, len(held))
print(most)
"""


def test_what_requests_leave_in_cycles_is_freed_before_long(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ANSWERING], cwd=ROOT, check=True, capture_output=True, text=True,
        env={**EMBEDDED, "DJANGO_SETTINGS_MODULE": "config.settings", "DATA_DIR": str(tmp_path)},
    )  # fmt: skip
    assert int(done.stdout) < 150


async def test_after_a_failure_the_next_request_imports_the_pages(settings: Settings) -> None:
    """A process whose files were used up for a moment must not do without pages for good."""
    pages, settings.ROOT_URLCONF = Pages(), "config.nowhere"
    with pytest.raises(ModuleNotFoundError):
        await pages.load()
    settings.ROOT_URLCONF = "config.urls"
    await pages.load()
