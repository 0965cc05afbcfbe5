"""Evaluation of descriptions: an integration's questions, and what runs of them found, kept to compare later ones."""

import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from accounts.fields import DocumentField
from accounts.models import Integration, User
from accounts.models.language_models import LanguageModel

# Longer than any request to a language model with all its pauses: a run that is silent for so long has lost its worker.
SILENCE = timedelta(minutes=20)
LOST = "The process that ran it has ended, or none is running: start a worker, and run it again."


class QuestionSet(models.Model):
    """The questions of an integration, as its bundle brought them."""

    integration = models.OneToOneField(
        Integration, on_delete=models.CASCADE, primary_key=True, related_name="question_set"
    )
    questions = DocumentField(default=list)

    def __str__(self) -> str:
        return f"Questions of {self.integration_id}"


def questions_of(integration: Integration) -> list[dict[str, Any]]:
    """Return an integration's questions as they are stored; none if it has none."""
    found = QuestionSet.objects.filter(integration_id=integration.pk).values_list("questions", flat=True).first()
    return found or []


def keep_questions(integration: Integration, questions: list[dict[str, Any]]) -> None:
    """Replace an integration's questions."""
    if questions:
        QuestionSet.objects.update_or_create(integration=integration, defaults={"questions": questions})
    else:
        QuestionSet.objects.filter(integration=integration).delete()


class RunState(models.TextChoices):
    """How far a run is."""

    WAITING = "waiting", "Waits for the worker"
    RUNNING = "running", "Under way"
    DONE = "done", "Done"
    ENDED = "ended", "Ended early"


UNDER_WAY = (RunState.WAITING, RunState.RUNNING)


class RunQuerySet(models.QuerySet["EvaluationRun"]):
    """Runs of evaluations."""

    def under_way(self) -> "RunQuerySet":
        return self.filter(state__in=UNDER_WAY)

    def settle(self) -> None:
        """End those that have lost their worker."""
        silent = self.under_way().filter(touched_at__lt=timezone.now() - SILENCE)
        silent.update(state=RunState.ENDED, problem=LOST, ended_at=timezone.now())


class EvaluationRun(models.Model):
    """One run of an integration's questions. Without a `model_name` the search was asked, and no language model."""

    State = RunState

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="evaluation_runs")
    language_model = models.ForeignKey(LanguageModel, on_delete=models.SET_NULL, null=True, related_name="+")
    model_name = models.CharField(max_length=240, blank=True, help_text="Kept, since the row may change or go.")
    compares = models.BooleanField(default=True, help_text="Whether the previous descriptions are asked too.")
    question_count = models.PositiveSmallIntegerField()
    revision = models.BigIntegerField(help_text="The integration's, when the run began.")
    state = models.CharField(max_length=8, choices=RunState.choices, default=RunState.WAITING)
    problem = models.CharField(max_length=700, blank=True, help_text="Why it ended early.")
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_by_name = models.CharField(max_length=160)
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["integration", "-created_at"], name="run_integration")]

    def __str__(self) -> str:
        return f"Evaluation of {self.integration_id} by {self.model_name or 'search'}"

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY


class TextVersion(models.TextChoices):
    """Which descriptions a question was asked with."""

    PRESENT = "present", "Now"
    PREVIOUS = "previous", "Before"


class EvaluationResult(models.Model):
    """One question of one run, asked with one version of the descriptions.

    `rank` is the place of the right tool in the search, from 1, None if it was not found or a language model answered.
    `steps` are the calls that a language model made, in order.
    """

    run = models.ForeignKey(EvaluationRun, on_delete=models.CASCADE, related_name="results")
    version = models.CharField(max_length=8, choices=TextVersion.choices)
    place = models.PositiveSmallIntegerField()
    question = models.CharField(max_length=500)
    is_right = models.BooleanField()
    right_calls = models.PositiveSmallIntegerField(default=0)
    expected_calls = models.PositiveSmallIntegerField(default=1)
    wrong_turns = models.PositiveSmallIntegerField(default=0)
    rank = models.PositiveIntegerField(null=True)
    tokens_read = models.PositiveIntegerField(default=0)
    tokens_written = models.PositiveIntegerField(default=0)
    steps = DocumentField(default=list)
    remark = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering: ClassVar = ["place", "version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "version", "place"], name="one_result_a_question")
        ]

    def __str__(self) -> str:
        return f"{self.question} ({self.version})"

    @property
    def tokens(self) -> int:
        return self.tokens_read + self.tokens_written
