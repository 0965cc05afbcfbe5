"""`manage.py up`: run every process of the Procfile in the foreground, until Ctrl-C."""

import http.client
import os
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from honcho.environ import parse_procfile
from honcho.printer import Printer

from accounts.management.keyed import refuse_other_keys
from config import environment as env
from config.processes.output import JsonPrinter, own_output
from config.processes.ports import PortUnusable, check_port
from config.processes.supervision import Supervisor
from config.schema import unapplied_words

START_SECONDS = 60


class Command(BaseCommand):
    """Run web, worker with beat, and the FuseDesk simulator unless SIMULATOR=0 or DEBUG=0."""

    help = "Run every process of the Procfile in the foreground, until Ctrl-C. SIMULATOR=0 leaves the simulator out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare nothing: PORT, SIMULATOR_PORT, DATA_DIR and SIMULATOR come from the environment."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until stopped, or until a process cannot start; exit with its status."""
        sys.exit(run_processes())


def run_processes(when_ready: Callable[[], None] | None = None) -> int:
    """Run the Procfile's processes and return an exit status; call `when_ready` once the web process answers."""
    commands = parse_procfile((Path(settings.BASE_DIR) / "Procfile").read_text()).processes
    if not env.flag("SIMULATOR", default=settings.LOCAL):
        del commands["simulator"]
    check_ports(simulator="simulator" in commands)
    check_schema()
    refuse_other_keys()
    supervisor = Supervisor(
        JsonPrinter(own_output()) if settings.LOG_FORMAT == "json" else Printer(own_output()),
        folder=Path(settings.BASE_DIR),
        environment=process_environment(),
        # More than the web process needs for calls in flight.
        stop_seconds=settings.SHUTDOWN_SECONDS + 5,
    )
    for name, command in commands.items():
        supervisor.add(name, command, is_needed=name == "web")
    if when_ready is not None:
        threading.Thread(target=call_when_ready, args=(when_ready,), daemon=True).start()
    return supervisor.run()


def process_environment() -> dict[str, str]:
    """Return the environment of every process: this one's, with the interpreter's folder first in PATH."""
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "DATA_DIR": str(settings.DATA_DIR),
        "PORT": str(settings.PORT),
        "SIMULATOR_PORT": str(settings.SIMULATOR_PORT),
        "PYTHONUNBUFFERED": "1",
    }


def check_ports(*, simulator: bool) -> None:
    """Raise CommandError if a required port cannot be used."""
    try:
        check_port("PORT", settings.PORT)
        if simulator:
            check_port("SIMULATOR_PORT", settings.SIMULATOR_PORT)
    except PortUnusable as unusable:
        raise CommandError(str(unusable)) from None


def check_schema() -> None:
    """Raise CommandError if the database lacks a migration of this release."""
    words = unapplied_words()
    if words:
        raise CommandError(f"The database has not been migrated to this release: {words}.")


def call_when_ready(when_ready: Callable[[], None]) -> None:
    """Call `when_ready` once the web process answers; give up silently, because that process reports its errors."""
    deadline = time.monotonic() + START_SECONDS
    while not _answers():
        if time.monotonic() >= deadline:
            return
        time.sleep(0.1)
    when_ready()


def _answers() -> bool:
    """Return whether the web process answers where it listens."""
    # Not urllib: it would ask a proxy that the environment names.
    connection = http.client.HTTPConnection(settings.HOST, settings.PORT, timeout=1)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
