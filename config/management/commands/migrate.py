"""`manage.py migrate`: Django's, but one at a time."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from config.migration_lock import migrating


class Command(migrate.Command):
    """Django's command; of two that are started at once, the second waits for the first."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate; `--check` and `--plan` only read, and wait for nobody."""
        if options["check_unapplied"] or options["plan"]:
            super().handle(*args, **options)
            return
        with migrating(connections[options["database"]], self._say_that_it_waits):
            super().handle(*args, **options)

    def _say_that_it_waits(self) -> None:
        self.stderr.write("Another process is migrating this database: waiting until it has ended.")
