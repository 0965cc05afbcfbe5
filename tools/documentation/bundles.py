"""Bundles: a definition, its documentation records and questions in one YAML or JSON file, loaded and written.

Loading is idempotent. A record that an editor changed is kept unless overwriting is requested. Whether a record is
published is the editor's decision: a file makes it only for a record that it adds, or that it is to overwrite. An API
description never makes it: its new records are drafts, and those that are here stay as they are.

A load that would take live tools away is refused until somebody agrees to it. The questions of a file replace those
that are here; a file without any leaves them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.definition import Definition, parse_definition
from accounts.errors import DefinitionInvalid
from accounts.integrated_accounts.moves import settle_accounts, stopped_by, stopping_words
from accounts.models import Integration
from tools.catalogue.composite_gate import held_back
from tools.catalogue.gate import problems_of
from tools.documentation.bundle_reading import FORMAT, Bundle, read_bundle
from tools.documentation.bundle_text import write_document
from tools.documentation.differences import changed_fields, changed_questions, content_of, definition_differences
from tools.documentation.losses import LiveTools
from tools.errors import BundleInvalid, LossUnconfirmed
from tools.models import Documentation, acting
from tools.models.documentation import save_records
from tools.models.evaluation import keep_questions, questions_of
from tools.rights import IMPORTING, Editor, actor_of, demand, person_of

# The reason of versions that a load writes.
LOADED = "bundle"


@dataclass(frozen=True, slots=True)
class Loading:
    """How a file is loaded: whether it replaces what an editor changed, and whether it may take live tools away.

    `publishes` says whether the file decides what is published; an API description does not. `judged` keeps the gate's
    reasons against a record, by its key and content, for a file that is compared first and then loaded.
    """

    overwrite: bool = False
    withdraw: bool = False
    publishes: bool = True
    judged: dict[tuple[str, str], list[str]] | None = field(default=None, compare=False, repr=False)

    def reasons(self, definition: Definition, row: Documentation) -> list[str]:
        """Return the gate's reasons against a record of this definition."""
        if self.judged is None:
            return problems_of(definition, row)
        place = (row.key, row.content_digest())
        if place not in self.judged:
            self.judged[place] = problems_of(definition, row)
        return self.judged[place]


USUAL = Loading()


@dataclass
class LoadResult:
    """What loading did or would do, by `resource.method`.

    `changes` names the changed fields of each updated record; `gone` are records here that the file lacks, which stay;
    `drafts` are records that the quality gate holds back, `lost` live tools that there would not be any more, each with
    the reason; `definition` lists what changes in the definition; `stops` is how many accounts stop because the
    definition would send their secrets elsewhere; `questions` says how many the file brings, empty if none changes.
    """

    integration: Integration
    is_new: bool = False
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    changes: dict[str, list[str]] = field(default_factory=dict)
    drafts: dict[str, list[str]] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    definition: list[str] = field(default_factory=list)
    stops: int = 0
    questions: str = ""

    @property
    def changes_something(self) -> bool:
        """Whether loading changes anything."""
        return bool(self.is_new or self.created or self.updated or self.definition or self.questions)

    @property
    def warning(self) -> str:
        """What the change of the definition means for accounts; empty if it stops none."""
        return stopping_words(self.stops)


@dataclass
class _Plan:
    """The rows to save, and the result to report."""

    loaded: LoadResult
    rows: list[Documentation] = field(default_factory=list)


def load_bundle(text: str, by: Editor, *, overwrite: bool = False, withdraw: bool = False) -> LoadResult:
    """Load a bundle as load_parts does; raise BundleInvalid too."""
    read = read_bundle(text)
    return load_parts(read.definition, read.records, by, Loading(overwrite, withdraw), read.questions)


def compare_bundle(text: str, *, overwrite: bool = False) -> LoadResult:
    """Return what loading a bundle would do; raise BundleInvalid or DefinitionInvalid. Nothing is changed."""
    read = read_bundle(text)
    return compare_parts(read.definition, read.records, Loading(overwrite), read.questions)


@transaction.atomic
def load_parts(
    document: dict[str, Any],
    records: list[dict[str, Any]],
    by: Editor,
    how: Loading = USUAL,
    questions: list[dict[str, Any]] | None = None,
) -> LoadResult:
    """Load a definition, records and questions that were read and checked, or change nothing and raise.

    Raises DefinitionInvalid, RightsMissing, and LossUnconfirmed.
    """
    demand(by, *IMPORTING)
    with acting(person_of(by), LOADED):
        return _load(Bundle(document, records, questions), by, how)


