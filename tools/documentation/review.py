"""The review of an integration's drafts: what each comes to, which were accepted or dropped, and doing that together.

Marks are the reviewer's own until they are carried out: they lie in the session, not on the records.
"""

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.changes import ChangeKind, announce
from accounts.definition import Definition
from accounts.models import Integration
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
    """Which drafts were accepted and dropped, by their keys in the database."""

    accepted: set[int] = field(default_factory=set)
    dropped: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, session: MutableMapping[str, Any], integration: Integration) -> "Marks":
        """Read the marks of a session."""
        held = session.get(f"review:{integration.pk}", {})
        return cls(set(held.get(ACCEPTED, [])), set(held.get(DROPPED, [])))

    def keep(self, session: MutableMapping[str, Any], integration: Integration) -> None:
        """Write the marks into a session."""
        key = f"review:{integration.pk}"
        if self.accepted or self.dropped:
            session[key] = {ACCEPTED: sorted(self.accepted), DROPPED: sorted(self.dropped)}
        else:
            session.pop(key, None)

    def set(self, mark: str, rows: Iterable[int]) -> None:
        """Mark rows as accepted or dropped; any other word takes their marks away."""
        chosen = {*rows}
        self.accepted -= chosen
        self.dropped -= chosen
        if mark == ACCEPTED:
            self.accepted |= chosen
        elif mark == DROPPED:
            self.dropped |= chosen

    def mark_of(self, row: int) -> str:
        """Return how a row is marked; empty where it is not."""
        return ACCEPTED if row in self.accepted else DROPPED if row in self.dropped else ""


@dataclass(frozen=True)
class DraftRow:
    """One draft as the table shows it."""

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
        """Whether it would be a tool once it is published."""
        return not self.reasons


@dataclass(frozen=True)
class Counts:
    """How many drafts there are of each kind."""

    all: int
    passes: int
    needs_work: int
    accepted: int
    dropped: int


def drafts_of(integration: Integration) -> QuerySet[Documentation]:
    """Return the records of an integration that are not published, judged afresh."""
    ensure_fresh()
    rows = Documentation.objects.filter(integration=integration, published=False, verdict__isnull=False)
    return rows.select_related("verdict").defer("response_schema", "query_schema", "body_schema").order_by("pk")


def filtered(
    rows: QuerySet[Documentation], marks: Marks, *, gate: str, mark: str, words: str
) -> QuerySet[Documentation]:
    """Return the drafts that a reviewer asks for: by the gate's verdict, by their mark, by words."""
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
    for word in words.split()[:8]:
        rows = rows.filter(
            Q(verdict__name__icontains=word) | Q(title__icontains=word) | Q(description__icontains=word)
            | Q(resource__icontains=word) | Q(method__icontains=word)
        )  # fmt: skip
    return rows


def counts_of(rows: QuerySet[Documentation], marks: Marks) -> Counts:
    """Count the drafts."""
    present = dict(rows.values_list("pk", "verdict__state"))
    held = sum(state == State.DRAFT for state in present.values())
    return Counts(
        len(present),
        len(present) - held,
        held,
        len(marks.accepted & present.keys()),
        len(marks.dropped & present.keys()),
    )


def rows_of(definition: Definition | None, records: Iterable[Documentation], marks: Marks) -> list[DraftRow]:
    """Return drafts as the table shows them."""
    made = []
    for record in records:
        resource = definition.resources.get(record.resource) if definition else None
        method = resource.methods.get(record.method) if resource else None
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
    """What carrying out the marks did."""

    outcome: PublishResult
    dropped: list[str]


@transaction.atomic
def carry_out(integration: Integration, marks: Marks, by: Editor) -> ReviewResult:
    """Publish what was accepted and delete what was dropped, all or nothing; raise DefinitionInvalid or RightsMissing.

    What the gate holds back stays a draft and stays accepted; everything else stays as it is.
    """
    demand(by, *([Right.DELETE_RECORD] if marks.dropped else []), Right.CHANGE_RECORD)
    drafts = Documentation.objects.filter(integration=integration, published=False)
    with acting(person_of(by), reason_of(by, "reviewed")):
        dropped = list(drafts.filter(pk__in=marks.dropped))
        for row in dropped:
            # The rows' own method would announce each; the integration is announced once.
            super(Documentation, row).delete()
        outcome = publish(integration, drafts.filter(pk__in=marks.accepted).order_by("pk"), by)
        if dropped and not outcome.published:
            integration.touch()
            announce(ChangeKind.INTEGRATION, integration.pk)
    held = set(drafts.filter(pk__in=marks.accepted).values_list("pk", flat=True))
    marks.accepted, marks.dropped = held, set()
    return ReviewResult(outcome, [row.key for row in dropped])
