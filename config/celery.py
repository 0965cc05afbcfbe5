"""The Celery application: broker and schedule come from Django's settings."""

import os
import warnings
from pathlib import Path

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Celery warns a worker that runs as root, for the sake of pickled messages; only JSON is sent here.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")

app = Celery("patchbay")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def use_django_logging(**_: object) -> None:
    """Keep Celery from replacing the project's logging, and with it the redaction of tokens."""


@app.on_configure.connect
def make_broker_folders(**_: object) -> None:
    """Make the folders of the embedded broker, which it does not make by itself."""
    for name in ("data_folder_in", "control_folder"):
        folder = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get(name)
        if folder:
            Path(str(folder)).mkdir(mode=0o700, parents=True, exist_ok=True)
