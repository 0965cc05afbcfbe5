"""Run a management command."""

import os
import sys

from django.conf import settings
from django.core.management import execute_from_command_line

from config.processes.private_files import keep_private


def main() -> None:
    """Run the command that the arguments name; config/start.py says why it cannot start."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    settings.INSTALLED_APPS  # noqa: B018  reading any setting reads the environment, which Django would do too late
    # Static files stay readable by others: the image is built by another user than the one it runs as.
    if sys.argv[1:2] != ["collectstatic"]:
        keep_private()
    execute_from_command_line(sys.argv)
