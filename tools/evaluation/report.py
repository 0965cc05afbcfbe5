"""What a run found, for people and programs: totals and questions, beside previous descriptions and earlier runs."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from tools.evaluation.ranking import SEEN
from tools.models import EvaluationResult, EvaluationRun
from tools.models.evaluation import UNDER_WAY, TextVersion

SEARCH = "search"


@dataclass(frozen=True)
class Totals:
    """The sums over some results. `first` and `seen` count the places that the search found; None for a model."""

    asked: int
    right: int
    wrong_turns: int
    tokens: int
    first: int | None = None
    seen: int | None = None

    @property
    def percent(self) -> int:
        """How many of a hundred questions were right, rounded down."""
        return 100 * self.right // self.asked if self.asked else 0


@dataclass(frozen=True)
class QuestionRow:
    """One question's results: now, with the previous descriptions, in the earlier run; None where it was not asked."""

    question: str
    present: EvaluationResult | None
    previous: EvaluationResult | None
    earlier: EvaluationResult | None

    @property
    def is_worse(self) -> bool:
        """Whether the present descriptions lost what the previous ones, or those of the earlier run, had right."""
        before = any(each is not None and each.is_right for each in (self.previous, self.earlier))
        return before and self.present is not None and not self.present.is_right


@dataclass(frozen=True)
class RunReport:
    """A run with its results; `earlier` is the one before it that asked the same."""

    run: EvaluationRun
    rows: list[QuestionRow]
    present: Totals
    previous: Totals | None
    earlier: EvaluationRun | None
    earlier_totals: Totals | None

    @property
    def by_search(self) -> bool:
        return not self.run.model_name

    @property
    def answered_by(self) -> str:
        return self.run.model_name or SEARCH

    @property
    def sums(self) -> list[tuple[str, Totals]]:
        """The totals that there are, each with what people call it."""
        named = (("Now", self.present), ("Before", self.previous), ("Run before", self.earlier_totals))
        return [(name, totals) for name, totals in named if totals is not None]

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        totals = {"present": self.present, "previous": self.previous, "earlier": self.earlier_totals}
        return {
            "integration": self.run.integration.name,
            "answered_by": self.answered_by,
            "state": str(self.run.state),
            "problem": self.run.problem,
            "totals": {name: None if each is None else _totals_json(each) for name, each in totals.items()},
            "questions": [
                {
                    "question": row.question,
                    **{name: self._result_json(getattr(row, name)) for name in ("present", "previous", "earlier")},
                }
                for row in self.rows
            ],
        }

    def _result_json(self, result: EvaluationResult | None) -> dict[str, Any] | None:
        if result is None:
            return None
        if self.by_search:
            return {"right": result.is_right, "rank": result.rank}
        return {
            "right": result.is_right,
            "right_calls": result.right_calls,
            "expected_calls": result.expected_calls,
            "wrong_turns": result.wrong_turns,
            "tokens_read": result.tokens_read,
            "tokens_written": result.tokens_written,
            "calls": result.steps,
            "remark": result.remark,
        }


def _totals_json(totals: Totals) -> dict[str, Any]:
    return {name: value for name, value in asdict(totals).items() if value is not None}


def report_of(run: EvaluationRun) -> RunReport:
    """Return what a run has found so far."""
    results = list(run.results.all())
    present = [result for result in results if result.version == TextVersion.PRESENT]
    previous = [result for result in results if result.version == TextVersion.PREVIOUS]
    earlier = _earlier(run)
    of_earlier = [*earlier.results.filter(version=TextVersion.PRESENT)] if earlier else []
    by_search = not run.model_name
    return RunReport(
        run=run,
        rows=_rows(present, previous, of_earlier),
        present=totals_of(present, by_search=by_search),
        previous=totals_of(previous, by_search=by_search) if previous else None,
        earlier=earlier,
        earlier_totals=totals_of(of_earlier, by_search=by_search) if earlier else None,
    )


def totals_of(results: Iterable[EvaluationResult], *, by_search: bool) -> Totals:
    """Return the sums over results."""
    rows = list(results)
    return Totals(
        asked=len(rows),
        right=sum(row.is_right for row in rows),
        wrong_turns=sum(row.wrong_turns for row in rows),
        tokens=sum(row.tokens for row in rows),
        first=sum(row.rank == 1 for row in rows) if by_search else None,
        seen=sum(row.rank is not None and row.rank <= SEEN for row in rows) if by_search else None,
    )


def _earlier(run: EvaluationRun) -> EvaluationRun | None:
    """Return the run before this one that asked the same of the same integration."""
    others = EvaluationRun.objects.filter(integration_id=run.integration_id, model_name=run.model_name)
    others = others.exclude(pk=run.pk).exclude(state__in=UNDER_WAY).filter(created_at__lte=run.created_at)
    return others.filter(results__isnull=False).distinct().first()


def _rows(
    present: list[EvaluationResult], previous: list[EvaluationResult], earlier: list[EvaluationResult]
) -> list[QuestionRow]:
    now, before, then = ({row.question: row for row in rows} for rows in (present, previous, earlier))
    asked = dict.fromkeys([*now, *before])
    return [QuestionRow(words, now.get(words), before.get(words), then.get(words)) for words in asked]
