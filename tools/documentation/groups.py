"""Groups of drafts, in which people and programs choose what to publish: by tag, or by resource where there is none."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from accounts.definition import Access, Definition
from accounts.texts.nearest import nearest
from tools.models import Documentation


class GroupKind(StrEnum):
    """What the drafts of a group have in common."""

    TAG = "tag"
    RESOURCE = "resource"


@dataclass(frozen=True)
class Weight:
    """How many drafts there are, how many of them read and write, and roughly what they cost a model in tokens."""

    drafts: int
    reads: int
    writes: int
    tokens: int

    def as_json(self) -> dict[str, int]:
        return {"drafts": self.drafts, "tokens": self.tokens, "reads": self.reads, "writes": self.writes}


@dataclass(frozen=True)
class DraftGroup:
    """The drafts with one tag, or those of one resource that have no tag."""

    kind: GroupKind
    name: str
    records: tuple[Documentation, ...]
    weight: Weight

    @property
    def key(self) -> str:
        """The group as pages and addresses name it, such as `tag:billing`."""
        return f"{self.kind}:{self.name}"

    def as_json(self) -> dict[str, Any]:
        return {self.kind.value: self.name, **self.weight.as_json()}


def groups_of(definition: Definition | None, records: Iterable[Documentation]) -> list[DraftGroup]:
    """Group records with verdicts, tags first, each kind by name; one with several tags is in the group of each."""
    members: dict[tuple[GroupKind, str], list[Documentation]] = {}
    for record in records:
        tags = _tags(definition, record)
        places = [(GroupKind.TAG, tag) for tag in tags] or [(GroupKind.RESOURCE, record.resource)]
        for place in places:
            members.setdefault(place, []).append(record)
    ordered = sorted(members, key=lambda place: (place[0] is GroupKind.RESOURCE, place[1].lower()))
    return [DraftGroup(*place, tuple(members[place]), weigh(definition, members[place])) for place in ordered]


def weigh(definition: Definition | None, records: Collection[Documentation]) -> Weight:
    """Return the weight of records with verdicts; one whose method the definition lacks counts as a read."""
    writes = sum(_writes(definition, record) for record in records)
    tokens = sum(record.verdict.tokens or 0 for record in records)
    return Weight(len(records), len(records) - writes, writes, tokens)


def _has_method(definition: Definition | None, record: Documentation) -> bool:
    resource = definition.resources.get(record.resource) if definition else None
    return resource is not None and record.method in resource.methods


def _tags(definition: Definition | None, record: Documentation) -> tuple[str, ...]:
    if definition is None or not _has_method(definition, record):
        return ()
    return definition.tags(record.resource, record.method)


def _writes(definition: Definition | None, record: Documentation) -> bool:
    if definition is None or not _has_method(definition, record):
        return False
    return definition.resources[record.resource].methods[record.method].access is Access.WRITE


@dataclass(frozen=True)
class Selection:
    """The drafts to publish: those with any of the tags or of any of the resources, or all of them."""

    tags: frozenset[str] = frozenset()
    resources: frozenset[str] = frozenset()
    everything: bool = False

    @property
    def is_made(self) -> bool:
        """Whether somebody has chosen."""
        return bool(self.everything or self.tags or self.resources)

    def holds(self, definition: Definition, record: Documentation) -> bool:
        """Return whether a record is chosen; where nothing was chosen, each is."""
        if self.everything or not self.is_made:
            return True
        return record.resource in self.resources or not self.tags.isdisjoint(_tags(definition, record))

    def problems(self, definition: Definition) -> list[str]:
        """Name each tag and resource that a definition does not have, with the nearest that it has."""
        tags = {tag for name, held in definition.resources.items() for method in held.methods
                for tag in definition.tags(name, method)}  # fmt: skip
        return [
            f"There is no {kind} {name}{f'; did you mean {meant}?' if meant else '.'}"
            for kind, names, known in (
                (GroupKind.TAG, self.tags, tags),
                (GroupKind.RESOURCE, self.resources, definition.resources.keys()),
            )
            for name in sorted(names - known)
            for meant in [nearest(name, sorted(known), cutoff=0.6)]
        ]
