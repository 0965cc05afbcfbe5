"""Figures on many calls: counts and a histogram of durations, so that no chart has to read a million rows."""

from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q

# The account or server of figures that are not split by it, or of calls without a server: in a unique constraint,
# one NULL never equals another.
NOBODY = UUID(int=0)

# Upper bounds of the buckets in milliseconds, each 1.5 times the previous one; the last bucket has no bound.
BOUNDS = tuple(round(2 * 1.5**step, 1) for step in range(26))
BUCKETS = tuple(f"bucket_{number:02}" for number in range(len(BOUNDS) + 1))


class Grain(models.IntegerChoices):
    """The span of time that a row covers."""

    HOUR = 1, "Hour"
    DAY = 2, "Day"


class Scope(models.IntegerChoices):
    """What a row is about; figures of different scopes are never added up."""

    TOOL = 1, "One tool, in all accounts of an environment"
    SERVER = 2, "One server, with all its tools"
    SERVER_TOOL = 3, "One tool of one server"


class CallFigures(models.Model):
    """The finished calls of one hour or day (UTC), in one scope. Durations are in milliseconds."""

    grain = models.PositiveSmallIntegerField(choices=Grain.choices)
    scope = models.PositiveSmallIntegerField(choices=Scope.choices)
    start = models.DateTimeField()
    environment_id = models.UUIDField()
    account_id = models.UUIDField(default=NOBODY)
    server_id = models.UUIDField(default=NOBODY)
    tool = models.CharField(max_length=64, blank=True)
    calls = models.PositiveIntegerField()
    errors = models.PositiveIntegerField()
    total_ms = models.FloatField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["environment_id", "scope", "grain", "start", "account_id", "server_id", "tool"],
                name="one_row_of_figures",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["account_id", "scope", "grain", "start"], name="figures_account"),
            # This index alone answers which of thousands of servers are called most.
            models.Index(
                fields=["environment_id", "start", "server_id", "account_id", "calls"],
                name="figures_servers",
                condition=Q(scope=Scope.SERVER, grain=Grain.DAY),
            ),
        ]
        verbose_name_plural = "call figures"

    def __str__(self) -> str:
        return f"{self.calls} calls from {self.start}"


# A column for each bucket, so that the database can add histograms up.
for _bucket in BUCKETS:
    CallFigures.add_to_class(_bucket, models.PositiveIntegerField(default=0))
