"""The tools of an integration, compiled from its definition and documentation, and the filters on them.

A catalogue is compiled once per revision of an integration and cached in the process. Filters are applied only
here, so that listing and calling cannot differ.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import orjson

from accounts.caches.shared_values import SharedValues
from accounts.definition import PLACEHOLDER, Access, Definition, Method
from accounts.errors import DefinitionInvalid
from accounts.models import Integration
from tools.catalogue.composite_gate import held_back
from tools.catalogue.costs import estimate_tokens
from tools.catalogue.documented_results import result_of
from tools.catalogue.formats import as_mcp, without_output
from tools.catalogue.gate import is_paginated, missing_reads, name_of, problems_of
from tools.catalogue.input_schemas import Placement, merge_schemas
from tools.catalogue.named_ids import taking_names
from tools.catalogue.naming import CUSTOM, GROUPS
from tools.catalogue.projection import FIELDS, projection_of
from tools.catalogue.record_urls import URL, linked_resources, with_url
from tools.catalogue.result_arguments import BEFORE_ENTRY, DETAIL, LAST, with_choices
from tools.catalogue.schemas.checking import compile_checker
from tools.catalogue.schemas.clients import listed
from tools.catalogue.schemas.json_schemas import Schema, SchemaRefused
from tools.catalogue.schemas.output_schemas import Documented, Output, output_schema
from tools.catalogue.tool import Tool, ToolSet, passes
from tools.errors import FilterUnknown
from tools.models import Documentation
from tools.pagination import Pager, pager

READING = GROUPS["read"]
# What a catalogue takes for each byte of its listing: schemas, validators and definition (`benchmarks/growth.py`).
BYTES_A_LISTED_BYTE = 14
BYTES_A_METHOD = 2_000


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


@dataclass(frozen=True)
class Catalogue(ToolSet):
    """Every tool of an integration, and the records that make none.

    `declared` has every method by `resource.method`, in the definition's order, documented or not. `definition` is None
    if the stored one is not valid.
    """

    declared: dict[str, DeclaredMethod] = field(default_factory=dict)
    drafts: tuple[DraftRecord, ...] = ()
    instructions: str = ""
    definition: Definition | None = field(default=None, repr=False, compare=False)

    @cached_property
    def entries(self) -> dict[str, bytes]:
        """Each tool as `tools/list` carries it, serialised; every server that lists it shares it."""
        return {tool.name: orjson.dumps(as_mcp(tool)) for tool in self}

    @cached_property
    def lean_entries(self) -> dict[str, bytes]:
        """The entries without outputSchema, for servers that list none."""
        return {tool.name: orjson.dumps(without_output(as_mcp(tool))) for tool in self}

    @cached_property
    def tokens(self) -> dict[str, int]:
        """Return roughly how many tokens each tool costs a model."""
        return {tool.name: estimate_tokens(as_mcp(tool)) for tool in self}

    @property
    def weight(self) -> int:
        """Roughly how many bytes it takes."""
        return BYTES_A_LISTED_BYTE * sum(map(len, self.entries.values())) + BYTES_A_METHOD * len(self.declared)

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
        return ToolSet({tool.name: tool for tool in self if self.lets_pass(tool, methods, tags, names)})

    def lets_pass(self, tool: Tool, methods: Collection[str], tags: Collection[str], names: Collection[str]) -> bool:
        """Return whether filters let a tool pass; what needs other reads, only together with these."""
        needed = [tool, *map(self.of_method, tool.reads)]
        return all(each is not None and passes(each, methods, tags, names) for each in needed)

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


_catalogues: SharedValues[Catalogue] = SharedValues("catalogue", lambda catalogue: catalogue.weight, kept=True)


def catalogue_of(integration: Integration) -> Catalogue:
    """Return an integration's catalogue at its revision, compiled on first use; this reads the database."""
    return _catalogues.get(integration.pk, integration.revision, partial(build, integration))


def build(integration: Integration) -> Catalogue:
    """Compile an integration's catalogue from the records in the database."""
    records = list(Documentation.objects.filter(integration=integration))
    try:
        definition = integration.parsed()
    except DefinitionInvalid as invalid:
        return Catalogue({}, drafts=tuple(DraftRecord(record.key, invalid.problems) for record in records))
    return compiled(definition, records)


