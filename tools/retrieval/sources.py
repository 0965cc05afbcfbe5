"""The resources that a set of tools can search and fetch, and the ids by which their records are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from accounts.definition import Definition, Searchable
from accounts.vendors.record_pages import RecordPages
from tools.catalogue.tool import Tool, ToolSet
from tools.errors import InvalidArguments
from tools.member_paths import member_at
from tools.retrieval.plain_texts import one_line

SEARCH, FETCH = "search", "fetch"
MOST_OF_TITLE = 120
MOST_OF_ID = 200


@dataclass(frozen=True)
class Source:
    """A resource that can be searched with one tool and read with another; `kind` is its singular."""

    kind: str
    resource: str
    label: str
    declared: Searchable
    lister: Tool
    reader: Tool
    # The lists that belong to a record's text, each with the argument that takes the record's id.
    beside: tuple[tuple[Tool, str], ...]

    @property
    def what(self) -> str:
        """What its list holds, in the plural."""
        return self.declared.scope or self.label.lower()

    @property
    def covered(self) -> str:
        """What is searched of it, and what is not."""
        which = self.what if self.declared.by_vendor else f"the newest {self.declared.newest} {self.what}"
        return f"{which} {self.by}"

    @property
    def by(self) -> str:
        """By what of a record it is searched."""
        beyond = f" (not {self.declared.not_by})" if self.declared.not_by else ""
        return f"by {self.declared.by}{beyond}"

    def id_of(self, record: Mapping[str, Any]) -> str:
        """Return the id by which a record is fetched; empty if it has none."""
        held = member_at(record, self.declared.id.split("."))
        is_id = isinstance(held, str | int) and not isinstance(held, bool) and 0 < len(str(held)) <= MOST_OF_ID
        return f"{self.kind}:{held}" if is_id else ""

    def title_of(self, record: Mapping[str, Any], record_id: str) -> str:
        """Return a record's title as plain text on one line: what customers wrote, without markup or links."""
        try:
            found = jmespath.search(self.declared.title, record)
        except JMESPathError:
            found = None
        parts = found if isinstance(found, list) else [found]
        texts = [str(part) for part in parts if isinstance(part, str | int) and part]
        return one_line(" ".join(texts), MOST_OF_TITLE) or record_id

    def url_of(self, record: Mapping[str, Any], pages: RecordPages) -> str:
        """Return the address of a record's page, or that of the vendor's product if it has none of its own."""
        return pages.url_of(self.resource, record) or pages.app


@dataclass(frozen=True)
class Sources:
    """What a set of tools of a vendor can search and fetch, by kind; it is false if that is nothing."""

    vendor: str
    tools: ToolSet
    by_kind: Mapping[str, Source]

    def __bool__(self) -> bool:
        return bool(self.by_kind)

    @property
    def tool_names(self) -> tuple[str, ...]:
        """The names of the two tools; none where there is nothing to search."""
        return (SEARCH, FETCH) if self else ()

    @property
    def covered(self) -> str:
        """What is searched, in words."""
        return "; ".join(source.covered for source in self.by_kind.values())

    def parsed(self, wanted: str) -> tuple[Source, str]:
        """Return the source of an id that a search gave, and the vendor's own id; raise InvalidArguments."""
        kind, _, record_id = wanted.partition(":")
        source = self.by_kind.get(kind)
        if source is None or not record_id or len(record_id) > MOST_OF_ID:
            kinds = ", ".join(f"{name}:…" for name in self.by_kind)
            problem = f"id: {one_line(wanted, 64)!r} is no id of {SEARCH}. Its ids begin with their kind: {kinds}."
            raise InvalidArguments(reason=f"The arguments do not fit {FETCH}.", problems=[problem])
        return source, record_id


NO_SOURCES = Sources("", ToolSet({}), {})


def sources_of(definition: Definition | None, tools: ToolSet) -> Sources:
    """Return what these tools can search and fetch; nothing where a tool of the vendor has one of the two names."""
    if definition is None or not {SEARCH, FETCH}.isdisjoint(tools.tools):
        return NO_SOURCES
    found = (_source(definition, resource, tools) for resource in definition.resources)
    return Sources(definition.label, tools, {source.kind: source for source in found if source})


def _source(definition: Definition, resource: str, tools: ToolSet) -> Source | None:
    held = definition.resources[resource]
    declared = held.searchable
    if declared is None:
        return None
    lister, reader = tools.of_method(declared.method), tools.of_method(declared.read)
    if lister is None or reader is None or lister.pager is None:
        return None
    lists = ((tools.of_method(key), argument) for key, argument in declared.beside.items())
    return Source(
        kind=definition.singular(resource),
        resource=resource,
        label=held.label,
        declared=declared,
        lister=lister,
        reader=reader,
        beside=tuple((tool, argument) for tool, argument in lists if tool),
    )
