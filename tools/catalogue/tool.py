"""A compiled tool, and sets of tools."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import jsonschema_rs
from pydantic import JsonValue

from accounts.definition import Access, Composite, Definition, Method, RecordHistory, Shaping
from accounts.texts.nearest import nearest
from tools.catalogue.input_schemas import Placement
from tools.catalogue.naming import group_of
from tools.catalogue.projection import Projection, Tree, tree_of
from tools.catalogue.ranges import Range, ranges_of
from tools.catalogue.schemas.checking import compile_checker
from tools.catalogue.schemas.json_schemas import Schema
from tools.catalogue.schemas.output_schemas import Documented, Output
from tools.catalogue.schemas.value_shapes import ValueShape
from tools.effects import changing_verbs
from tools.errors import UnknownTool
from tools.pagination import Pager

# The name of an argument that says which things a call reaches.
IDENTIFIER = re.compile(r"(?:^|_|[a-z])(?:id|ID|Id|ids|IDs|Ids)$")


@dataclass(frozen=True)
class Tool:
    """A compiled tool, ready to be listed and called.

    Clients get `input_schema`; arguments are checked by `checked_schema`, which also has what not all clients take.
    `counted` and `joined` are the paging of a list that is walked here, to be counted or to be shown as one history;
    `numeric_ids` are the arguments that take names where the vendor takes numbers. `linked` are the resources whose
    pages its records have, by the kind that a record says; one is named "" where all are of it.
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
    pager: Pager | None
    definition: Definition = field(repr=False, compare=False)
    output: Output | None = None
    documented: Documented | None = None
    projection: Projection | None = None
    history: RecordHistory | None = None
    concise: tuple[str, ...] = ()
    counted: Pager | None = None
    joined: Pager | None = None
    numeric_ids: frozenset[str] = frozenset()
    linked: Mapping[str, str] = field(default_factory=dict)
    # Calls that its documentation shows, not all of them valid.
    examples: tuple[JsonValue, ...] = ()
    # The reads whose answers have the files that it downloads.
    records: tuple["Tool", ...] = ()

    @cached_property
    def validator(self) -> jsonschema_rs.Draft202012Validator:
        """What checks its arguments, compiled at the first call: it is large, and most tools are only listed."""
        return compile_checker(self.checked_schema)

    @cached_property
    def ranges(self) -> list[Range]:
        """The arguments that say where a range begins and ends."""
        return ranges_of(self.checked_schema)

    @property
    def asks_first(self) -> dict[str, list[JsonValue]]:
        """The arguments with which a person is asked first about a call, each with the values; none stands for any."""
        declared = self.method.ask_first
        return {name: declared[each.wire_name] for name, each in self.placements.items() if each.wire_name in declared}

    @cached_property
    def ids(self) -> dict[str, str]:
        """The kinds of the ids that its arguments take, by argument, where the definition declares their forms."""
        found: dict[str, str] = {}
        for kind, form in self.definition.ids.items():
            if form.resource == self.resource and self._has_id_in_path:
                found["id"] = kind
            found |= {name: kind for name in form.arguments if name in self.placements}
        return found

    @property
    def _has_id_in_path(self) -> bool:
        return "id" in self.placements and self.placements["id"].in_path

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
        is_walked = self.pager or self.counted or self.joined
        paging = (self.method.pagination or self.definition.pagination).parameters if is_walked else ()
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

    # Decided once for a tool, not for each call.
    @cached_property
    def shaping(self) -> Shaping:
        """How its results are shaped before a model reads them."""
        return self.method.shaping or self.definition.shaping

    @cached_property
    def concise_tree(self) -> Tree:
        """The members that its results show by default, if there are any that they do not show."""
        return tree_of(self.concise)

    @cached_property
    def is_update(self) -> bool:
        """Whether a call changes only what its arguments say."""
        if self.read_only or self.method.body == "none":
            return False
        is_put = self.method.http == "PUT" and not self.method.optional_body
        return is_put or self.method.http == "PATCH" or self.method_name == "update"

    @cached_property
    def needs_change(self) -> bool:
        """Whether it is an update that does nothing without an argument that says what to change."""
        return self.method.needs_change and bool(self.changing)

    @cached_property
    def changing(self) -> frozenset[str]:
        """The arguments of an update that say what it changes: all but those that say which things it reaches."""
        required = self.input_schema.get("required", ())
        return frozenset(
            name
            for name, placement in self.placements.items()
            if not (placement.in_path or placement.header or placement.cookie)
            and not (name in required and IDENTIFIER.search(name))
        )

    @cached_property
    def read_only(self) -> bool:
        """Whether it leaves the vendor's data unchanged."""
        return self.method.access is Access.READ

    @property
    def destructive(self) -> bool:
        """Whether it does something that cannot be undone, or that reaches a customer."""
        if self.method.destructive is not None:
            return self.method.destructive
        return self.method.http == "DELETE"

    @cached_property
    def idempotent(self) -> bool:
        """Whether a second identical call has no further effect."""
        if self.method.idempotent is not None:
            return self.method.idempotent
        return self.read_only or self.method.http in {"PUT", "DELETE"}

    @property
    def group(self) -> str:
        """The filter group that it belongs to: `read`, `write` or `custom`."""
        return "read" if self.counted or self.composite or self.records else group_of(self.method_name)

    @property
    def composite(self) -> Composite | None:
        """The steps of a tool that makes several reads; None for any other."""
        return self.method.composite

    @property
    def key(self) -> str:
        """The method's place in the definition, as `resource.method`."""
        return f"{self.resource}.{self.method_name}"

    @cached_property
    def reads(self) -> list[str]:
        """The methods, by `resource.method`, without whose tools it is not offered."""
        return self.composite.methods if self.composite else self.method.attachments_of


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

    def of_method(self, key: str) -> Tool | None:
        """Return the tool of a method, by `resource.method`; None if it is not among these."""
        return self._by_method.get(key)

    @cached_property
    def _by_method(self) -> dict[str, Tool]:
        return {tool.key: tool for tool in self}

    def get(self, name: str) -> Tool:
        """Return a tool; raise UnknownTool with the nearest existing name that is safe to try instead."""
        tool = self.tools.get(name)
        if tool is None:
            # A caller's name may have any length; a tool's has at most 64 characters.
            raise UnknownTool(name[:64], nearest(name[:64], self._alike(name[:64]), cutoff=0.6))
        return tool

    def _alike(self, name: str) -> list[str]:
        """Return the tools that a wrong name may be taken for: those with its verb, or else those that only read.

        A caller that wanted to delete must not be led to a reply.
        """
        verbs = changing_verbs(name)
        if not verbs:
            return [tool.name for tool in self if tool.read_only]
        return [tool.name for tool in self if verbs & changing_verbs(tool.name)]
