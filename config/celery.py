"""The Celery application: broker and schedule come from Django's settings."""

import os
import warnings
from pathlib import Path

from celery import Celery
from celery.signals import beat_init, celeryd_init, setup_logging
from django.conf import settings

from config.private_files import keep_private

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Django's checks import the URLconf, and so every page, of which worker and beat have none; `migrate` runs them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

# Celery warns workers that run as root because of pickled messages; only JSON is sent here.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")

app = Celery("patchbay")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def use_django_logging(**_: object) -> None:
    """Keep Celery from replacing the project's logging, which redacts tokens; a connected receiver is enough."""


@celeryd_init.connect
@beat_init.connect
def close_files(**_: object) -> None:
    """Make the files of worker and beat private to their user."""
    keep_private()


@app.on_configure.connect
def make_broker_folders(**_: object) -> None:
    """Create the folders of the embedded broker, which kombu does not create."""
    for name in ("data_folder_in", "control_folder"):
        folder = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get(name)
        if folder:
            for each in (Path(str(folder)).parent, Path(str(folder))):
                each.mkdir(mode=0o700, parents=True, exist_ok=True)
