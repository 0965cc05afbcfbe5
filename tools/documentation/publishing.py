"""Publish drafts together: those that pass the quality gate become tools in one transaction.

More than MOST_AT_ONCE wait for a choice of tags or resources: nobody means a thousand tools, and no model can choose
among as many.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction

from accounts.models import Integration, User
from tools.catalogue.gate import name_of, problems_of
from tools.documentation.bundles import LOADED
from tools.documentation.groups import DraftGroup, Selection, Weight, groups_of, weigh
from tools.documentation.verdicts import ensure_fresh
from tools.models import Documentation, State, acting
from tools.rights import Editor, Right, demand, person_of, reason_of

MOST_AT_ONCE = 100


@dataclass(frozen=True)
class PublishingChoice:
    """What somebody has to choose from: the drafts that pass the gate, in groups, and all of them together."""

    groups: list[DraftGroup]
    weight: Weight


@dataclass
class PublishResult:
    """The drafts that were published or held back, by `resource.method`; `held` gives the gate's reasons.

    `choice` is set if there were too many, so that nothing was published.
    """

    published: list[str] = field(default_factory=list)
    held: dict[str, list[str]] = field(default_factory=dict)
    choice: PublishingChoice | None = None


@transaction.atomic
def publish(
    integration: Integration,
    rows: Iterable[Documentation],
    by: Editor,
    *,
    held: dict[str, list[str]] | None = None,
) -> PublishResult:
    """Publish the rows of an integration that pass the gate; raise DefinitionInvalid or RightsMissing.

    `held` has the gate's reasons against rows, by `resource.method`, if all rows have just been judged.
    """
    demand(by, Right.CHANGE_RECORD)
    definition = integration.parsed()
    others = Documentation.objects.filter(integration=integration, published=True)
    names = {name_of(definition, row): row.key for row in others}
    outcome = PublishResult()
    with acting(person_of(by), reason_of(by, "published")):
        for row in rows:
            reasons = problems_of(definition, row) if held is None else list(held.get(row.key, ()))
            name = name_of(definition, row)
            if not reasons and names.get(name, row.key) != row.key:
                reasons = [f"tool_name: {name} is the name of {names[name]}'s tool already."]
            if reasons:
                outcome.held[row.key] = reasons
                continue
            names[name] = row.key
            _publish(row, person_of(by))
            outcome.published.append(row.key)
    if outcome.published:
        integration.refresh_from_db(fields=["revision", "updated_at"])
    return outcome


def _publish(row: Documentation, by: User | None) -> None:
    row.published = True
    if by is not None:
        row.updated_by = by
    row.save()


def publish_drafts(
    integration: Integration, selection: Selection, by: Editor, *, held: dict[str, list[str]]
) -> PublishResult:
    """Publish the selected drafts that nobody withdrew, unless they are too many and nobody has selected any.

    `held` has the gate's reasons against rows, by `resource.method`.
    """
    definition = integration.parsed()
    drafts = not_withdrawn(integration, Documentation.objects.filter(integration=integration).order_by("pk"))
    chosen = [row for row in drafts if selection.holds(definition, row)]
    if selection.is_made or sum(row.key not in held for row in chosen) <= MOST_AT_ONCE:
        return publish(integration, chosen, by, held=held)
    ensure_fresh()
    passing = Documentation.objects.filter(pk__in=[row.pk for row in chosen if row.key not in held])
    judged = list(passing.exclude(verdict__state=State.DRAFT).select_related("verdict"))
    return PublishResult(choice=PublishingChoice(groups_of(definition, judged), weigh(definition, judged)))


def not_withdrawn(integration: Integration, rows: Iterable[Documentation]) -> list[Documentation]:
    """Return the unpublished rows that no person withdrew: imported drafts, and what a load took back."""
    model = Documentation.history.model
    versions = model.objects.filter(integration_id=integration.pk).order_by("history_date", "history_id")
    # What made each record unpublished last, after it had been published.
    withdrawn: dict[int, str] = {}
    was_published: set[int] = set()
    for row_id, published, reason in versions.values_list("id", "published", "history_change_reason"):
        if published:
            was_published.add(row_id)
        elif row_id in was_published:
            was_published.discard(row_id)
            withdrawn[row_id] = reason or ""
    return [row for row in rows if not row.published and withdrawn.get(row.pk, LOADED) == LOADED]
