"""`manage.py issue_api_token`: make an API token from the command line, as for a new installation's first one."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.api_tokens.issue import issue_token
from accounts.errors import TokenUnfit
from accounts.models import Environment, Role
from accounts.models.people import MOST_TOKEN_DAYS

MADE_BY = "the command issue_api_token"


class Command(BaseCommand):
    """Print the token, alone on stdout: it is shown this once."""

    help = "Make a service token of an environment (made if it is not there) and print it; it is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the environment, a name, a role, days, networks."""
        parser.add_argument("environment", help="The environment's name.")
        parser.add_argument("--name", default="Command line", help="What the token is for.")
        parser.add_argument("--role", default=Role.ADMIN.value, choices=Role.values)
        parser.add_argument(
            "--days", type=int, help="When it ends; 0: never. Held to what the environment allows; 90 unless told."
        )
        parser.add_argument(
            "--network", action="append", default=[], help="An IP network that it may be used from; may be repeated."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Issue the token, with a trace in the audit record."""
        name = options["environment"].strip()
        if not name:
            raise CommandError("The environment needs a name.")
        days: int | None = options["days"]
        if days is not None and not 0 <= days <= MOST_TOKEN_DAYS:
            raise CommandError(f"--days takes a whole number from 1 to {MOST_TOKEN_DAYS}, or 0 for never.")
        try:
            self.stdout.write(_issue(name, days, options))
        except TokenUnfit as unfit:
            raise CommandError(f"No token was made: {unfit}") from None


@transaction.atomic
def _issue(environment_name: str, days: int | None, options: dict[str, Any]) -> str:
    environment, _ = Environment.objects.get_or_create(name=environment_name)
    _, value = issue_token(
        environment,
        MADE_BY,
        name=options["name"],
        role=Role(options["role"]),
        expires_at=timezone.now() + timedelta(days=days) if days else None,
        endless=days == 0,
        networks=options["network"],
    )
    return value