def compiled(definition: Definition, records: Collection[Documentation]) -> Catalogue:
    """Compile the catalogue of these records, saved or not."""
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
    made = {tool.key for tool in tools.values()}
    lacking = {name: reasons for name, tool in tools.items() if (reasons := missing_reads(tool.method, made))}
    drafts += [DraftRecord(tools.pop(name).key, reasons) for name, reasons in lacking.items()]
    held = held_back(definition, records, {draft.key for draft in drafts})
    drafts += [DraftRecord(key, reasons) for key, reasons in held.items()]
    tools = {name: tool for name, tool in tools.items() if tool.key not in held}
    return Catalogue(tools, _declared(definition), tuple(drafts), definition.instructions, definition)


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
    joins_pages = method.history is not None and method.history.joins_pages
    is_walked = paginated or joins_pages or bool(method.counts)
    walked = pager(method.pagination or definition.pagination) if is_walked else None
    paging = walked if paginated else None
    schema, placements = merge_schemas(method, record.query_schema, record.body_schema, paging)
    result = result_of(definition, record, of_items=paginated)
    linked = linked_resources(definition, record.resource, record.method, result)
    result = with_url(result) if result and linked else result
    projection = projection_of(result) if _is_chosen_from(method, record, placements) else None
    takes_detail = method.access is Access.READ and _takes({DETAIL}, placements)
    concise = () if takes_detail else _concise_of(definition, record)
    concise += (URL,) if concise and linked else ()
    history = None if paginated or _takes({LAST, BEFORE_ENTRY}, placements) else method.history
    schema = with_choices(schema, method, projection, history, is_concise=bool(concise or method.composite))
    schema, numeric_ids = taking_names(schema, _named_arguments(definition, record.resource))
    compile_checker(schema)  # raises for a schema that is none
    tool = Tool(
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
        pager=paging,
        definition=definition,
        output=None if result is None else _output(result, paging),
        documented=None if result is None or paginated else Documented.of(record.response_schema),
        projection=projection,
        history=history,
        concise=concise,
        counted=walked if method.counts else None,
        joined=None if paginated or method.counts else walked,
        numeric_ids=numeric_ids,
        linked=linked,
        examples=tuple(record.examples or ()),
    )
    return replace(tool, records=tuple(_read(tool, key) for key in method.attachments_of))


def _named_arguments(definition: Definition, resource: str) -> list[str]:
    """Return the paths of a resource's arguments that take a name in the place of an id."""
    return sorted({path for lookup in definition.lookups_of(resource).values() for path in lookup.arguments})


def _is_chosen_from(method: Method, record: Documentation, placements: dict[str, Placement]) -> bool:
    """Return whether a tool takes `fields`, which choose from its result."""
    is_of_records = record.method in READING and method.access is Access.READ and not method.composite
    return is_of_records and not _takes({FIELDS}, placements)


def _read(tool: Tool, key: str) -> Tool:
    """Return what reads the records of a method with another tool's arguments, which fill its path in their order."""
    resource, _, name = key.partition(".")
    method, own = tool.definition.resources[resource].methods[name], iter(tool.method.path_parameters)
    path = PLACEHOLDER.sub(lambda _: f"{{{next(own)}}}", method.path)
    paging = pager(method.pagination or tool.definition.pagination)
    joins_pages = method.history is not None and method.history.joins_pages
    return replace(
        tool,
        method=method.model_copy(update={"path": path}),
        pager=paging if joins_pages or is_paginated(tool.definition, resource, name) else None,
        documented=None,
    )


def _concise_of(definition: Definition, record: Documentation) -> tuple[str, ...]:
    """Return the members that a method's result shows by default; none if it shows all."""
    method = definition.resources[record.resource].methods[record.method]
    usual = definition.resources[method.records or record.resource].concise
    members = usual if method.concise is None else method.concise
    returns_records = method.records is not None or record.method in {*GROUPS["read"], *GROUPS["write"]}
    is_of_records = method.concise is not None or returns_records
    if not members or not is_of_records or method.answer != "json" or method.composite:
        return ()
    history = [method.history.path] if method.history and method.concise is None else []
    lookups = definition.lookups_of(record.resource).items()
    names = [lookup.shown_as or name for name, lookup in lookups if {*lookup.members} & {*members}]
    return (*members, *history, *names)


def _output(result: Schema, paging: Pager | None) -> Output:
    if paging is None:
        return Output(output_schema(result, paged=False))
    # Of a list that comes whole, as declared, nothing else says where it ends.
    return Output(output_schema(result, paged=True, has_total=paging.states_total))


def _takes(names: set[str], placements: dict[str, Placement]) -> bool:
    """Return whether the vendor has arguments of its own with these names."""
    return not names.isdisjoint({*placements, *(placement.wire_name for placement in placements.values())})
