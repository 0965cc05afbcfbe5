"""The tools of an integration, compiled from its definition and documentation, and the filters on them.

A catalogue is compiled once per revision of an integration and cached in the process. Filters are applied only
here, so that listing and calling cannot differ.
"""

import threading
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

import jsonschema_rs
from cachetools import LRUCache, cached

from accounts.definition import Access, Definition, Method, Shaping
from accounts.errors import DefinitionInvalid
from accounts.models import Integration
from accounts.texts.nearest import nearest
from tools.catalogue.checking import compile_checker
from tools.catalogue.clients import listed
from tools.catalogue.gate import is_paginated, name_of, problems_of
from tools.catalogue.input_schemas import Placement, add_fields, merge_schemas
from tools.catalogue.naming import CUSTOM, GROUPS, group_of
from tools.catalogue.output_schemas import Documented, Output, output_schema, result_schema
from tools.catalogue.projection import FIELDS, Projection, projection_of
from tools.catalogue.schemas import Schema, SchemaRefused
from tools.catalogue.value_shapes import ValueShape
from tools.errors import FilterUnknown, UnknownTool
from tools.models import Documentation
from tools.pagination import Pager, pager

HELD_CATALOGUES = 128
READING = GROUPS["read"]
# What the description of `fields` says about dropped members, by the definition's `shaping.drop`.
LEFT_OUT = {
    "nothing": "",
    "nulls": " Members that are null are left out.",
    "empty": " Members that are null or empty are left out.",
}


@dataclass(frozen=True)
class Tool:
    """A compiled tool, ready to be listed and called.

    Clients get `input_schema`; arguments are checked by `checked_schema`, which also has what not all clients take.
    """

    name: str
    title: str
    description: str
    resource: str
    method_name: str
    method: Method
    tags: tuple[str, ...]
    input_schema: Schema
    checked_schema: Schema = field(repr=False, compare=False)
    placements: dict[str, Placement]
    validator: jsonschema_rs.Draft202012Validator = field(repr=False, compare=False)
    pager: Pager | None
    definition: Definition = field(repr=False, compare=False)
    output: Output | None = None
    documented: Documented | None = None
    projection: Projection | None = None

    @cached_property
    def files(self) -> frozenset[str]:
        """The arguments that take files."""
        return frozenset(name for name, placement in self.placements.items() if placement.is_file)

    @cached_property
    def shape(self) -> ValueShape:
        """What the schema leaves room for, place by place."""
        return ValueShape(self.checked_schema)

    @cached_property
    def body_shapes(self) -> dict[str, ValueShape]:
        """What the body takes for the arguments that also go elsewhere."""
        placed = self.placements.items()
        return {name: ValueShape(each.body_schema) for name, each in placed if each.body_schema is not None}

    @cached_property
    def may_leave_out_body(self) -> bool:
        """Whether a call without any member of the body sends none; what is fixed is sent if nothing else could be."""
        members = (placement.in_body and not placement.is_parameter for placement in self.placements.values())
        return self.method.optional_body and (any(members) or not self.method.fixed_body)

    @cached_property
    def needed_in_body(self) -> frozenset[str]:
        """The arguments that a body needs although it can be left out as a whole."""
        if not self.method.optional_body:
            return frozenset()
        return frozenset(name for name, placement in self.placements.items() if placement.needed_in_body)

    @cached_property
    def optional_validator(self) -> jsonschema_rs.Draft202012Validator:
        """A validator for any subset of the arguments: it requires none."""
        return compile_checker({"type": "object", "properties": self.checked_schema["properties"]})

    @cached_property
    def taken_names(self) -> frozenset[str]:
        """The query names already in use, which an argument's members must not take."""
        paging = (self.method.pagination or self.definition.pagination).parameters if self.pager else ()
        named = (placement.parameter for placement in self.placements.values() if placement.in_query)
        return self.definition.authentication.query_names.union(named, paging, self.method.fixed_query)

    def body_arguments(self, names: Iterable[str]) -> list[str]:
        """Return those of these arguments that go into the body and nowhere else, unnamed ones included."""
        known, placements = self.input_schema["properties"], self.placements
        return [
            name
            for name in names
            if name not in known
            or (name in placements and placements[name].in_body and not placements[name].is_parameter)
        ]

    @property
    def shaping(self) -> Shaping:
        """How its results are shaped before a model reads them."""
        return self.method.shaping or self.definition.shaping

    @property
    def is_update(self) -> bool:
        """Whether a call without any member of the body would change nothing."""
        if self.read_only or self.method.body == "none":
            return False
        is_put = self.method.http == "PUT" and not self.method.optional_body
        return is_put or self.method.http == "PATCH" or self.method_name == "update"

    @property
    def read_only(self) -> bool:
        """Whether it leaves the vendor's data unchanged."""
        return self.method.access is Access.READ

    @property
    def destructive(self) -> bool:
        """Whether it does something that cannot be undone, or that reaches a customer."""
        if self.method.destructive is not None:
            return self.method.destructive
        return self.method.http == "DELETE"

    @property
    def idempotent(self) -> bool:
        """Whether a second identical call has no further effect."""
        if self.method.idempotent is not None:
            return self.method.idempotent
        return self.read_only or self.method.http in {"PUT", "DELETE"}

    @property
    def group(self) -> str:
        """The filter group that it belongs to: `read`, `write` or `custom`."""
        return group_of(self.method_name)


