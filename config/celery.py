"""The Celery application: broker and schedule come from Django's settings."""

import os
import signal
import sys
import warnings
from importlib import import_module
from pathlib import Path
from types import FrameType

import django
from billiard import active_children
from celery.signals import beat_init, celeryd_init, setup_logging, worker_ready, worker_shutting_down
from django.conf import settings

from accounts.database.lanes import Lane, put_process_in
from config.background_work import file_broker
from config.background_work.task_spans import TracedCelery
from config.processes.private_files import keep_private
from config.processes.watchdog import end_within_limit
from config.start import start_failure

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Django's checks import the URLconf, and so every page, of which worker and beat have none; `migrate` runs them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

# Celery warns workers that run as root because of pickled messages; only JSON is sent here.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")

file_broker.install()
app = TracedCelery("patchbay")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def use_django_logging(**_: object) -> None:
    """Keep Celery from replacing the project's logging, which redacts tokens; a connected receiver is enough."""


@celeryd_init.connect
@beat_init.connect
def begin(**_: object) -> None:
    """Make the files of worker and beat private to their user, and stop if their keys are not the database's."""
    try:
        keep_private()
        django.setup()
        # Its models need the apps, which are loaded only now.
        import_module("config.keys").check_at_start()
    except Exception as failure:
        # Celery logs a handler's exception and goes on, except for this one.
        raise SystemExit(start_failure(failure)) from failure


@celeryd_init.connect
def say_nothing_beside_the_log(**_: object) -> None:
    """Keep Celery's handlers of signals from writing to standard output: they would wait for whoever reads it."""
    sys.__stdout__ = None  # type: ignore[misc]  # as Python has it for a process without one


@celeryd_init.connect
@beat_init.connect
def limit_statements(**_: object) -> None:
    """Give the process's database work the limits of tasks."""
    put_process_in(Lane.TASK)


@worker_ready.connect
def make_months(**_: object) -> None:
    """Make what the record of calls needs for the coming months, however long no worker was running."""
    app.send_task("tools.tasks.make_months")


@worker_shutting_down.connect
def end_worker(**_: object) -> None:
    """See to it that the worker ends: a warm shutdown waits for its tasks however long they take."""
    end_within_limit(_end_beside_tasks)


def _end_beside_tasks() -> str:
    """End the beat that a worker embeds, which would outlive it; return what is lost."""
    for child in active_children():
        child.terminate()
    return "tasks may be under way, and are started again by the schedule"


@beat_init.connect
def end_beat(**_: object) -> None:
    """See to it that beat ends: at SIGTERM it writes its schedule, and may be sending a task."""
    usual = signal.getsignal(signal.SIGTERM)

    def end(number: int, frame: FrameType | None) -> None:
        end_within_limit(lambda: "a task may not have been sent")
        if callable(usual):
            usual(number, frame)

    signal.signal(signal.SIGTERM, end)


@app.on_configure.connect
def make_broker_folders(**_: object) -> None:
    """Create the folders of the embedded broker, which kombu does not create."""
    for name in ("data_folder_in", "control_folder"):
        folder = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get(name)
        if folder:
            for each in (Path(str(folder)).parent, Path(str(folder))):
                each.mkdir(mode=0o700, parents=True, exist_ok=True)
