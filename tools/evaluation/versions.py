"""The tools of an integration with their present descriptions, and with each as it was before its last change."""

import json
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from accounts.models import Integration
from tools.catalogue.compilation import Catalogue, catalogue_of, compiled
from tools.models import Documentation
from tools.models.documentation import CONTENT_FIELDS
from tools.models.evaluation import TextVersion

# What a model is asked with, which has no examples of calls (`api_forms`).
READ_FIELDS = tuple(name for name in CONTENT_FIELDS if name != "examples")


@dataclass(frozen=True)
class ToolVersions:
    """Catalogues by the version of their descriptions; without the previous one if no description has changed yet.

    `changed` names the records that differ between the two, as `resource.method`.
    """

    catalogues: dict[TextVersion, Catalogue]
    changed: tuple[str, ...] = ()


def versions_of(integration: Integration, *, compares: bool = True) -> ToolVersions:
    """Return the tools with their present descriptions and, if asked to compare, with the previous ones.

    The definition is the present one in both: what is compared is words and schemas.
    """
    present = catalogue_of(integration)
    if not compares or present.definition is None:
        return ToolVersions({TextVersion.PRESENT: present})
    records = list(Documentation.objects.filter(integration=integration))
    before = _previous_contents(records)
    changed = tuple(record.key for record in records if record.pk in before)
    if not changed:
        return ToolVersions({TextVersion.PRESENT: present})
    for record in records:
        for name, value in before.get(record.pk, {}).items():
            setattr(record, name, value)
    return ToolVersions(
        {TextVersion.PRESENT: present, TextVersion.PREVIOUS: compiled(present.definition, records)}, changed
    )


def _previous_contents(records: list[Documentation]) -> dict[int, dict[str, Any]]:
    """Return, by primary key, the content that each record had before its present one."""
    rows = Documentation.history.filter(id__in=[record.pk for record in records])
    rows = rows.order_by("id", "-history_date", "-history_id").iterator(chunk_size=100)
    present = {record.pk: _as_read(_content_of(record)) for record in records}
    found = {}
    for key, versions in groupby(rows, attrgetter("id")):
        contents = map(_content_of, versions)
        other = next((content for content in contents if _as_read(content) != present[key]), None)
        if other is not None:
            found[key] = other
    return found


def _content_of(version: Any) -> dict[str, Any]:
    return {name: getattr(version, name) for name in READ_FIELDS}


def _as_read(content: dict[str, Any]) -> str:
    """Return a content as text, since a model reads the order of members too."""
    return json.dumps(content)
