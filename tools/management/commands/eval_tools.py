"""`manage.py eval_tools`: ask an integration's questions of the search or a language model, and report what came."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Integration, LanguageModel
from accounts.texts.counting import counted
from tools.evaluation.questions import MOST_QUESTIONS
from tools.evaluation.report import QuestionRow, RunReport, Totals, report_of
from tools.evaluation.running import carry_out
from tools.evaluation.runs import EvaluationRefused, start_run
from tools.models import EvaluationResult, EvaluationRun, QuestionSet
from tools.rights import Operator

OPERATOR = Operator("eval_tools")
NONE = "–"


class Command(BaseCommand):
    """Run evaluations in this process; exit with 1 if one ended early or is not good enough."""

    help = (
        "Ask the questions of integrations: of the search, which costs nothing and always gives the same, or of a "
        "language model. No vendor is called. Exits with 1 when a run ended early, or less than --minimum percent of "
        "its questions were right."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("integrations", nargs="*", help="Names of integrations; all that have questions if none.")
        parser.add_argument("--model", help="The name of a language model of the admin; the search if left out.")
        parser.add_argument("--questions", type=int, default=MOST_QUESTIONS, help="Ask only so many, the first ones.")
        parser.add_argument("--no-previous", action="store_true", help="Ask with the present descriptions only.")
        parser.add_argument("--minimum", type=int, default=0, help="The least share that must be right, 0 to 100.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object instead of text.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, print, and exit with 1 unless everything is good enough."""
        minimum: int = options["minimum"]
        if not 0 <= minimum <= 100:
            raise CommandError("--minimum takes a number from 0 to 100.")
        if options["questions"] < 1:
            raise CommandError("--questions takes a number from 1.")
        model = _model(options["model"])
        reports = [_run(integration, model, options) for integration in _chosen(options["integrations"])]
        failed = [each for each in reports if each.run.problem or each.present.percent < minimum]
        if options["json"]:
            found = [report.as_json() for report in reports]
            self.stdout.write(json.dumps({"passes": not failed, "minimum": minimum, "integrations": found}, indent=2))
        else:
            for report in reports:
                self.stdout.write(as_text(report))
        if failed:
            raise SystemExit(1)


def _model(name: str | None) -> LanguageModel | None:
    if name is None:
        return None
    found = LanguageModel.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(LanguageModel.objects.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no language model {name}. There is: {known}. Add one in the admin.")
    return found


def _chosen(names: list[str]) -> list[Integration]:
    rows = Integration.objects.order_by("name")
    found = list(rows.filter(name__in=names) if names else rows.filter(pk__in=QuestionSet.objects.values("pk")))
    missing = sorted(set(names) - {row.name for row in found})
    if missing:
        known = ", ".join(rows.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no integration {', '.join(missing)}. There is: {known}.")
    if not found:
        raise CommandError("No integration has questions. Load a bundle with a part `evaluation`.")
    return found


def _run(integration: Integration, model: LanguageModel | None, options: dict[str, Any]) -> RunReport:
    try:
        run = start_run(
            integration,
            OPERATOR,
            model=model,
            compares=not options["no_previous"],
            most=options["questions"],
            waits=False,
        )
    except EvaluationRefused as refused:
        raise CommandError(str(refused)) from None
    carry_out(run)
    return report_of(EvaluationRun.objects.select_related("integration").get(pk=run.pk))


def as_text(report: RunReport) -> str:
    """Return a report as text for people."""
    lines = [f"{report.run.integration.name}, by {report.answered_by}: {counted(report.present.asked, 'question')}"]
    lines += [f"  {name:<12}{_sums(totals)}" for name, totals in report.sums]
    lines += [_line(report, row) for row in report.rows]
    if report.run.problem:
        lines.append(f"  Ended early: {report.run.problem}")
    return "\n".join(lines)


def _sums(totals: Totals) -> str:
    if totals.first is not None:
        return f"{totals.first:>3} first, {totals.seen:>3} among the first five"
    return f"{totals.right:>3} right, {counted(totals.wrong_turns, 'wrong turn')}, {counted(totals.tokens, 'token')}"


def _line(report: RunReport, row: QuestionRow) -> str:
    cells = [row.present, *([row.previous] if report.previous else []), *([row.earlier] if report.earlier else [])]
    shown = "".join(f"{_cell(report, each):>8}" for each in cells)
    return f"  {shown}  {row.question}{'  WORSE' if row.is_worse else ''}"


def _cell(report: RunReport, result: EvaluationResult | None) -> str:
    if result is None:
        return NONE
    if report.by_search:
        return str(result.rank or NONE)
    turns = f"+{result.wrong_turns}" if result.wrong_turns else ""
    return f"{'right' if result.is_right else 'wrong'}{turns}"
