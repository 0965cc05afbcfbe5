"""Import a description into the database: as a new integration, or over an existing one, which keeps its edits."""

import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from accounts.definition import SLUG
from accounts.models import Integration
from tools.catalogue.schemas.json_schemas import Schema
from tools.documentation.bundles import Loading, LoadResult, compare_parts, load_parts
from tools.models import Documentation
from tools.openapi.errors import DocumentInvalid
from tools.openapi.naming.paths import recognised
from tools.openapi.naming.tool_names import Place
from tools.openapi.proposal import Proposal, propose
from tools.openapi.reading.document import read
from tools.rights import Editor

MAX_NAME = 48
NAME_RULE = (
    f"name: takes at most {MAX_NAME} lower-case letters, digits and _, beginning with a letter; short is best, since "
    "it is part of every tool's name."
)


@dataclass(frozen=True)
class ImportPlan:
    """An import before it is carried out: the description's proposal, and that merged with what is here."""

    proposal: Proposal
    document: dict[str, Any]
    records: list[dict[str, Any]]
    overwrite: bool
    judged: dict[tuple[str, str], list[str]] = field(default_factory=dict, compare=False, repr=False)

    def tools(self, loaded: LoadResult) -> int:
        """Return how many of the proposed records would be tools once they are published."""
        return sum(key not in loaded.drafts for key in self.proposal.keys)

    @property
    def largest_schema_bytes(self) -> int:
        """The size of the largest schema: the arguments of one tool, or its result."""
        return max((_largest(record) for record in self.proposal.records), default=0)

    def compare(self) -> LoadResult:
        """Return what the import would do; change nothing."""
        return compare_parts(self.document, self.records, self.how())

    def load(self, by: Editor, *, withdraw: bool = False) -> LoadResult:
        """Carry out the import; new records are unpublished drafts. Raises RightsMissing or LossUnconfirmed."""
        return load_parts(self.document, self.records, by, self.how(withdraw=withdraw))

    def how(self, *, withdraw: bool = False) -> Loading:
        """Return how it is loaded: a description publishes nothing, and takes nothing back."""
        return Loading(self.overwrite, withdraw, publishes=False, judged=self.judged)


def prepare(text: str, *, name: str, label: str = "", base_url: str = "", overwrite: bool = False) -> ImportPlan:
    """Return the plan for importing a description under a name, or raise DocumentInvalid; change nothing."""
    if not re.fullmatch(SLUG, name) or len(name) > MAX_NAME:
        raise DocumentInvalid([NAME_RULE])
    document = read(text)
    present = Integration.objects.filter(name=name).first()
    before = present.definition if present else {}
    # A new description must not move connected accounts to another address.
    proposal = propose(
        document,
        name=name,
        label=label or (present.label if present else ""),
        base_url=base_url or ("" if overwrite else str(before.get("base_url", ""))),
        known=_places(before),
    )
    merged, records = _merged(present, proposal, label=label, base_url=base_url, overwrite=overwrite)
    return ImportPlan(proposal, merged, records, overwrite)


def _places(definition: dict[str, Any]) -> dict[str, list[Place]]:
    """Return the places of each operation in a definition; a few descriptions contain an operation twice."""
    places: dict[str, list[Place]] = {}
    for resource, each in _object(definition.get("resources")).items():
        for method, declared in _object(_object(each).get("methods")).items():
            http, path = _object(declared).get("http"), _object(declared).get("path")
            places.setdefault(recognised(str(http), str(path)), []).append((resource, method))
    return places


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _merged(
    present: Integration | None, proposal: Proposal, *, label: str, base_url: str, overwrite: bool
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Merge a proposal into what is here.

    The chapters of the definition and the methods whose record an editor changed stay as they are; other methods are
    updated from the description, and those that it no longer has stay too.
    """
    if present is None or overwrite:
        return proposal.document, proposal.records
    before = present.definition
    edited = {row.key for row in Documentation.objects.filter(integration=present) if row.is_edited}
    document = {**proposal.document, **{key: value for key, value in before.items() if key != "resources"}}
    if label:
        document["label"] = label
    if base_url:
        document["base_url"] = base_url
    resources: dict[str, Any] = {}
    old, new = _object(before.get("resources")), proposal.document["resources"]
    for name in dict.fromkeys([*old, *new]):
        resource = {**_object(new.get(name)), **_object(old.get(name))}
        methods = dict(_object(_object(old.get(name)).get("methods")))
        for method, declared in _object(_object(new.get(name)).get("methods")).items():
            if method not in methods or f"{name}.{method}" not in edited:
                methods[method] = _adapted(method, declared, proposal.document["pagination"], document["pagination"])
        resources[name] = {**resource, "methods": methods}
    document["resources"] = resources
    tags = {**proposal.document.get("tool_tags", {}), **_object(before.get("tool_tags"))}
    if tags:
        document["tool_tags"] = tags
    return document, proposal.records


def _adapted(method: str, declared: dict[str, Any], proposed: Any, kept: Any) -> dict[str, Any]:
    """Give a list its own pagination if the kept definition's differs from the proposal's."""
    paginated = declared.get("paginated", method == "list")
    if not paginated or proposed == kept or "pagination" in declared:
        return declared
    return {**declared, "pagination": proposed}


def _largest(record: dict[str, Any]) -> int:
    arguments = _size(record.get("query_schema", {})) + _size(record.get("body_schema", {}))
    return max(arguments, _size(record.get("response_schema", {})))


def _size(schema: Schema) -> int:
    return len(orjson.dumps(schema)) if schema else 0
