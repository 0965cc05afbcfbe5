"""`manage.py issue_api_token`: make an API token from the command line, as for a new installation's first one."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.issuing import issue_token
from accounts.models import Environment, Role


class Command(BaseCommand):
    """Print the token, alone on stdout: it is shown this once."""

    help = "Make an API token of an environment (made if it is not there) and print it; it is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the environment, a name, a role."""
        parser.add_argument("environment", help="The environment's name.")
        parser.add_argument("--name", default="Command line", help="What the token is for.")
        parser.add_argument("--role", default=Role.ADMIN.value, choices=Role.values)

    def handle(self, *args: Any, **options: Any) -> None:
        """Issue the token, with a trace in the audit record."""
        name = options["environment"].strip()
        if not name:
            raise CommandError("The environment needs a name.")
        environment, _ = Environment.objects.get_or_create(name=name)
        _, value = issue_token(environment, "issue_api_token", name=options["name"], role=Role(options["role"]))
        self.stdout.write(value)
