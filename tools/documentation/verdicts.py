"""Keep the verdicts on documentation records fresh: all of an integration at once, on demand.

A verdict is valid for one revision of its integration. Code that reads verdicts calls `ensure_fresh` first: it takes
one query if nothing changed, and otherwise judges only what did. The part that depends on the record alone is kept
with a digest of its inputs; the part that depends on neighbours (names, near-duplicates) is cheap, and made again.
"""

import hashlib
import json
import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from cachetools import LRUCache, cached
from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.definition import Definition
from accounts.errors import DefinitionInvalid
from accounts.models import Integration
from tools.catalogue.composite_gate import step_problems
from tools.catalogue.gate import missing_reads
from tools.documentation.assessment import RULES_VERSION, Assessment, assess, digest_of
from tools.documentation.lint import LintFinding, Neighbours, mention_findings, profile_of, score_of, server_findings
from tools.models import Documentation, Judged, State, Verdict

logger = logging.getLogger(__name__)

HELD_OTHERS = 16
BATCH = 200
KEPT = ("digest", "own", "state", "name", "score", "tokens", "problems", "findings")


@dataclass(frozen=True)
class OtherRecords:
    """The other records of an integration as far as they affect one: which names are taken, which are alike.

    `live` are those that make tools, which composites and downloads need.
    """

    names: dict[str, str]
    neighbours: Neighbours
    live: dict[str, Documentation]

    def problems(self, definition: Definition, record: Documentation, own: Assessment) -> list[str]:
        """Return the gate's problems with a record that are due to others."""
        if not own.judged:
            return []
        holder = self.names.get(own.name, record.key)
        taken = [f"tool_name: {own.name} is the name of {holder}'s tool already."] if holder != record.key else []
        lacking = missing_reads(definition.method(record.key), self.live)
        return taken + lacking + ([] if own.problems else step_problems(definition, record, self.live))

    def findings(self, definition: Definition, record: Documentation, own: Assessment) -> list[LintFinding]:
        """Return the lint's findings on a record that are due to the others."""
        if not own.judged:
            return []
        unknown = own.mentions - self.names.keys() - {own.name}
        return [*self.neighbours.findings(profile_of(definition, record)), *mention_findings(unknown)]


@dataclass(frozen=True)
class Report:
    """An integration as the lint sees it, its records in the definition's order."""

    integration: Integration
    records: tuple[Documentation, ...]
    problems: tuple[str, ...]

    @property
    def published(self) -> list[Documentation]:
        """The records that are meant to be tools."""
        return [record for record in self.records if record.published]

    @property
    def exposed(self) -> list[Documentation]:
        """The records that are tools."""
        return [record for record in self.records if record.verdict.state == State.EXPOSED]

    @property
    def drafts(self) -> list[Documentation]:
        """The records that are meant to be tools, but are not."""
        return [record for record in self.published if record.verdict.state == State.DRAFT]

    @property
    def tokens(self) -> int:
        """Roughly what all tools together cost a model."""
        return sum(record.verdict.tokens or 0 for record in self.exposed)

    @property
    def score(self) -> int | None:
        """The mean score of the published records; None if there are none."""
        scores = [record.verdict.score for record in self.published]
        return round(sum(scores) / len(scores)) if scores else None

    @property
    def findings(self) -> list[str]:
        """The definition's problems, and the lint's findings on all tools together."""
        return [*self.problems, *server_findings(len(self.exposed), self.tokens)]


def ensure_fresh() -> None:
    """Judge the records of every integration that changed since they were judged, or was judged by other rules."""
    current = Judged.objects.filter(revision=F("integration__revision"), rules=str(RULES_VERSION))
    for integration in Integration.objects.exclude(pk__in=current.values("pk")):
        refresh(integration)


def refresh(integration: Integration) -> None:
    """Judge an integration's records as they are in the database, and store the verdicts that changed."""
    try:
        with transaction.atomic():
            _refresh(Integration.objects.get(pk=integration.pk))
    except (IntegrityError, Integration.DoesNotExist):
        # A record was deleted in the meantime; the next reader judges the others.
        logger.info("The records of %s changed while they were judged.", integration.name)


def _refresh(integration: Integration) -> None:
    records = list(Documentation.objects.filter(integration=integration).select_related("verdict"))
    verdicts = verdicts_on(integration, records)
    Verdict.objects.bulk_create(
        [verdict for record, verdict in zip(records, verdicts, strict=True) if _differs(record, verdict)],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["record"],
        update_fields=KEPT,
    )
    Judged.objects.update_or_create(
        integration=integration, defaults={"revision": integration.revision, "rules": str(RULES_VERSION)}
    )


