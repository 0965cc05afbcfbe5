"""What processes import before they are asked for anything: what they use, and no more."""

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
WORKER = "import django; django.setup(); from config.celery import app; app.loader.import_default_modules()"
PAGES = {
    "config.urls", "portal.urls", "api.urls", "accounts.admin", "unfold.admin", "drf_spectacular.openapi", "ninja",
    "tantivy",
}  # fmt: skip


@pytest.mark.parametrize(
    ("process", "unused"), [(WEB, PAGES | {"celery", "kombu"}), (WORKER, PAGES | {"uvicorn"})], ids=["web", "worker"]
)
def test_an_idle_process_has_not_imported_what_it_does_not_use(process: str, unused: set[str], tmp_path: Path) -> None:
    told = "import json, sys; print(json.dumps([*sys.modules]))"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", f"{process}; {told}"], cwd=ROOT, env=environment, check=True, capture_output=True
    )
    assert unused & {*json.loads(done.stdout)} == set()


async def test_after_a_failure_the_next_request_imports_the_pages(settings: Settings) -> None:
    """A process whose files were used up for a moment must not do without pages for good."""
    pages, settings.ROOT_URLCONF = Pages(), "config.nowhere"
    with pytest.raises(ModuleNotFoundError):
        await pages.load()
    settings.ROOT_URLCONF = "config.urls"
    await pages.load()
