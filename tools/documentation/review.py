"""The review of an integration's drafts: list them, mark them accepted or dropped, and carry out all marks together.

Marks are the reviewer's own until they are carried out: they are kept in the session, not on the records.
"""

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.definition import Definition
from accounts.models import Integration
from tools.documentation.groups import DraftGroup, Weight, groups_of, weigh
from tools.documentation.publishing import PublishResult, publish
from tools.documentation.verdicts import ensure_fresh
from tools.models import Documentation, State, acting
from tools.rights import Editor, Right, demand, person_of, reason_of

ACCEPTED, DROPPED = "accepted", "dropped"
PASSES, NEEDS_WORK = "passes", "needs-work"
UNMARKED = "unmarked"
PREVIEW_LENGTH = 160


@dataclass
class Marks:
    """The accepted and dropped drafts, by primary key."""

    accepted: set[int] = field(default_factory=set)
    dropped: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, session: MutableMapping[str, Any], integration: Integration) -> "Marks":
        held = session.get(f"review:{integration.pk}", {})
        return cls(set(held.get(ACCEPTED, [])), set(held.get(DROPPED, [])))

    def keep(self, session: MutableMapping[str, Any], integration: Integration) -> None:
        key = f"review:{integration.pk}"
        if self.accepted or self.dropped:
            session[key] = {ACCEPTED: sorted(self.accepted), DROPPED: sorted(self.dropped)}
        else:
            session.pop(key, None)

    def set(self, mark: str, rows: Iterable[int]) -> None:
        """Mark rows as accepted or dropped; any other word removes their marks."""
        chosen = {*rows}
        self.accepted -= chosen
        self.dropped -= chosen
        if mark == ACCEPTED:
            self.accepted |= chosen
        elif mark == DROPPED:
            self.dropped |= chosen

    def mark_of(self, row: int) -> str:
        """Return a row's mark; empty if it has none."""
        return ACCEPTED if row in self.accepted else DROPPED if row in self.dropped else ""


@dataclass(frozen=True)
class DraftRow:
    """A draft as the table shows it."""

    record: Documentation
    http: str
    path: str
    tool: str
    start: str
    tokens: int | None
    reasons: list[str]
    mark: str

    @property
    def passes(self) -> bool:
        """Whether publishing it would make a tool."""
        return not self.reasons


@dataclass(frozen=True)
class GroupRow:
    """A group of drafts as the page shows it: how many of them pass the gate, and how many are accepted."""

    group: DraftGroup
    passing: frozenset[int]
    accepted: int

    @property
    def is_accepted(self) -> bool:
        """Whether all that pass are accepted."""
        return bool(self.passing) and self.accepted >= len(self.passing)


@dataclass(frozen=True)
class Counts:
    """How many drafts there are of each kind."""

    all: int
    passes: int
    needs_work: int
    accepted: int
    dropped: int


def drafts_of(integration: Integration) -> QuerySet[Documentation]:
    """Return an integration's unpublished records, with fresh verdicts."""
    ensure_fresh()
    rows = Documentation.objects.filter(integration=integration, published=False, verdict__isnull=False)
    return rows.select_related("verdict").defer("response_schema", "query_schema", "body_schema").order_by("pk")


def filtered(
    rows: QuerySet[Documentation], marks: Marks, *, gate: str, mark: str, words: str, group: DraftGroup | None = None
) -> QuerySet[Documentation]:
    """Return the drafts that match the filters: the gate's verdict, the mark, words in their texts, the group."""
    if group is not None:
        rows = rows.filter(pk__in=[record.pk for record in group.records])
    if gate == PASSES:
        rows = rows.exclude(verdict__state=State.DRAFT)
    elif gate == NEEDS_WORK:
        rows = rows.filter(verdict__state=State.DRAFT)
    if mark == ACCEPTED:
        rows = rows.filter(pk__in=marks.accepted)
    elif mark == DROPPED:
        rows = rows.filter(pk__in=marks.dropped)
    elif mark == UNMARKED:
        rows = rows.exclude(pk__in=marks.accepted | marks.dropped)
    # Bounded, since each word adds five conditions to the query.
    for word in words.split()[:8]:
        rows = rows.filter(
            Q(verdict__name__icontains=word) | Q(title__icontains=word) | Q(description__icontains=word)
            | Q(resource__icontains=word) | Q(method__icontains=word)
        )  # fmt: skip
    return rows