@dataclass(frozen=True, slots=True)
class DeclaredMethod:
    """A method that a definition declares; it makes a tool if it is documented well enough."""

    resource: str
    name: str
    method: Method
    tags: tuple[str, ...]

    @property
    def key(self) -> str:
        """Its place in the definition, as `resource.method`."""
        return f"{self.resource}.{self.name}"


@dataclass(frozen=True)
class DraftRecord:
    """A record that makes no tool, and why."""

    key: str
    reasons: list[str]


def passes(tool: Tool, methods: Collection[str], tags: Collection[str], names: Collection[str]) -> bool:
    """Return whether a tool passes a filter; an empty part lets every tool pass."""
    return (
        (not methods or tool.group in methods or tool.method_name in methods)
        and (not tags or any(tag in tags for tag in tool.tags))
        and (not names or tool.name in names)
    )


@dataclass(frozen=True)
class ToolSet:
    """Tools by name, in a stable order."""

    tools: dict[str, Tool]

    def __iter__(self) -> Iterator[Tool]:
        return iter(self.tools.values())

    def __len__(self) -> int:
        return len(self.tools)

    def get(self, name: str) -> Tool:
        """Return a tool; raise UnknownTool with the nearest existing name."""
        tool = self.tools.get(name)
        if tool is None:
            # A caller's name may have any length; a tool's has at most 64 characters.
            raise UnknownTool(name[:64], nearest(name, self.tools, cutoff=0.6))
        return tool


