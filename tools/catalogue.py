"""The tools of an integration, compiled from its definition and documentation, and what a filter leaves of them.

A catalogue is compiled once for each revision of an integration and held in the process. A filter is applied
here and nowhere else, so that listing and calling cannot differ.
"""

import difflib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import jsonschema_rs

from accounts.definition import Access, Definition, Method
from accounts.errors import DefinitionInvalid
from accounts.models import Integration
from tools.errors import FilterUnknown, UnknownTool
from tools.gate import PAGING_ARGUMENTS, is_paginated, name_of, problems_of
from tools.models import Documentation
from tools.naming import CUSTOM, GROUPS, group_of
from tools.pagination import Pager, pager
from tools.schemas import Schema, alias, compile_validator, inline_references

HELD_CATALOGUES = 128


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an argument goes: its name at the vendor, and whether into path, query, body."""

    wire_name: str
    in_path: bool = False
    in_query: bool = False
    in_body: bool = False
    query_style: str = "repeat"


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool, ready to be shown and called."""

    name: str
    title: str
    description: str
    resource: str
    method_name: str
    method: Method
    tags: tuple[str, ...]
    input_schema: Schema
    placements: dict[str, Placement]
    validator: jsonschema_rs.Draft202012Validator = field(repr=False, compare=False)
    pager: Pager | None
    definition: Definition = field(repr=False, compare=False)

    @property
    def read_only(self) -> bool:
        """Whether it leaves the vendor's data as they are."""
        return self.method.access is Access.READ

    @property
    def destructive(self) -> bool:
        """Whether it does what cannot be undone, or reaches a customer."""
        if self.method.destructive is not None:
            return self.method.destructive
        return self.method.http == "DELETE"

    @property
    def idempotent(self) -> bool:
        """Whether calling it twice does no more than calling it once."""
        if self.method.idempotent is not None:
            return self.method.idempotent
        return self.read_only or self.method.http in {"PUT", "DELETE"}

    @property
    def group(self) -> str:
        """The filter group that it belongs to: `read`, `write` or `custom`."""
        return group_of(self.method_name)


@dataclass(frozen=True)
class Draft:
    """A record that makes no tool, and why."""

    key: str
    reasons: list[str]


@dataclass(frozen=True)
class ToolSet:
    """Tools by name, in an order that does not change by itself."""

    tools: dict[str, Tool]

    def __iter__(self) -> Iterator[Tool]:
        return iter(self.tools.values())

    def __len__(self) -> int:
        return len(self.tools)

    def get(self, name: str) -> Tool:
        """Return a tool; raise UnknownTool, with the nearest name that exists."""
        tool = self.tools.get(name)
        if tool is None:
            nearest = difflib.get_close_matches(name[:64], self.tools, n=1, cutoff=0.6)
            raise UnknownTool(name[:64], nearest[0] if nearest else "")
        return tool


