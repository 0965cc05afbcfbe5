"""Take the paging off stored methods that write: the call for a next page would have sent the write again.

A definition that still has it is refused from now on, which would take every tool of its integration away.
"""

from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def take_pages_off_writes(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Change the definitions that have such a method, and compile them anew."""
    integrations: Any = apps.get_model("accounts", "Integration")
    for integration in integrations.objects.iterator():
        changed = sum(map(without_pages, methods_of(integration.definition)))
        if changed:
            integrations.objects.filter(pk=integration.pk).update(
                definition=integration.definition, revision=F("revision") + 1
            )


def methods_of(definition: Any) -> list[dict[str, Any]]:
    """Return every method of a definition, which may have any form."""
    resources = definition.get("resources") if isinstance(definition, dict) else None
    parts = [each.get("methods") for each in children(resources)]
    return [method for part in parts for method in children(part)]


def children(part: Any) -> list[dict[str, Any]]:
    """Return the objects in an object."""
    return [each for each in part.values() if isinstance(each, dict)] if isinstance(part, dict) else []


def without_pages(method: dict[str, Any]) -> bool:
    """Take the paging off a method that writes; return whether it had any."""
    if method.get("access") != "write" or not (method.get("paginated") or method.get("pagination")):
        return False
    method.pop("paginated", None)
    method.pop("pagination", None)
    return True


class Migration(migrations.Migration):
    """Only what is stored changes."""

    dependencies = [("accounts", "0008_secret_routes")]

    operations = [migrations.RunPython(take_pages_off_writes, migrations.RunPython.noop)]