@dataclass(frozen=True)
class Catalogue(ToolSet):
    """Every tool of an integration, and the records that make none.

    `declared` has every method by `resource.method`, in the definition's order, documented or not.
    """

    declared: dict[str, DeclaredMethod] = field(default_factory=dict)
    drafts: tuple[DraftRecord, ...] = ()
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
        """Return the tools that match a method, a tag and a name; an empty filter lets every tool pass."""
        methods, tags, names = set(methods), set(tags), set(names)
        return ToolSet({tool.name: tool for tool in self if passes(tool, methods, tags, names)})

    def check_filters(self, methods: Iterable[str] = (), tags: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        """Raise FilterUnknown for a method, tag or name that no tool has."""
        for filter_name, values, known in (
            ("methods", methods, self.method_filters),
            ("tags", tags, self.tag_filters),
            ("tools", names, [*self.tools]),
        ):
            for value in dict.fromkeys(values):
                if value not in known:
                    raise FilterUnknown(filter_name, value, known)


def _revision_of(integration: Integration) -> tuple[UUID, int]:
    return integration.pk, integration.revision


@cached(LRUCache(HELD_CATALOGUES), key=_revision_of, lock=threading.Lock())
def catalogue_of(integration: Integration) -> Catalogue:
    """Return an integration's catalogue at its revision, compiled on first use; this reads the database."""
    return build(integration)


def build(integration: Integration) -> Catalogue:
    """Compile an integration's catalogue from the records in the database."""
    records = list(Documentation.objects.filter(integration=integration))
    try:
        definition = integration.parsed()
    except DefinitionInvalid as invalid:
        return Catalogue({}, drafts=tuple(DraftRecord(record.key, invalid.problems) for record in records))
    tools: dict[str, Tool] = {}
    drafts: list[DraftRecord] = []
    for record in sorted(records, key=lambda record: _position(definition, record)):
        reasons = problems_of(definition, record)
        if not record.published:
            reasons.insert(0, "This record is withdrawn.")
        elif not reasons and name_of(definition, record) in tools:
            reasons.append(f"tool_name: {name_of(definition, record)} is the name of another tool already.")
        if not reasons:
            try:
                tool = compile_tool(definition, record)
                tools[tool.name] = tool
            # Schemas that pass the gate one by one may still be refused once they are merged.
            except (SchemaRefused, RecursionError) as failure:
                reasons.append(f"tool: cannot be made: {str(failure).rstrip('.')}.")
        if reasons:
            drafts.append(DraftRecord(record.key, reasons))
    return Catalogue(tools, _declared(definition), tuple(drafts), definition.instructions)


def _declared(definition: Definition) -> dict[str, DeclaredMethod]:
    declared = (
        DeclaredMethod(resource, name, method, definition.tags(resource, name))
        for resource, held in definition.resources.items()
        for name, method in held.methods.items()
    )
    return {each.key: each for each in declared}


def _position(definition: Definition, record: Documentation) -> tuple[int, int, str]:
    """Order records as the definition orders their methods."""
    resources = list(definition.resources)
    if record.resource not in resources:
        return len(resources), 0, record.key
    methods = list(definition.resources[record.resource].methods)
    place = methods.index(record.method) if record.method in methods else len(methods)
    return resources.index(record.resource), place, record.key


def compile_tool(definition: Definition, record: Documentation) -> Tool:
    """Make the tool for a record that passed the gate."""
    method = definition.resources[record.resource].methods[record.method]
    paginated = is_paginated(definition, record.resource, record.method)
    paging = pager(method.pagination or definition.pagination) if paginated else None
    schema, placements = merge_schemas(method, record.query_schema, record.body_schema, paging)
    result = result_schema(record.response_schema, of_items=paginated) if method.answer == "json" else None
    projection = None
    if record.method in READING and method.access is Access.READ and not _takes_fields(placements):
        projection = projection_of(result)
    if projection:
        schema = add_fields(schema, projection, LEFT_OUT[(method.shaping or definition.shaping).drop])
    return Tool(
        name=name_of(definition, record),
        title=record.title.strip(),
        description=record.description.strip(),
        resource=record.resource,
        method_name=record.method,
        method=method,
        tags=definition.tags(record.resource, record.method),
        input_schema=listed(schema),
        checked_schema=schema,
        placements=placements,
        validator=compile_checker(schema),
        pager=paging,
        definition=definition,
        output=None if result is None else _output(result, paging),
        documented=None if result is None or paginated else Documented.of(record.response_schema),
        projection=projection,
    )


def _output(result: Schema, paging: Pager | None) -> Output:
    if paging is None:
        return Output(output_schema(result, paged=False))
    # Of a list that comes whole, as declared, nothing else says where it ends.
    return Output(output_schema(result, paged=True, has_total=paging.states_total))


def _takes_fields(placements: dict[str, Placement]) -> bool:
    """Return whether the vendor has a `fields` argument of its own."""
    return FIELDS in placements or any(placement.wire_name == FIELDS for placement in placements.values())
