"""The rows of this app: documentation records, their history and evaluation, the record of calls and its figures."""

from django.db import models
from simple_history import register

from accounts.models import Integration
from tools.models.calls import Call, Outcome
from tools.models.documentation import Documentation
from tools.models.evaluation import EvaluationResult, EvaluationRun, QuestionSet
from tools.models.figures import CallFigures
from tools.models.history import Versions, acting
from tools.models.verdicts import Judged, State, Verdict

# Here and not in accounts, which knows nothing of editing: definitions are edited beside their records.
register(
    Integration,
    app="tools",
    records_class=Versions,
    excluded_fields=["revision", "created_at", "updated_at"],
    history_id_field=models.BigAutoField(),
)

__all__ = [
    "Call",
    "CallFigures",
    "Documentation",
    "EvaluationResult",
    "EvaluationRun",
    "Judged",
    "Outcome",
    "QuestionSet",
    "State",
    "Verdict",
    "acting",
]
