"""Change one documentation record or one definition: checked, under the editor's name, with an audit entry.

Changes to many at once are in bundles.py (loading), publishing.py and review.py.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager

from django.db import transaction

from accounts import audit
from accounts.integrated_accounts.moves import settle_accounts
from accounts.models import Integration
from tools.documentation.history import acting, changed_fields
from tools.models import Documentation
from tools.models.documentation import CONTENT_FIELDS
from tools.rights import Editor, Right, actor_of, demand, person_of, reason_of

RECORD_FIELDS = (*CONTENT_FIELDS, "published")


@transaction.atomic
def save_record(editor: Editor, record: Documentation) -> bool:
    """Save a record, new or changed; return whether anything differed. Raises RightsMissing."""
    before = Documentation.objects.filter(pk=record.pk).first() if record.pk else None
    demand(editor, Right.CHANGE_RECORD if before else Right.ADD_RECORD)
    changed = list(changed_fields(before, record, RECORD_FIELDS)) if before else _filled(record)
    if before is not None and not changed:
        return False
    record.updated_by = person_of(editor)
    with _in_name_of(editor):
        record.save()
    action = "documentation.changed" if before else "documentation.created"
    audit.record(actor_of(editor), action, record.audit_subject, {"changed": sorted(changed)})
    return True


def _in_name_of(editor: Editor) -> AbstractContextManager[None]:
    """Attribute the versions written in the block to an editor."""
    return acting(person_of(editor), reason_of(editor))


def _filled(record: Documentation) -> list[str]:
    return [name for name in RECORD_FIELDS if getattr(record, name)]


@transaction.atomic
def delete_record(editor: Editor, record: Documentation) -> None:
    """Delete a record; its tool is gone at once. Raises RightsMissing."""
    demand(editor, Right.DELETE_RECORD)
    # First, since deleting clears the primary key.
    audit.record(actor_of(editor), "documentation.deleted", record.audit_subject)
    with _in_name_of(editor):
        record.delete()


@transaction.atomic
def switch_records(editor: Editor, rows: Iterable[Documentation], *, published: bool) -> None:
    """Publish or withdraw records. Raises RightsMissing."""
    demand(editor, Right.CHANGE_RECORD)
    action = "documentation.published" if published else "documentation.withdrawn"
    for row in rows:
        row.published, row.updated_by = published, person_of(editor)
        with _in_name_of(editor):
            row.save()
        audit.record(actor_of(editor), action, row.audit_subject)


@transaction.atomic
def save_definition(editor: Editor, integration: Integration, changed: Sequence[str] = ("definition",)) -> None:
    """Save a definition, with name and label taken from it.

    Raises RightsMissing, and DefinitionInvalid.
    """
    is_new = integration._state.adding
    demand(editor, Right.ADD_DEFINITION if is_new else Right.CHANGE_DEFINITION)
    definition = integration.parsed()
    integration.name, integration.label = definition.name, definition.label
    with _in_name_of(editor):
        integration.save()
    settle_accounts(integration, actor_of(editor))
    action = "integration.created" if is_new else "integration.changed"
    audit.record(actor_of(editor), action, integration.audit_subject, {"changed": list(changed)})


@transaction.atomic
def delete_definition(editor: Editor, integration: Integration) -> None:
    """Delete an integration with its documentation. Raises RightsMissing."""
    demand(editor, Right.DELETE_DEFINITION, Right.DELETE_RECORD)
    audit.record(actor_of(editor), "integration.deleted", integration.audit_subject)
    with _in_name_of(editor):
        integration.delete()
