"""`manage.py lint_tools`: report how well documentation records serve models, to people or to a CI job."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Integration
from accounts.texts.counting import counted
from tools.documentation.verdicts import Report, report_of
from tools.models import Documentation, State

MINIMUM = 0
BEST = 100


class Command(BaseCommand):
    """Print scores and reasons; exit with 1 if something is not good enough."""

    help = (
        "Score the documentation records of integrations and say what would make them better. Exits with 1 when a "
        "published record is a draft, or has fewer points than --minimum; with 0 otherwise."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("integrations", nargs="*", help="Names of integrations; all of them if none is named.")
        parser.add_argument("--minimum", type=int, default=MINIMUM, help="The fewest points of a record, 0 to 100.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object instead of text.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Lint, print, and exit with 1 unless everything is good enough."""
        minimum: int = options["minimum"]
        if not 0 <= minimum <= BEST:
            raise CommandError("--minimum takes a number from 0 to 100.")
        reports = [report_of(integration) for integration in _chosen(options["integrations"])]
        failed = [record for report in reports for record in _failed(report, minimum)]
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(reports, minimum, failed), indent=2))
        else:
            for report in reports:
                self.stdout.write(_as_text(report, minimum))
            self.stdout.write(_summary(failed, minimum))
        if failed:
            raise SystemExit(1)


def _chosen(names: list[str]) -> list[Integration]:
    rows = Integration.objects.order_by("name")
    if not names:
        return list(rows)
    found = list(rows.filter(name__in=names))
    missing = sorted(set(names) - {row.name for row in found})
    if missing:
        known = ", ".join(rows.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no integration {', '.join(missing)}. There is: {known}.")
    return found


def _failed(report: Report, minimum: int) -> list[Documentation]:
    """Return the published records that are drafts or have too few points."""
    return [
        record for record in report.published if record.verdict.state == State.DRAFT or record.verdict.score < minimum
    ]


def _as_json(reports: list[Report], minimum: int, failed: list[Documentation]) -> dict[str, Any]:
    return {
        "passes": not failed,
        "minimum": minimum,
        "integrations": [
            {
                "integration": report.integration.name,
                "score": report.score,
                "tools": len(report.exposed),
                "drafts": len(report.drafts),
                "tokens": report.tokens,
                "findings": report.findings,
                "records": [_record(record) for record in report.records],
            }
            for report in reports
        ],
    }


def _record(record: Documentation) -> dict[str, Any]:
    verdict = record.verdict
    return {
        "record": record.key,
        "tool": verdict.name,
        "state": verdict.state,
        "score": verdict.score,
        "tokens": verdict.tokens,
        "problems": verdict.problems,
        "findings": [{"rule": rule, "place": place, "reason": words} for rule, place, words in verdict.findings],
    }


def _as_text(report: Report, minimum: int) -> str:
    mean = "no published record" if report.score is None else f"score {report.score}"
    lines = [
        f"{report.integration.name}: {mean}, {counted(len(report.exposed), 'tool')}, "
        f"{counted(len(report.drafts), 'draft')}, about {counted(report.tokens, 'token')}",
        *(f"  ! {finding}" for finding in report.findings),
    ]
    for record in report.records:
        verdict = record.verdict
        if verdict.score == BEST and not verdict.problems:
            continue
        mark = " BELOW" if record.published and verdict.score < minimum else ""
        state = "" if verdict.state == State.EXPOSED else f" {verdict.state.upper()}"
        lines.append(f"  {verdict.score:>3} {record.key}{state}{mark}")
        lines += [f"        gate  {problem}" for problem in verdict.problems]
        lines += [f"        {place}: {words} ({rule})" for rule, place, words in verdict.findings]
    return "\n".join(lines)


def _summary(failed: list[Documentation], minimum: int) -> str:
    if not failed:
        return "Every published record is a tool" + (f" with {counted(minimum, 'point')} or more." if minimum else ".")
    states, fall = ("is a draft", "has") if len(failed) == 1 else ("are drafts", "have")
    below = f" or {fall} fewer than {counted(minimum, 'point')}" if minimum else ""
    return f"{counted(len(failed), 'published record')} {states}{below}."