@dataclass(frozen=True)
class Catalogue(ToolSet):
    """Every tool of an integration, and the records that make none."""

    drafts: tuple[Draft, ...] = ()
    instructions: str = ""

    @property
    def method_filters(self) -> list[str]:
        """What a method filter may name: the groups, then single methods."""
        methods = dict.fromkeys(tool.method_name for tool in self)
        return [*GROUPS, CUSTOM, *methods]

    @property
    def tag_filters(self) -> list[str]:
        """What a tag filter may name."""
        return sorted({tag for tool in self for tag in tool.tags})

    def select(self, methods: Iterable[str] = (), tags: Iterable[str] = (), names: Iterable[str] = ()) -> ToolSet:
        """Return the tools that match a method, a tag and a name; a filter that names nothing lets all pass."""
        methods, tags, names = set(methods), set(tags), set(names)
        return ToolSet(
            {
                tool.name: tool
                for tool in self
                if (not methods or tool.group in methods or tool.method_name in methods)
                and (not tags or tags.intersection(tool.tags))
                and (not names or tool.name in names)
            }
        )

    def check_filters(self, methods: Iterable[str] = (), tags: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        """Raise FilterUnknown for a method, tag or name that no tool has."""
        for filter_name, values, known in (
            ("methods", methods, self.method_filters),
            ("tags", tags, self.tag_filters),
            ("tools", names, [*self.tools]),
        ):
            for value in values:
                if value not in known:
                    raise FilterUnknown(filter_name, value, known)


_held: OrderedDict[tuple[UUID, int], Catalogue] = OrderedDict()
_lock = threading.Lock()


def catalogue_of(integration: Integration) -> Catalogue:
    """Return the catalogue of an integration at its revision (compiled on first use); reads the database."""
    key = (integration.pk, integration.revision)
    with _lock:
        held = _held.get(key)
        if held is not None:
            _held.move_to_end(key)
            return held
    built = build(integration)
    with _lock:
        _held[key] = built
        while len(_held) > HELD_CATALOGUES:
            _held.popitem(last=False)
    return built


def build(integration: Integration) -> Catalogue:
    """Compile the catalogue of an integration as it stands in the database."""
    records = list(Documentation.objects.filter(integration=integration))
    try:
        definition = integration.parsed()
    except DefinitionInvalid as invalid:
        return Catalogue({}, tuple(Draft(record.key, invalid.problems) for record in records))
    tools: dict[str, Tool] = {}
    drafts: list[Draft] = []
    for record in sorted(records, key=lambda record: _position(definition, record)):
        reasons = problems_of(definition, record)
        if not record.published:
            reasons.insert(0, "This record is withdrawn.")
        elif not reasons and name_of(definition, record) in tools:
            reasons.append(f"tool_name: {name_of(definition, record)} is the name of another tool already.")
        if reasons:
            drafts.append(Draft(record.key, reasons))
        else:
            tool = compile_tool(definition, record)
            tools[tool.name] = tool
    return Catalogue(tools, tuple(drafts), definition.instructions)


def _position(definition: Definition, record: Documentation) -> tuple[int, int, str]:
    """Order records as the definition orders their methods."""
    resources = list(definition.resources)
    if record.resource not in resources:
        return len(resources), 0, record.key
    methods = list(definition.resources[record.resource].methods)
    place = methods.index(record.method) if record.method in methods else len(methods)
    return resources.index(record.resource), place, record.key


def compile_tool(definition: Definition, record: Documentation) -> Tool:
    """Make the tool of a record that passed the gate."""
    method = definition.resources[record.resource].methods[record.method]
    paginated = is_paginated(definition, record.resource, record.method)
    paging = pager(method.pagination or definition.pagination) if paginated else None
    schema, placements = merge_schemas(method, record.query_schema, record.body_schema, paging)
    return Tool(
        name=name_of(definition, record),
        title=record.title.strip(),
        description=record.description.strip(),
        resource=record.resource,
        method_name=record.method,
        method=method,
        tags=definition.tags(record.resource, record.method),
        input_schema=schema,
        placements=placements,
        validator=compile_validator(schema),
        pager=paging,
        definition=definition,
    )


def merge_schemas(
    method: Method, query_schema: Schema, body_schema: Schema, paging: Pager | None
) -> tuple[Schema, dict[str, Placement]]:
    """Make one flat object of arguments, and say where each goes; a name in both schemas goes to both."""
    query, body = inline_references(query_schema or {}), inline_references(body_schema or {})
    query_names, body_names = query.get("properties", {}), body.get("properties", {})
    required = {*query.get("required", []), *body.get("required", []), *method.path_parameters}
    properties: Schema = {}
    placements: dict[str, Placement] = {}
    wire_names = dict.fromkeys([*method.path_parameters, *query_names, *body_names])
    for wire_name in wire_names:
        # A name that needs an alias never takes one that another has at the vendor.
        others = wire_names.keys() - {wire_name}
        name = alias(wire_name, {*properties, *others, *(PAGING_ARGUMENTS if paging else ())})
        declared = query_names.get(wire_name, body_names.get(wire_name))
        # Clients would mirror such an argument in a header, which the endpoint does not hold against the body.
        if isinstance(declared, dict):
            declared = {key: value for key, value in declared.items() if key != "x-mcp-header"}
        properties[name] = declared
        in_path = wire_name in method.path_parameters
        placements[name] = Placement(
            wire_name=wire_name,
            in_path=in_path,
            in_query=wire_name in query_names and not in_path,
            in_body=wire_name in body_names,
            query_style=method.query_styles.get(wire_name, "repeat"),
        )
    needed = [name for name, placement in placements.items() if placement.wire_name in required]
    if paging:
        properties |= paging_properties(paging)
    schema: Schema = {"type": "object", "properties": properties}
    if needed:
        schema["required"] = needed
    return {**schema, "additionalProperties": False}, placements


def paging_properties(paging: Pager) -> dict[str, Any]:
    """Return the arguments that every list tool takes."""
    return {
        "limit": {
            "type": "integer",
            "minimum": 1,
            "maximum": paging.max_limit,
            "default": paging.default_limit,
            "description": f"How many items to return at most (1 to {paging.max_limit}).",
        },
        "next_cursor": {
            "type": "string",
            "minLength": 1,
            "description": (
                "For the next page: the next_cursor of the previous answer, passed back unchanged, "
                "with the same other arguments. Leave it out for the first page."
            ),
        },
    }
