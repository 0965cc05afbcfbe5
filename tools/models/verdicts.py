"""The verdicts of gate and lint on documentation records, stored so that lists can be filtered and sorted by them.

These rows are a cache: only tools/documentation/verdicts.py writes them, and all of them can be deleted.
"""

from typing import ClassVar

from django.db import models

from accounts.models import Integration
from tools.models.documentation import Documentation


class State(models.TextChoices):
    """Whether a record is a tool, and if not, whether that is intended."""

    EXPOSED = "exposed", "Passes"
    DRAFT = "draft", "Draft"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Verdict(models.Model):
    """The verdict on one record. `own` is the part that depends on the record alone, `digest` that of its inputs."""

    State = State

    record = models.OneToOneField(Documentation, on_delete=models.CASCADE, primary_key=True, related_name="verdict")
    digest = models.CharField(max_length=64)
    own = models.JSONField(default=dict)
    state = models.CharField(max_length=9, choices=State.choices)
    name = models.CharField(max_length=200)
    score = models.PositiveSmallIntegerField(db_index=True)
    tokens = models.PositiveIntegerField(null=True)
    problems = models.JSONField(default=list)
    findings = models.JSONField(default=list)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "score"], name="verdict_state_score")]

    def __str__(self) -> str:
        return f"{self.name}: {self.state}, {self.score}"


class Judged(models.Model):
    """The revision of an integration and the rules by which its records were last judged."""

    integration = models.OneToOneField(Integration, on_delete=models.CASCADE, primary_key=True, related_name="judged")
    revision = models.PositiveBigIntegerField()
    rules = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.integration_id} at {self.revision}"
