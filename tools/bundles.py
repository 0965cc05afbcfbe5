"""Bundles: a definition and its documentation records in one YAML or JSON file, loaded and written.

Loading is idempotent. A record that an editor changed is kept as it is unless overwriting is asked for.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from accounts.changes import Kind, announce
from accounts.definition import parse_definition
from accounts.errors import DefinitionInvalid
from accounts.models import Integration
from tools.bundle_text import read_document, write_document
from tools.errors import BundleInvalid
from tools.gate import problems_of
from tools.models import Documentation
from tools.models.documentation import CONTENT_FIELDS

FORMAT = 1
KEYS = {"resource", "method", *CONTENT_FIELDS}
LONGEST = {each.name: each.max_length for each in Documentation._meta.fields if each.max_length is not None}


@dataclass
class Loaded:
    """What loading did, by `resource.method`; `drafts` are records that the quality gate holds back."""

    integration: Integration
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    drafts: dict[str, list[str]] = field(default_factory=dict)


def read_bundle(text: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the definition and the records of a bundle file; raise BundleInvalid or DefinitionInvalid."""
    document = read_document(text)
    if not isinstance(document, dict) or document.get("bundle") != FORMAT:
        raise BundleInvalid([f"The file is not a bundle: it does not say `bundle: {FORMAT}`."])
    definition, records = document.get("integration"), document.get("documentation", [])
    if not isinstance(definition, dict) or not isinstance(records, list):
        raise BundleInvalid(["A bundle holds `integration` (an object) and `documentation` (a list)."])
    parse_definition(definition)
    problems = [problem for place, record in enumerate(records) for problem in _record_problems(place, record)]
    if problems:
        raise BundleInvalid(problems)
    _refuse_repeated(records)
    return definition, records


def _refuse_repeated(records: list[dict[str, Any]]) -> None:
    places: dict[str, list[int]] = {}
    for place, record in enumerate(records):
        places.setdefault(f"{record['resource']}.{record['method']}", []).append(place)
    repeated = [(key, found) for key, found in places.items() if len(found) > 1]
    if repeated:
        raise BundleInvalid([f"documentation[{found[1]}]: {key} is documented already." for key, found in repeated])


def _record_problems(place: int, record: Any) -> list[str]:
    if not isinstance(record, dict):
        return [f"documentation[{place}]: is not an object."]
    problems = [f"documentation[{place}]: {key} is missing." for key in ("resource", "method") if not record.get(key)]
    problems += [f"documentation[{place}]: {key} is not a known key." for key in sorted(record.keys() - KEYS)]
    for key in sorted(KEYS & record.keys()):
        wanted = dict if key.endswith("_schema") else str
        if not isinstance(record[key], wanted):
            problems.append(f"documentation[{place}].{key}: takes {'an object' if wanted is dict else 'text'}.")
        elif len(record[key]) > LONGEST.get(key, math.inf):
            problems.append(f"documentation[{place}].{key}: is longer than {LONGEST[key]} characters.")
    return problems


@transaction.atomic
def load_bundle(text: str, *, overwrite: bool = False) -> Loaded:
    """Load a bundle; raise BundleInvalid or DefinitionInvalid, and then nothing is changed."""
    document, records = read_bundle(text)
    definition = parse_definition(document)
    integration, made = Integration.objects.get_or_create(
        name=definition.name, defaults={"label": definition.label, "definition": document}
    )
    loaded = Loaded(integration)
    changed = made
    if not made and (integration.definition != document or integration.label != definition.label):
        integration.label, integration.definition = definition.label, document
        integration.save()
        changed = True
    present = {row.key: row for row in Documentation.objects.filter(integration=integration)}
    for record in records:
        row = present.get(f"{record['resource']}.{record['method']}")
        changed |= _load_record(loaded, integration, row, record, overwrite=overwrite)
    for row in Documentation.objects.filter(integration=integration):
        reasons = problems_of(definition, row)
        if reasons:
            loaded.drafts[row.key] = reasons
    if changed:
        integration.touch()
        announce(Kind.INTEGRATION, integration.pk)
    return loaded


def _load_record(
    loaded: Loaded, integration: Integration, row: Documentation | None, record: dict[str, Any], *, overwrite: bool
) -> bool:
    """Create or update one record; return whether anything changed."""
    if row is None:
        row = Documentation(integration=integration, resource=record["resource"], method=record["method"])
        outcome = loaded.created
    elif row.is_edited and not overwrite:
        loaded.kept.append(row.key)
        return False
    else:
        outcome = loaded.updated
    before = row.content_digest()
    for name in CONTENT_FIELDS:
        setattr(row, name, record.get(name, {} if name.endswith("_schema") else ""))
    digest = row.content_digest()
    if row.pk is not None and digest == before and digest == row.loaded_digest:
        loaded.unchanged.append(row.key)
        return False
    row.loaded_digest = digest
    # One announcement for the whole bundle, not one a record.
    Documentation.save_base(row)
    outcome.append(row.key)
    return True


def write_bundle(integration: Integration) -> str:
    """Return the bundle of an integration as YAML; loading it again changes nothing."""
    records = [
        {
            "resource": row.resource,
            "method": row.method,
            **{key: value for key, value in row.content().items() if value},
        }
        for row in Documentation.objects.filter(integration=integration)
    ]
    document = {"bundle": FORMAT, "integration": integration.definition, "documentation": records}
    return write_document(document)


__all__ = ["BundleInvalid", "DefinitionInvalid", "Loaded", "load_bundle", "read_bundle", "write_bundle"]
