"""The definition's document, put together from the methods made of the operations."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from accounts.definition import Access
from tools.openapi.answers import Result
from tools.openapi.arguments import Arguments
from tools.openapi.bodies import RequestBody
from tools.openapi.connection import connection_path
from tools.openapi.naming.paths import Template
from tools.openapi.naming.texts import plain, slug, words_of
from tools.openapi.naming.tool_names import Names, Place
from tools.openapi.paging import NOT_PAGED, Guess
from tools.openapi.reading.document import Document
from tools.openapi.reading.operations import Operation
from tools.openapi.schemes import AccessProposal
from tools.openapi.servers import Base

MAX_TAGS = 4


@dataclass(frozen=True)
class ReadOperation:
    """What can be read from an operation before it has a name."""

    operation: Operation
    template: Template
    result: Result
    body: RequestBody
    access: Access

    @property
    def may_have_pages(self) -> bool:
        """Whether its answer is a list that may be requested again: a write would be repeated."""
        return self.access is Access.READ and self.result.is_list and self.result.kind == "json"


@dataclass(frozen=True)
class MadeMethod:
    """An operation with its place and its method in the definition."""

    read: ReadOperation
    place: Place
    declared: dict[str, Any]
    arguments: Arguments
    paging: Guess | None

    @property
    def is_paginated(self) -> bool:
        """Whether its tool takes limit and next_cursor."""
        return self.read.access is Access.READ and bool(self.declared.get("paginated", self.place[1] == "list"))


@dataclass(frozen=True)
class Frame:
    """The parts of a definition other than its resources."""

    name: str
    label: str
    base: Base
    access: AccessProposal
    headers: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)


def usual_pagination(made: list[MadeMethod]) -> dict[str, Any]:
    """Return the most common pagination of lists, and remove it from the methods that have it."""
    declared = [each.declared["pagination"] for each in made if "pagination" in each.declared]
    ways = [way for way in declared if way.get("send_in") != "body"]
    counts = Counter(repr(way) for way in ways)
    usual = max(ways, key=lambda way: counts[repr(way)], default=NOT_PAGED)
    for each in made:
        if each.declared.get("pagination") == usual:
            del each.declared["pagination"]
        elif each.paging is None and usual is not NOT_PAGED and each.is_paginated:
            each.declared["pagination"] = NOT_PAGED
    return usual


def definition_document(
    document: Document, frame: Frame, usual: dict[str, Any], made: list[MadeMethod], names: Names
) -> dict[str, Any]:
    """Return the definition's document; chapters that would be empty are left out."""
    paths = {each.read.operation.key: each.declared["path"] for each in made}
    lists = {each.read.operation.key for each in made if each.read.result.is_list}
    fields = {each["name"]: each for each in [*frame.base.fields, *frame.access.fields]}
    chapters: dict[str, Any] = {
        "name": frame.name,
        "label": frame.label,
        "description": plain(document.part("info").get("description"), 300),
        "documentation_url": _documentation_url(document),
        "base_url": frame.base.url,
        "connection_fields": list(fields.values()),
        "authentication": frame.access.authentication,
        "headers": frame.headers,
        "connection_test": {"path": connection_path([each.read.operation for each in made], paths, lists)},
        "pagination": usual,
        "errors": frame.errors,
    }
    return {key: value for key, value in chapters.items() if value not in ("", {})} | _resources(made, names)


def _documentation_url(document: Document) -> str:
    url = document.part("externalDocs").get("url", "")
    fits = isinstance(url, str) and url.startswith(("https://", "http://")) and len(url) <= 300
    return url if fits and url.isascii() and url.isprintable() and " " not in url else ""


def _resources(made: list[MadeMethod], names: Names) -> dict[str, Any]:
    """Return resources with their methods and tags; tags that all methods of a resource share are the resource's."""
    resources: dict[str, dict[str, Any]] = {}
    tags: dict[str, dict[str, list[str]]] = {}
    for each in made:
        resource, method = each.place
        if resource not in resources:
            resources[resource] = {"label": resource.replace("_", " ").capitalize()[:80], "methods": {}}
            if resource in names.singulars:
                resources[resource]["singular"] = names.singulars[resource]
        resources[resource]["methods"][method] = each.declared
        own = [slug(words_of(tag)) for tag in each.read.operation.tags[:MAX_TAGS]]
        tags.setdefault(resource, {})[method] = [tag for tag in dict.fromkeys(own) if tag]
    tool_tags: dict[str, list[str]] = {}
    for resource, by_method in tags.items():
        shared = [tag for tag in next(iter(by_method.values())) if all(tag in each for each in by_method.values())]
        if shared:
            resources[resource]["tool_tags"] = shared
        for method, own in by_method.items():
            rest = [tag for tag in own if tag not in shared]
            if rest:
                tool_tags[f"{resource}.{method}"] = rest
    return {"resources": resources, **({"tool_tags": tool_tags} if tool_tags else {})}
