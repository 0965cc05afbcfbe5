"""The outputSchema of a tool, and the conversion of results to match it.

Official clients check structured content against the schema and fail the whole call on a mismatch. Documentation of
a vendor's answers is seldom accurate: members are missing or null, enumerations grow. So the published schema is
looser than the documented one and matches every success: members are optional, every value may be null, and only
types are stated. Values that still deviate are converted, while the text that a model reads keeps the vendor's own
value.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jsonschema_rs
import orjson

from accounts.bounded_json import EXACT
from tools.catalogue.schemas.conforming import INEXACT, conformed
from tools.catalogue.schemas.json_schemas import (
    PROPERTY_NAME,
    Schema,
    SchemaRefused,
    compile_validator,
    inline_references,
    without,
)

MAX_DEPTH = 8
MAX_CHARACTERS = 8000
SMALL = frozenset({"int32", "int16", "int8", "uint8", "uint16", "uint32", "float", "double", "decimal"})
TYPES = ("object", "array", "string", "integer", "number", "boolean")
ALTERNATIVES = ("anyOf", "oneOf")
# The members of every page, whatever its items are.
NEXT_CURSOR = {"type": ["string", "null"]}
TOTAL_COUNT = {"type": "integer"}
# The members that may stand beside any result. Only a schema that would not allow them names them.
BESIDE: Schema = {
    "envelope": {"type": "object", "properties": {}},
    "remarks": {"type": "array", "items": {"type": "string"}},
    "truncated": {"type": "array", "items": {"type": "object", "properties": {}}},
}
# What stands for an empty answer.
DONE: Schema = {"done": {"type": "boolean"}, "status": {"type": "integer"}}


@dataclass(frozen=True)
class Output:
    """The outputSchema of a tool, which validates and converts results."""

    schema: Schema

    @cached_property
    def listed(self) -> Schema:
        """The schema as clients get it: without members that may be anything, whose names `fields` tells."""
        return _checking(self.schema)

    @cached_property
    def _validator(self) -> jsonschema_rs.Draft202012Validator:
        return compile_validator(self.schema)

    def fits(self, value: Any) -> bool:
        """Return whether a result matches the schema without conversion."""
        return self._validator.is_valid(value)

    def conformed(self, value: Any) -> Any:
        """Return a result converted to match the schema."""
        return conformed(value, self.schema)


@dataclass(frozen=True, slots=True)
class Documented:
    """What is documented of a result: its types, the names of its members, and those that are only ever true."""

    kinds: frozenset[str]
    names: frozenset[str]
    pledged: frozenset[str]

    @classmethod
    def of(cls, response_schema: Any) -> "Documented | None":
        """Read the schema of a result; None if it says nothing."""
        try:
            parts = _Parts.of(inline_references(response_schema))
        except (SchemaRefused, RecursionError):
            return None
        pledged = (name for name, member in parts.properties.items() if _is_pledged(member))
        return cls(frozenset(parts.types), frozenset(parts.properties), frozenset(pledged)) if parts.types else None


def _is_pledged(schema: Any) -> bool:
    values = _object(schema).get("enum", [_object(schema).get("const")])
    return isinstance(values, list) and len(values) == 1 and values[0] is True


def result_schema(response_schema: Any, *, of_items: bool) -> Schema | None:
    """Return the loosened schema of a result, or of one item; None if nothing is documented.

    A schema that is too large for a listing loses its inner levels.
    """
    if not isinstance(response_schema, dict) or not response_schema:
        return None
    try:
        documented = inline_references(response_schema)
    except (SchemaRefused, RecursionError):
        return None
    if of_items and "array" in _types(documented) and isinstance(documented.get("items"), dict):
        documented = documented["items"]
    for depth in range(MAX_DEPTH, 0, -1):
        schema = loosened(documented, depth)
        if len(orjson.dumps(schema)) <= MAX_CHARACTERS:
            return schema
    return {}


def output_schema(result: Schema, *, paged: bool, has_total: bool = False) -> Schema:
    """Return the schema around a result's: a page, the result itself if it is an object, or an object that holds it.

    `has_total` says whether the vendor may state the number of all items. A page has no `next_cursor` if the end of the
    list is not known.
    """
    published = _publishable(result)
    if paged:
        return {
            "type": "object",
            "properties": {
                "result": {"type": "array", "items": published},
                "next_cursor": NEXT_CURSOR,
                "result_count": {"type": "integer"},
                **({"total_count": TOTAL_COUNT} if has_total else {}),
            },
            "required": ["result", "result_count"],
        }
    kinds = published.get("type", ["object"])
    if kinds == ["object", "null"]:
        return _with_surroundings({**published, "type": "object"})
    if "object" in kinds:
        # An object comes as it is, anything else as `result`.
        members = {"result": published, **published.get("properties", {})}
        return _with_surroundings({"type": "object", "properties": members})
    return {"type": "object", "properties": {"result": published}}


def _checking(schema: Schema) -> Schema:
    """Return a schema that accepts as much or more, without members of any kind and the patterns of long numbers."""
    node = without(schema, "pattern")
    if "properties" in node:
        # Beside a schema of additional members, a member that may be anything is an exception to it.
        inner = {name: child for name, child in node["properties"].items() if child or "additionalProperties" in node}
        node["properties"] = {name: _checking(child) for name, child in inner.items()}
    return node | {word: _checking(node[word]) for word in ("items", "additionalProperties") if word in node}


def _with_surroundings(schema: Schema) -> Schema:
    """Return the schema of an object that also allows what may stand beside it.

    Only what would not be allowed anyway is added: listings are long enough. An object with a member of the same name
    moves down into `result`: see `shape_value`.
    """
    properties, own = schema["properties"], {**BESIDE, **DONE}
    clashing = properties.keys() & BESIDE.keys()
    if not clashing and "additionalProperties" not in schema:
        return schema
    added = {name: member for name, member in own.items() if name not in properties}
    if clashing:
        added |= {name: _any_of(properties[name], BESIDE[name]) for name in clashing} | {"result": {}}
    return {**schema, "properties": {**properties, **added}}


def _any_of(one: Schema, other: Schema) -> Schema:
    """Return a schema that allows the types of both; anything if one allows anything."""
    if "type" not in one:
        return one
    kinds = {*one["type"], other["type"]}
    inner: Schema = ({"items": {}} if "array" in kinds else {}) | ({"properties": {}} if "object" in kinds else {})
    return {"type": [*(kind for kind in TYPES if kind in kinds), "null"], **inner}


def loosened(schema: Any, depth: int = MAX_DEPTH) -> Schema:
    """Return a schema that accepts everything that the given one (without references) accepts, null, and more.

    It says names and types: a description would cost tokens in every listing, and is no part of what is checked.
    """
    if not isinstance(schema, dict) or depth <= 0:
        return {}
    parts = _Parts.of(schema)
    if not parts.types:
        return {}
    may_be_digits = parts.may_be_inexact and "string" not in parts.types
    types = parts.types | ({"string"} if may_be_digits else set())
    node: Schema = {"type": [*(kind for kind in TYPES if kind in types), "null"]}
    if may_be_digits:
        node["pattern"] = INEXACT
    if "object" in parts.types:
        inner = {name: loosened(child, depth - 1) for name, child in parts.properties.items()}
        node["properties"] = inner
        if parts.others:
            node["additionalProperties"] = loosened(parts.others, depth - 1)
    if "array" in parts.types:
        node["items"] = loosened(parts.items, depth - 1)
    return node


class _Parts:
    """The types, members and items that a schema and all branches of its combinators allow together."""

    def __init__(self, schema: Schema) -> None:
        self.types: set[str] = _types(schema)
        # Whole numbers that clients' floats would change are text: see bounded_json.with_exact_numbers.
        self.may_be_inexact = bool({"integer", "number"} & self.types) and not _is_exact(schema)
        self.properties: dict[str, Any] = dict(_object(schema.get("properties")))
        self.others: Any = schema.get("additionalProperties")
        self.others = self.others if isinstance(self.others, dict) else None
        # Beside prefixItems, items is only about the rest of an array (JSON Schema 2020-12, Core, section 10.3.1.2).
        self.items: Any = schema.get("items") if "prefixItems" not in schema else {}

    @classmethod
    def of(cls, schema: Schema) -> "_Parts":
        """Read a schema with its combinators."""
        parts = cls(schema)
        for branch in map(cls.of, _branches(schema, ("allOf",))):
            parts.take(branch)
            parts.types = parts.types or branch.types
        branches = list(map(cls.of, _branches(schema, ALTERNATIVES)))
        for branch in branches:
            parts.take(branch)
        if branches and not parts.types and all(branch.types for branch in branches):
            parts.types = {kind for branch in branches for kind in branch.types}
        if not parts.types and not branches:
            parts.types = {"object"} if parts.properties else {"array"} if isinstance(parts.items, dict) else set()
        return parts

    def take(self, branch: "_Parts") -> None:
        """Add what a branch allows; where both have a schema, either may match."""
        self.may_be_inexact |= branch.may_be_inexact
        for name, child in branch.properties.items():
            self.properties[name] = _either(self.properties.get(name, child), child)
        self.others = _either(self.others or branch.others, branch.others or self.others)
        self.items = _either(self.items or branch.items, branch.items or self.items)


def _is_exact(schema: Schema) -> bool:
    """Return whether floats keep every whole number of a schema."""
    if schema.get("format") in SMALL:
        return True
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    bounds = values if isinstance(values, list) else [schema.get("minimum"), schema.get("maximum")]
    return all(isinstance(bound, int | float) and abs(bound) <= EXACT for bound in bounds)


def _either(one: Any, other: Any) -> Any:
    """Return a schema that takes what one of two takes; hundreds of them in turn stay one flat list."""
    if one == other:
        return one
    known = one["anyOf"] if isinstance(one, dict) and one.keys() == {"anyOf"} else [one]
    return one if other in known else {"anyOf": [*known, other]}


def _types(schema: Schema) -> set[str]:
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    return {each for each in kinds if each in TYPES}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _branches(schema: Schema, words: Iterable[str]) -> list[Schema]:
    listed = [schema.get(word) for word in words]
    branches = [branch for each in listed if isinstance(each, list) for branch in each]
    # A branch that only allows null adds nothing: every value may be null.
    return [branch for branch in branches if isinstance(branch, dict) and branch.get("type") != "null"]


def _publishable(schema: Schema) -> Schema:
    """Return a schema without the member names that some clients reject; results may still have such members."""
    node = dict(schema)
    if "properties" in node:
        named = {name: child for name, child in node["properties"].items() if PROPERTY_NAME.fullmatch(name)}
        node["properties"] = {name: _publishable(child) for name, child in named.items()}
        # The omitted members must not be validated against the schema of additional ones.
        if len(named) < len(schema["properties"]):
            node.pop("additionalProperties", None)
    for word in ("items", "additionalProperties"):
        if word in node:
            node[word] = _publishable(node[word])
    return node