def counts_of(rows: QuerySet[Documentation], marks: Marks) -> Counts:
    """Count the drafts of each kind; marks of drafts that are gone do not count."""
    present = dict(rows.values_list("pk", "verdict__state"))
    held = sum(state == State.DRAFT for state in present.values())
    return Counts(
        len(present),
        len(present) - held,
        held,
        len(marks.accepted & present.keys()),
        len(marks.dropped & present.keys()),
    )


def group_rows(definition: Definition | None, rows: QuerySet[Documentation], marks: Marks) -> list[GroupRow]:
    """Return the groups of all drafts."""
    return [
        GroupRow(
            group,
            frozenset(record.pk for record in group.records if record.verdict.state != State.DRAFT),
            sum(record.pk in marks.accepted for record in group.records),
        )
        for group in groups_of(definition, _light(rows))
    ]


def publishable(definition: Definition | None, rows: QuerySet[Documentation], marks: Marks) -> Weight:
    """Return the weight of the accepted drafts that pass the gate."""
    accepted = _light(rows.filter(pk__in=marks.accepted).exclude(verdict__state=State.DRAFT))
    return weigh(definition, list(accepted))


def _light(rows: QuerySet[Documentation]) -> QuerySet[Documentation]:
    """Leave the texts of drafts in the database."""
    return rows.defer(None).only("resource", "method", "verdict__state", "verdict__tokens")


def rows_of(definition: Definition | None, records: Iterable[Documentation], marks: Marks) -> list[DraftRow]:
    """Return drafts as the table shows them; without a method in the definition, one has no path."""
    made = []
    for record in records:
        resource = definition.resources.get(record.resource) if definition else None
        method = resource.methods.get(record.method) if resource else None
        if method and method.composite:  # it has no request of its own
            method = None
        made.append(
            DraftRow(
                record=record,
                http=method.http if method else "",
                path=method.path if method else "",
                tool=record.verdict.name or record.tool_name or record.key,
                start=_start(record.description),
                tokens=record.verdict.tokens,
                reasons=list(record.verdict.problems),
                mark=marks.mark_of(record.pk),
            )
        )
    return made


def _start(text: str) -> str:
    return text if len(text) <= PREVIEW_LENGTH else text[:PREVIEW_LENGTH].rstrip() + "…"


@dataclass(frozen=True)
class ReviewResult:
    """The result of carrying out the marks."""

    outcome: PublishResult
    dropped: list[str]


@transaction.atomic
def carry_out(integration: Integration, marks: Marks, by: Editor) -> ReviewResult:
    """Publish what was accepted and delete what was dropped, all or nothing; raise DefinitionInvalid or RightsMissing.

    Drafts that the gate holds back stay drafts and stay accepted; everything else is left alone.
    """
    demand(by, *([Right.DELETE_RECORD] if marks.dropped else []), Right.CHANGE_RECORD)
    drafts = Documentation.objects.filter(integration=integration, published=False)
    with acting(person_of(by), reason_of(by, "reviewed")):
        dropped = list(drafts.filter(pk__in=marks.dropped))
        for row in dropped:
            row.delete()
        outcome = publish(integration, drafts.filter(pk__in=marks.accepted).order_by("pk"), by)
    held = set(drafts.filter(pk__in=marks.accepted).values_list("pk", flat=True))
    marks.accepted, marks.dropped = held, set()
    return ReviewResult(outcome, [row.key for row in dropped])