def _load(read: Bundle, by: Editor, how: Loading) -> LoadResult:
    plan = _plan(read, how)
    loaded, integration = plan.loaded, plan.loaded.integration
    if loaded.lost and not how.withdraw:
        raise LossUnconfirmed(loaded.lost)
    if loaded.is_new or loaded.definition:
        integration.save()
        settle_accounts(integration, actor_of(by))
    for row in plan.rows:
        row.integration = integration
    save_records(plan.rows)
    if loaded.questions:
        keep_questions(integration, read.questions or [])
    if loaded.changes_something:
        integration.refresh_from_db(fields=["revision", "updated_at"])
    return loaded


def note_loaded(by: Editor, loaded: LoadResult, kind: str, *, overwrite: bool) -> None:
    """Write into the audit record who loaded what: a `bundle` or a `description`."""
    counts = {name: len(getattr(loaded, name)) for name in ("created", "updated", "unchanged", "kept")}
    details = {**counts, "overwrite": overwrite}
    audit.record(actor_of(by), f"integration.{kind}_loaded", loaded.integration.audit_subject, details)


def compare_parts(
    document: dict[str, Any],
    records: list[dict[str, Any]],
    how: Loading = USUAL,
    questions: list[dict[str, Any]] | None = None,
) -> LoadResult:
    """Return what load_parts would do; raise DefinitionInvalid. Nothing is changed."""
    return _plan(Bundle(document, records, questions), how).loaded


def _plan(read: Bundle, how: Loading) -> _Plan:
    document = read.definition
    definition = parse_definition(document)
    integration = Integration.objects.filter(name=definition.name).first()
    is_new = integration is None
    if integration is None:
        integration = Integration(name=definition.name, label=definition.label)
    loaded = LoadResult(integration, is_new)
    # Objects are equal in any order, but the order of methods is the order of tools.
    if not is_new and (
        integration.definition != document or list(_order(integration.definition)) != list(_order(document))
    ):
        loaded.definition = definition_differences(integration.definition, document)
    if not is_new and integration.label != definition.label and not loaded.definition:
        loaded.definition = ["label: changed"]
    loaded.stops = len(stopped_by(integration, definition)) if loaded.definition else 0
    present = {row.key: row for row in Documentation.objects.filter(integration=integration)} if not is_new else {}
    live = LiveTools(integration, present.values())
    # In memory only; `_load` saves it.
    integration.label, integration.definition = definition.label, document
    plan = _Plan(loaded)
    keys = {f"{record['resource']}.{record['method']}": record for record in read.records}
    for key, record in keys.items():
        row = present.get(key) or Documentation(resource=record["resource"], method=record["method"])
        _plan_record(plan, row, record, is_present=key in present, how=how)
        present[key] = row
    loaded.gone = [key for key in present if key not in keys]
    loaded.drafts = {key: each for key, row in present.items() if (each := how.reasons(definition, row))}
    loaded.drafts |= held_back(definition, present.values(), loaded.drafts)
    loaded.lost = live.lost(definition, present.values(), loaded.drafts)
    loaded.questions = changed_questions(integration, read.questions)
    return plan


def _order(document: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield resources and methods in the document's order, which is the order of tools."""
    resources = document.get("resources")
    for name, resource in resources.items() if isinstance(resources, dict) else ():
        methods = resource.get("methods") if isinstance(resource, dict) else None
        yield from ((name, method) for method in methods or ())


def _plan_record(plan: _Plan, row: Documentation, record: dict[str, Any], *, is_present: bool, how: Loading) -> None:
    """Update one row from the file, unless an editor changed it."""
    loaded = plan.loaded
    if is_present and row.is_edited and not how.overwrite:
        loaded.kept.append(row.key)
        return
    fields = changed_fields(row, record)
    if is_present and how.overwrite and how.publishes and record.get("published", row.published) != row.published:
        fields.append("published")
        row.published = record["published"]
    elif not is_present:
        row.published = record.get("published", True)
    for name, value in content_of(record).items():
        setattr(row, name, value)
    digest = row.content_digest()
    if is_present and not fields and digest == row.loaded_digest:
        loaded.unchanged.append(row.key)
        return
    row.loaded_digest = digest
    plan.rows.append(row)
    if is_present:
        loaded.changes[row.key] = fields
    (loaded.updated if is_present else loaded.created).append(row.key)


def write_bundle(integration: Integration) -> str:
    """Return an integration's bundle as YAML; loading it elsewhere gives the same, loading it here changes nothing."""
    records = [
        {
            "resource": row.resource,
            "method": row.method,
            **{key: value for key, value in row.content().items() if value},
            **({} if row.published else {"published": False}),
        }
        for row in Documentation.objects.filter(integration=integration)
    ]
    document = {"bundle": FORMAT, "integration": integration.definition, "documentation": records}
    questions = questions_of(integration)
    return write_document({**document, "evaluation": questions} if questions else document)


__all__ = [
    "BundleInvalid",
    "DefinitionInvalid",
    "LoadResult",
    "compare_bundle",
    "compare_parts",
    "load_bundle",
    "load_parts",
    "note_loaded",
    "read_bundle",
    "write_bundle",
]
