"""Django in a benchmark's own process: set up at the top of a module, before what needs its apps is imported."""

import atexit
import os
import shutil
import sys
import tempfile

import django


def own_folder() -> str:
    """Return a new folder for the data of this run, which is removed at its end."""
    folder = tempfile.mkdtemp(prefix="patchbay-benchmark-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def set_up(**settings: str) -> None:
    """Put settings into the environment, where processes that are started find them too, and set Django up."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ |= settings
    django.setup()


def set_up_on_postgresql(filled_with: str, **settings: str) -> None:
    """Set Django up on the PostgreSQL database that DATABASE_URL names; exit if it names none."""
    if not os.environ.get("DATABASE_URL", "").startswith("postgresql://"):
        sys.exit(f"Set DATABASE_URL to an empty PostgreSQL database: it is filled with {filled_with}.")
    set_up(**settings)