def verdicts_on(integration: Integration, records: list[Documentation]) -> list[Verdict]:
    """Return the verdicts on all of an integration's records, in their order; save nothing."""
    try:
        definition = integration.parsed()
    except DefinitionInvalid as invalid:
        problems = tuple(f"definition: {problem}" for problem in invalid.problems)
        unjudged = ((record, Assessment(record.key, problems, judged=False)) for record in records)
        return [_stored(record, "", own, [*own.problems], []) for record, own in unjudged]
    definition_digest = hashlib.sha256(json.dumps(integration.definition).encode()).hexdigest()
    digests = [digest_of(definition_digest, record) for record in records]
    owns = [
        Assessment.from_json(record.verdict.own)
        if _verdict_of(record) and record.verdict.digest == digest
        else assess(definition, record)
        for record, digest in zip(records, digests, strict=True)
    ]
    around = _other_records(definition, records, owns)
    judged = zip(records, digests, owns, strict=True)
    return [_verdict(definition, record, digest, own, around) for record, digest, own in judged]


def _verdict_of(record: Documentation) -> Verdict | None:
    return getattr(record, "verdict", None)


def _verdict(
    definition: Definition, record: Documentation, digest: str, own: Assessment, around: OtherRecords
) -> Verdict:
    problems, findings = around.problems(definition, record, own), around.findings(definition, record, own)
    return _stored(record, digest, own, [*own.problems, *problems], [*own.findings, *findings])


def _stored(
    record: Documentation, digest: str, own: Assessment, reasons: list[str], found: list[LintFinding]
) -> Verdict:
    return Verdict(
        record_id=record.pk,
        digest=digest,
        own=own.as_json(),
        state=state_of(record, reasons),
        name=own.name,
        score=score_of(found) if own.judged else 0,
        tokens=own.tokens,
        problems=reasons,
        findings=[[each.rule, each.place, each.words] for each in found],
    )


def state_of(record: Documentation, problems: Iterable[str]) -> State:
    """Return a record's state, given the gate's problems with it."""
    if any(problems):
        return State.DRAFT
    return State.EXPOSED if record.published else State.WITHDRAWN


def _differs(record: Documentation, verdict: Verdict) -> bool:
    before = _verdict_of(record)
    return before is None or any(getattr(before, name) != getattr(verdict, name) for name in KEPT)


def _other_records(definition: Definition, records: list[Documentation], owns: list[Assessment]) -> OtherRecords:
    """Return the records' relations to each other; a name belongs to the record that comes first in the definition."""
    order = {key: place for place, key in enumerate(definition_order(definition))}
    names: dict[str, str] = {}
    live: dict[str, Documentation] = {}
    profiles = []
    for record, own in sorted(zip(records, owns, strict=True), key=lambda pair: order.get(pair[0].key, len(order))):
        if not (record.published and own.judged):
            continue
        profiles.append(profile_of(definition, record))
        if not own.problems and names.setdefault(own.name, record.key) == record.key:
            live[record.key] = record
    return OtherRecords(names, Neighbours(profiles), live)


def definition_order(definition: Definition) -> list[str]:
    """Return every `resource.method`, in the definition's order."""
    return [f"{name}.{method}" for name, resource in definition.resources.items() for method in resource.methods]


def _revision_of(integration: Integration, definition: Definition) -> tuple[UUID, int]:
    return integration.pk, integration.revision


@cached(LRUCache(HELD_OTHERS), key=_revision_of, lock=threading.Lock())
def other_records_of(integration: Integration, definition: Definition) -> OtherRecords:
    """Return the other records of one being edited; cached per revision, since every key press asks for them."""
    ensure_fresh()
    records = list(Documentation.objects.filter(integration=integration).select_related("verdict"))
    judged = [record for record in records if _verdict_of(record)]
    return _other_records(definition, judged, [Assessment.from_json(record.verdict.own) for record in judged])


def report_of(integration: Integration) -> Report:
    """Return the report of gate and lint on an integration."""
    ensure_fresh()
    records = list(
        Documentation.objects.filter(integration=integration, verdict__isnull=False).select_related("verdict")
    )
    try:
        order = {key: place for place, key in enumerate(definition_order(integration.parsed()))}
        problems: tuple[str, ...] = ()
    except DefinitionInvalid as invalid:
        order, problems = {}, tuple(f"definition: {problem}" for problem in invalid.problems)
    records.sort(key=lambda record: (order.get(record.key, len(order)), record.key))
    return Report(integration, tuple(records), problems)
