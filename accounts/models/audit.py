"""The audit record: changes made by people, programs and the product itself."""

from dataclasses import dataclass
from uuid import UUID

from django.db import models


@dataclass(frozen=True, slots=True)
class AuditSubject:
    """The row that an entry is about; `environment_id` is None for rows outside environments."""

    environment_id: UUID | None
    id: object
    name: str


class AuditEntry(models.Model):
    """One change. It outlives the rows it names, so it stores names and ids instead of foreign keys."""

    environment_id = models.UUIDField(null=True, blank=True, db_index=True)
    actor = models.CharField(max_length=160, help_text="A user name, an API token by its name, or the task that acted.")
    # Names can be reassigned, ids cannot. Null for programs, tasks and entries of earlier releases.
    actor_id = models.BigIntegerField(null=True, blank=True, editable=False)
    action = models.CharField(max_length=60, db_index=True, help_text="The kind of thing and what was done to it.")
    target_id = models.CharField(max_length=40, db_index=True)
    target_name = models.CharField(max_length=160)
    details = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} {self.target_name} by {self.actor}"
