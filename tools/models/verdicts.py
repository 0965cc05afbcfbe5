"""What gate and lint say of each documentation record, kept so that lists can be filtered and sorted by it.

These rows are a cache that tools/documentation/verdicts.py keeps: nothing but it writes them, and all of them can be
deleted.
"""

from typing import ClassVar

from django.db import models

from accounts.models import Integration
from tools.models.documentation import Documentation


class State(models.TextChoices):
    """What a record comes to."""

    EXPOSED = "exposed", "Passes"
    DRAFT = "draft", "Draft"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Verdict(models.Model):
    """The verdict on one record. `own` is what depends on the record alone, by the digest of what it was made from."""

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
    """At which revision of an integration, and by which rules, its records were judged last."""

    integration = models.OneToOneField(Integration, on_delete=models.CASCADE, primary_key=True, related_name="judged")
    revision = models.PositiveBigIntegerField()
    rules = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.integration_id} at {self.revision}"
