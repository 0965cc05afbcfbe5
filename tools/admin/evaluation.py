"""The evaluation page of an integration: start a run of its questions, watch it, and compare what it found."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from accounts.admin.pages import ModelAdmin, page_action, person
from accounts.models import Integration, LanguageModel
from tools.evaluation.questions import MOST_QUESTIONS
from tools.evaluation.report import report_of
from tools.evaluation.runs import EvaluationRefused, start_run, stop_run
from tools.models import EvaluationRun
from tools.models.evaluation import questions_of

PAGE, REPORT = "admin/tools/integration/evaluate.html", "admin/tools/integration/evaluation_report.html"

if TYPE_CHECKING:
    _Base = ModelAdmin
else:
    _Base = object


class WithEvaluation(_Base):
    """The page that evaluates an integration's descriptions."""

    @page_action(description="Evaluate", icon="quiz", url_path="evaluate", permissions=["change_documentation"])
    def evaluate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the runs, one of them with its results; on POST, start or stop one."""
        integration: Integration = self.row_or_404(request, object_id)
        if request.method == "POST":
            self._act(request, integration)
            return HttpResponseRedirect(request.path)
        runs = list(integration.evaluation_runs.all())
        shown = _chosen(runs, request.GET.get("run", ""))
        context: dict[str, Any] = {"integration": integration, "runs": runs, "run": shown, "at": request.path}
        if shown is not None:
            context["report"] = report_of(shown)
        if "HX-Request" in request.headers:
            return render(request, REPORT, context)
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": f"Evaluate {integration.label}",
            "questions": len(questions_of(integration)),
            "models": list(LanguageModel.objects.all()),
            "may_add_models": person(request).has_perm("accounts.add_languagemodel"),
        }
        return render(request, PAGE, context)

    def _act(self, request: HttpRequest, integration: Integration) -> None:
        action, _, run_id = request.POST.get("do", "").partition(":")
        if action == "stop":
            run = _chosen(list(integration.evaluation_runs.under_way()), run_id, or_newest=False)
            if run is not None:
                stop_run(run, person(request))
            return
        if action != "start":
            return
        model = _model(request.POST.get("model", ""))
        if model is None and request.POST.get("model"):
            self.message_user(request, "That language model is not there any more. Choose another.", messages.ERROR)
            return
        try:
            compares = bool(request.POST.get("compares"))
            start_run(integration, person(request), model=model, compares=compares, most=_number(request))
        except EvaluationRefused as refused:
            self.message_user(request, str(refused), messages.WARNING)


def _chosen(runs: list[EvaluationRun], run_id: str, *, or_newest: bool = True) -> EvaluationRun | None:
    """Return the run with an id; without a known one, the newest if there is one."""
    found = next((run for run in runs if str(run.pk) == run_id), None)
    return found or (runs[0] if runs and or_newest else None)


def _model(text: str) -> LanguageModel | None:
    try:
        return LanguageModel.objects.filter(pk=UUID(text)).first()
    except ValueError:
        return None


def _number(request: HttpRequest) -> int:
    """Return how many questions are to be asked; all of them for anything that is no such number."""
    text = request.POST.get("most", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else 0
    return number or MOST_QUESTIONS
