"""`manage.py check_keys`: whether the keys are those that the database was used with, and the way on without one."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.keys.giving_up import give_up, refused_findings
from accounts.keys.report import key_reports
from accounts.keys.words import display_name, loss
from accounts.texts.counting import counted

FAILS = 1


class Command(BaseCommand):
    """Report every key, or give up one that is lost for good."""

    help = (
        "Hold TOKEN_KEY, SECRET_KEY and CREDENTIAL_KEYS against the database, and decrypt a sample. Exits with 1 if a "
        "key is wrong or missing, or a text cannot be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare --json for programs, and --accept to go on without a key."""
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")
        parser.add_argument(
            "--accept",
            metavar="KEY",
            help="Give up the database's key of this name (TOKEN_KEY, SECRET_KEY or CREDENTIAL_KEYS:ID) for good: the "
            "one that is given now takes its place.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Give up a key if told to; report otherwise."""
        if options["accept"]:
            self._accept(options["accept"])
            return
        reports = key_reports()
        passes = all(report.passes for report in reports)
        if options["json"]:
            self.stdout.write(json.dumps({"passes": passes, "keys": [report.as_json() for report in reports]}))
        else:
            self.stdout.write("\n".join(f"{report.finding.state.value:<8} {report.words}" for report in reports))
        if not passes:
            raise SystemExit(FAILS)

    def _accept(self, name: str) -> None:
        refused = refused_findings()
        finding = refused.get(name)
        if finding is None:
            choice = ", ".join(refused) or "none is wrong or missing"
            raise CommandError(f"{name} is not a key that could be given up ({choice}). Nothing was changed.")
        stopped = give_up(finding)
        self.stdout.write(f"Given up: {display_name(name)}. Lost: {loss(finding)}.")
        if stopped:
            self.stdout.write(f"{counted(stopped, 'account')} must be connected again, which the portal lists.")
        self.stdout.write("Restart every process.")
