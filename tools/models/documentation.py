"""Documentation records: what a model reads about one method of an integration. Without one there is no tool."""

import hashlib
import json
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.changes import ChangeKind
from accounts.fields import DocumentField
from accounts.models import Integration, User
from accounts.models.announced import AnnouncedQuerySet, AnnouncedRow
from accounts.models.audit import AuditSubject
from tools.models.history import Versions, create

CONTENT_FIELDS = ("tool_name", "title", "description", "query_schema", "body_schema", "response_schema", "examples")


class Documentation(AnnouncedRow):
    """The documentation of one method: words and schemas from which its tool is made."""

    announced_kind = ChangeKind.INTEGRATION
    announced_by = "integration_id"
    quiet_fields = frozenset({"loaded_digest", "updated_by", "created_at", "updated_at"})

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="documentation")
    resource = models.CharField(max_length=48)
    method = models.CharField(max_length=48)
    tool_name = models.CharField(
        max_length=64, blank=True, help_text="Only where the name that follows from resource and method will not do."
    )
    title = models.CharField(max_length=120, help_text="Shown to people in a client's list of tools.")
    description = models.TextField(help_text="Written for a model: what it does, when to use it, what it returns.")
    query_schema = DocumentField(
        default=dict, blank=True, help_text="JSON Schema of the path and query parameters, as one object."
    )
    body_schema = DocumentField(default=dict, blank=True, help_text="JSON Schema of the body, as one object.")
    response_schema = DocumentField(
        default=dict, blank=True, help_text="JSON Schema of the result; of one item where the method lists."
    )
    examples = DocumentField(
        default=list, db_default=[], blank=True, help_text="Calls of the tool, each as an object of its arguments."
    )
    published = models.BooleanField(default=True, help_text="A withdrawn record keeps its text, but makes no tool.")
    loaded_digest = models.CharField(max_length=64, blank=True, editable=False)
    updated_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    history = Versions(
        excluded_fields=["loaded_digest", "updated_by", "created_at", "updated_at"],
        history_id_field=models.BigAutoField(),
    )

    objects = AnnouncedQuerySet.as_manager()  # type: ignore[misc]  # the abstract row's is wider

    class Meta:
        ordering = ["integration__name", "resource", "method"]
        constraints = [
            models.UniqueConstraint(fields=["integration", "resource", "method"], name="one_record_a_method")
        ]
        verbose_name = "documentation record"

    def __str__(self) -> str:
        return f"{self.integration.name}.{self.resource}.{self.method}"

    @property
    def audit_subject(self) -> AuditSubject:
        """This row as the audit record names it."""
        return AuditSubject(None, self.pk, str(self))

    @property
    def key(self) -> str:
        """The place in the definition that it documents, as `resource.method`."""
        return f"{self.resource}.{self.method}"

    def content(self) -> dict[str, Any]:
        """Return what an editor writes and a bundle carries."""
        return {name: getattr(self, name) for name in CONTENT_FIELDS}

    def content_digest(self) -> str:
        """Return a digest of the content, to tell an edited record from a loaded one."""
        content = self.content()
        # As of a record that was loaded when there were none.
        content = content if content["examples"] else {name: content[name] for name in content if name != "examples"}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def is_edited(self) -> bool:
        """Whether the content was changed after a bundle loaded it, or was written here."""
        return self.loaded_digest != self.content_digest()

    @classmethod
    def announce_id(cls, row_id: Any) -> None:
        """Raise the integration's revision, which announces the change."""
        integrations = Integration.objects.all() if row_id is None else Integration.objects.filter(pk=row_id)
        integrations.update(updated_at=timezone.now())


def save_records(rows: list[Documentation]) -> None:
    """Save records with their versions, the new ones in bulk."""
    present = [row for row in rows if not row._state.adding]
    create([row for row in rows if row._state.adding])
    for row in present:
        row.save()
