#!/usr/bin/env python
"""Django's command line for Patchbay."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from config.private_files import keep_private


def main() -> None:
    """Run a management command, or exit with a sentence about the invalid setting."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        settings.INSTALLED_APPS  # noqa: B018  reading any setting reads the environment
    except ImproperlyConfigured as problem:
        sys.exit(f"Patchbay cannot start: {problem}")
    # Static files stay readable by others: the image is built by another user than the one it runs as.
    if sys.argv[1:2] != ["collectstatic"]:
        keep_private()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
