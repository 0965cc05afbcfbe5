"""Commands that need the keys which the database was used with."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.errors import KeysUnusable
from accounts.keys.register import settle_keys


class KeyedCommand(BaseCommand):
    """A command that does not begin with other keys, under which it would store what nobody could use."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Check the keys, then run; config/start.py says when the database is away or not migrated."""
        refuse_other_keys()
        return super().execute(*args, **options)


def refuse_other_keys() -> None:
    """Raise CommandError if the keys are not the database's."""
    try:
        settle_keys()
    except KeysUnusable as unusable:
        raise CommandError(str(unusable)) from None
