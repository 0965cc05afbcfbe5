"""`manage.py issue_api_token`: issue an API token from the command line, such as an installation's first one."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from accounts.api_tokens.issue import issue_token
from accounts.errors import TokenUnfit
from accounts.management.keyed import KeyedCommand
from accounts.models import ApiToken, Environment, Role
from accounts.models.people import MOST_TOKEN_DAYS

MADE_BY = "the command issue_api_token"


class Command(KeyedCommand):
    """Issue a service token, and print nothing else on stdout."""

    help = (
        "Issue a service token for an environment (created if it does not exist) and print it; it is shown only once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the environment and the token's properties."""
        parser.add_argument("environment", help="The environment's name.")
        parser.add_argument("--name", default="Command line", help="What the token is for.")
        parser.add_argument("--role", default=Role.ADMIN.value, choices=Role.values)
        parser.add_argument(
            "--days",
            type=int,
            help="Days until it expires, 90 by default; 0: never. The environment may set a maximum.",
        )
        parser.add_argument(
            "--network", action="append", default=[], help="An IP network it may be used from; repeat for several."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Issue the token, recorded in the audit record."""
        name = _name_of("environment", options["environment"], Environment)
        options["name"] = _name_of("token", options["name"], ApiToken)
        days: int | None = options["days"]
        if days is not None and not 0 <= days <= MOST_TOKEN_DAYS:
            raise CommandError(f"--days takes a whole number from 1 to {MOST_TOKEN_DAYS}, or 0 for never.")
        try:
            self.stdout.write(_issue(name, days, options))
        except TokenUnfit as unfit:
            raise CommandError(f"No token was made: {unfit}") from None


def _name_of(what: str, given: str, model: type[Environment | ApiToken]) -> str:
    """Return a name that fits its column; raise CommandError for any other."""
    name, most = given.strip(), model._meta.get_field("name").max_length or 0
    if not name or len(name) > most:
        raise CommandError(f"The {what} needs a name of 1 to {most} characters.")
    return name


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
