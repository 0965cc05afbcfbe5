"""Start and end runs of evaluations. A waiting row is the queue: a task looks for it, so that none is lost."""

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import Integration, LanguageModel
from tools.errors import ToolError
from tools.evaluation.questions import MOST_QUESTIONS
from tools.models import EvaluationRun
from tools.models.evaluation import questions_of
from tools.rights import Editor, Right, actor_of, demand, person_of

# So many runs of an integration are kept.
KEPT = 20


class EvaluationRefused(ToolError):
    """No run can be started; the message says why and what to do."""


@transaction.atomic
def start_run(
    integration: Integration,
    by: Editor,
    *,
    model: LanguageModel | None = None,
    compares: bool = True,
    most: int = MOST_QUESTIONS,
    waits: bool = True,
) -> EvaluationRun:
    """Make a run with the first `most` questions; raise EvaluationRefused or RightsMissing.

    Without a language model, the search is asked. A run waits for a worker, unless the caller carries it out itself.
    """
    demand(by, Right.CHANGE_RECORD)
    count = min(len(questions_of(integration)), most)
    if not count:
        raise EvaluationRefused(
            f"{integration.label} has no questions to ask. Its bundle brings them, in its part `evaluation`."
        )
    # Locked, so that two people do not start one at the same moment.
    Integration.objects.select_for_update().only("pk").get(pk=integration.pk)
    EvaluationRun.objects.settle()
    if integration.evaluation_runs.under_way().exists():
        raise EvaluationRefused(f"An evaluation of {integration.label} is under way. Wait for its end, or stop it.")
    person = person_of(by)
    run = EvaluationRun.objects.create(
        integration=integration,
        language_model=model,
        model_name=f"{model.name} ({model.model})"[:240] if model else "",
        compares=compares,
        question_count=count,
        revision=integration.revision,
        state=EvaluationRun.State.WAITING if waits else EvaluationRun.State.RUNNING,
        asked_by=person,
        asked_by_name=audit.name_of(actor_of(by))[:160],
    )
    old = integration.evaluation_runs.values_list("pk", flat=True)[KEPT:]
    EvaluationRun.objects.filter(pk__in=list(old)).delete()
    details = {"model": run.model_name or "search", "questions": count}
    audit.record(actor_of(by), "integration.evaluated", integration.audit_subject, details)
    return run


def end_run(run: EvaluationRun, problem: str = "") -> None:
    """End a run that is under way; with a problem it ended early. One that has ended stays as it is."""
    state = EvaluationRun.State.ENDED if problem else EvaluationRun.State.DONE
    now = timezone.now()
    rows = EvaluationRun.objects.under_way().filter(pk=run.pk)
    rows.update(state=state, problem=problem[:700], ended_at=now, touched_at=now)


def stop_run(run: EvaluationRun, by: Editor) -> None:
    """End a run on behalf of somebody; what it has found so far stays. Raises RightsMissing."""
    demand(by, Right.CHANGE_RECORD)
    end_run(run, f"{audit.name_of(actor_of(by))} stopped it.")


def is_touched(run: EvaluationRun) -> bool:
    """Note that a run is alive; return False if somebody has ended it."""
    rows = EvaluationRun.objects.filter(pk=run.pk, state=EvaluationRun.State.RUNNING)
    return rows.update(touched_at=timezone.now()) > 0


def claim_next() -> EvaluationRun | None:
    """Claim the run that has waited longest, to carry it out; None if there is none.

    None, too, while another runs, so that a worker is left for everything else.
    """
    state = EvaluationRun.State
    EvaluationRun.objects.settle()
    if EvaluationRun.objects.filter(state=state.RUNNING).exists():
        return None
    waiting = EvaluationRun.objects.filter(state=state.WAITING)
    run = waiting.select_related("integration", "language_model").order_by("created_at").first()
    if run is None:
        return None
    is_claimed = waiting.filter(pk=run.pk).update(state=state.RUNNING, touched_at=timezone.now()) > 0
    return run if is_claimed else None
