"""Keep the verdicts on documentation records: made for all of an integration at once, when somebody asks.

A verdict holds for a revision of its integration. Whoever reads verdicts calls `ensure_fresh` first: it takes one
query while nothing changed, and judges only what did change otherwise. What depends on the record alone is kept by
the digest of what it was made from; what depends on its neighbours (names, near-duplicates) is cheap, and made anew.
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
from tools.documentation.assessment import RULES_VERSION, Assessment, assess, digest_of
from tools.documentation.lint import Finding, Neighbours, mention_findings, profile_of, score_of, server_findings
from tools.models import Documentation, Judged, State, Verdict

logger = logging.getLogger(__name__)

HELD_SURROUNDINGS = 16
BATCH = 200
KEPT = ("digest", "own", "state", "name", "score", "tokens", "problems", "findings")


@dataclass(frozen=True)
class Surroundings:
    """The other records of an integration, as far as they bear on one: who has which name, and who is alike."""

    names: dict[str, str]
    neighbours: Neighbours

    def problems(self, record: Documentation, own: Assessment) -> list[str]:
        """Return what the gate says against a record because of another one."""
        holder = self.names.get(own.name)
        if holder is None or holder == record.key:
            return []
        return [f"tool_name: {own.name} is the name of {holder}'s tool already."]

    def findings(self, definition: Definition, record: Documentation, own: Assessment) -> list[Finding]:
        """Return what the lint says of a record because of the others."""
        found = list(mention_findings(own.mentions, {*self.names, own.name}))
        return [*self.neighbours.findings(profile_of(definition, record)), *found] if own.judged else []


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
        """The records that are meant to be tools, and are none."""
        return [record for record in self.published if record.verdict.state == State.DRAFT]

    @property
    def tokens(self) -> int:
        """About what all tools cost a model together."""
        return sum(record.verdict.tokens or 0 for record in self.exposed)

    @property
    def score(self) -> int | None:
        """The mean of the published records; None where there is none."""
        scores = [record.verdict.score for record in self.published]
        return round(sum(scores) / len(scores)) if scores else None

    @property
    def findings(self) -> list[str]:
        """What concerns all tools together."""
        return [*self.problems, *server_findings(len(self.exposed), self.tokens)]


def ensure_fresh() -> None:
    """Judge the records of every integration that changed since, or that other rules judged."""
    current = Judged.objects.filter(revision=F("integration__revision"), rules=str(RULES_VERSION))
    for integration in Integration.objects.exclude(pk__in=current.values("pk")):
        refresh(integration)


def refresh(integration: Integration) -> None:
    """Judge the records of an integration as it stands in the database, and keep what is new."""
    try:
        with transaction.atomic():
            _refresh(Integration.objects.get(pk=integration.pk))
    except (IntegrityError, Integration.DoesNotExist):
        # A record went meanwhile; the next reader judges what is left.
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
    """Return the verdicts on all of an integration's records, in their order; nothing is saved."""
    try:
        definition = integration.parsed()
    except DefinitionInvalid as invalid:
        problems = tuple(f"definition: {problem}" for problem in invalid.problems)
        return [_verdict(record, "", Assessment(record.key, problems, judged=False), [], []) for record in records]
    definition_digest = hashlib.sha256(json.dumps(integration.definition).encode()).hexdigest()
    digests = [digest_of(definition_digest, record) for record in records]
    owns = [
        Assessment.from_json(record.verdict.own)
        if _verdict_of(record) and record.verdict.digest == digest
        else assess(definition, record)
        for record, digest in zip(records, digests, strict=True)
    ]
    around = _surroundings(definition, records, owns)
    return [
        _verdict(record, digest, own, around.problems(record, own), around.findings(definition, record, own))
        for record, digest, own in zip(records, digests, owns, strict=True)
    ]


def _verdict_of(record: Documentation) -> Verdict | None:
    return getattr(record, "verdict", None)


def _verdict(
    record: Documentation, digest: str, own: Assessment, problems: list[str], findings: list[Finding]
) -> Verdict:
    reasons, found = [*own.problems, *problems], [*own.findings, *findings]
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
    """Return what a record comes to, given what the gate says of it."""
    if any(problems):
        return State.DRAFT
    return State.EXPOSED if record.published else State.WITHDRAWN


def _differs(record: Documentation, verdict: Verdict) -> bool:
    before = _verdict_of(record)
    return before is None or any(getattr(before, name) != getattr(verdict, name) for name in KEPT)


def _surroundings(definition: Definition, records: list[Documentation], owns: list[Assessment]) -> Surroundings:
    """Return what bears on each record; a name belongs to the record that comes first in the definition."""
    order = {key: place for place, key in enumerate(definition_order(definition))}
    names: dict[str, str] = {}
    profiles = []
    for record, own in sorted(zip(records, owns, strict=True), key=lambda pair: order.get(pair[0].key, len(order))):
        if not (record.published and own.judged):
            continue
        profiles.append(profile_of(definition, record))
        if not own.problems:
            names.setdefault(own.name, record.key)
    return Surroundings(names, Neighbours(profiles))


def definition_order(definition: Definition) -> list[str]:
    """Return every `resource.method`, in the definition's order."""
    return [f"{name}.{method}" for name, resource in definition.resources.items() for method in resource.methods]


def _revision_of(integration: Integration, definition: Definition) -> tuple[UUID, int]:
    return integration.pk, integration.revision


@cached(LRUCache(HELD_SURROUNDINGS), key=_revision_of, lock=threading.Lock())
def surroundings_of(integration: Integration, definition: Definition) -> Surroundings:
    """Return what bears on a record that is being written; held for each revision, since every key press asks."""
    ensure_fresh()
    records = list(Documentation.objects.filter(integration=integration).select_related("verdict"))
    judged = [record for record in records if _verdict_of(record)]
    return _surroundings(definition, judged, [Assessment.from_json(record.verdict.own) for record in judged])


def report_of(integration: Integration) -> Report:
    """Return what gate and lint say of an integration."""
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
