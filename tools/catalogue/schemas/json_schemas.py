"""JSON Schemas that every client accepts: references inlined, the strictest clients' rules checked, names aliased."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs

from tools.json_pointers import target_of

Schema = dict[str, Any]

MAX_REFERENCE_DEPTH = 8
MAX_SCHEMA_DEPTH = 24
MAX_NODES = 20_000

# Claude's API requires this of property names, and rejects the whole connector for a single other name.
PROPERTY_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
COMBINATORS = ("oneOf", "anyOf", "allOf", "not", "if")
# Keywords about all members at once, which cannot be carried over into the one object that a tool takes.
OF_THE_WHOLE = (
    "dependencies", "dependentSchemas", "patternProperties", "propertyNames", "unevaluatedProperties",
)  # fmt: skip
UNSET: tuple[Schema, None] = ({}, None)
# The two of them that only a body may have; see member_rules.py.
OF_A_BODY = frozenset({"dependentSchemas", "patternProperties"})
SUBSCHEMAS = ("items", "additionalProperties", "not", "contains", "if", "then", "else")
SUBSCHEMA_LISTS = ("oneOf", "anyOf", "allOf", "prefixItems")
SUBSCHEMA_MAPS = ("properties", "patternProperties", "dependentSchemas")
LEFT_OUT = frozenset({"$ref", "$defs", "definitions"})
# Below these keywords, names are the author's and values are plain: none of them is a keyword of JSON Schema.
NAMED_SCHEMAS = frozenset(SUBSCHEMA_MAPS)
VALUES = frozenset({"enum", "const", "default", "examples"})


class SchemaRefused(ValueError):
    """A schema cannot be used; the message says where and why."""


def inline_references(schema: Schema) -> Schema:
    """Return the schema with every local `$ref` replaced by its target, and without `$defs`.

    A recursive reference becomes an object of any shape at MAX_REFERENCE_DEPTH. Raise SchemaRefused for references
    that leave the document or name nothing, and for a schema that grows beyond MAX_NODES.
    """
    inlined: Schema = _Inliner(schema).inlined(schema, 0)
    return inlined


class _Inliner:
    """Copies schemas out of one document, with references replaced by their targets."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._nodes = 0

    def inlined(self, node: Any, depth: int) -> Any:
        """Return a copy of a schema, `depth` references away from the top."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise SchemaRefused(f"with its references inlined it has more than {MAX_NODES} parts")
        if isinstance(node, list):
            return [self.inlined(item, depth) for item in node]
        if not isinstance(node, dict):
            return node
        beside = {key: self._member(key, value, depth) for key, value in node.items() if key not in LEFT_OUT}
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return beside if reference is None else {**beside, "$ref": reference}
        if depth >= MAX_REFERENCE_DEPTH:
            return {"type": "object", "properties": {}, "description": "Nested further."}
        target = self.inlined(_lookup(reference, self._root), depth + 1)
        # Keywords beside a reference apply as well (JSON Schema 2020-12, Core, section 8.2.3.1).
        return {**target, **beside} if isinstance(target, dict) else target

    def _member(self, word: str, value: Any, depth: int) -> Any:
        if word in VALUES:
            return value
        if word in NAMED_SCHEMAS and isinstance(value, dict):
            return {name: self.inlined(schema, depth) for name, schema in value.items()}
        return self.inlined(value, depth)


def _lookup(reference: str, root: Schema) -> Any:
    if not reference.startswith("#"):
        raise SchemaRefused(f"the reference {reference} leaves the document")
    try:
        return target_of(reference, root)
    except LookupError:
        raise SchemaRefused(f"the reference {reference} names nothing") from None


def refuse_retrieval(uri: str) -> Any:
    """Refuse to retrieve a schema: compiling a validator never uses the network."""
    raise SchemaRefused(f"the reference {uri} leaves the document")


# Editors write the patterns and callers the values, so both size and steps are bounded. Steps are counted only for
# patterns with look-around or back-references; any other takes one.
PATTERN_OPTIONS = jsonschema_rs.FancyRegexOptions(backtrack_limit=10_000, size_limit=1024 * 1024)


def compile_validator(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    """Compile a JSON Schema (2020-12); raise SchemaRefused if it is not one."""
    try:
        return jsonschema_rs.Draft202012Validator(
            schema, validate_formats=False, retriever=refuse_retrieval, pattern_options=PATTERN_OPTIONS
        )
    except (ValueError, jsonschema_rs.ReferencingError) as problem:
        raise SchemaRefused(f"not a valid JSON Schema: {str(problem).splitlines()[0]}") from None


def kinds_of(schema: Any) -> list[str]:
    """Return the types that a schema names."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    return kind if isinstance(kind, list) else [kind] if isinstance(kind, str) else []


def without(node: Schema, *words: str) -> Schema:
    """Return a copy of a schema without some of its words."""
    return {key: value for key, value in node.items() if key not in words}


def with_members(node: Schema, change: Callable[[Any], Any]) -> Schema:
    """Return a schema with each schema directly inside it changed."""
    made = dict(node)
    for word in SUBSCHEMAS:
        if word in made:
            made[word] = change(made[word])
    for word in SUBSCHEMA_LISTS:
        if isinstance(made.get(word), list):
            made[word] = [change(each) for each in made[word]]
    for word in SUBSCHEMA_MAPS:
        if isinstance(made.get(word), dict):
            made[word] = {name: change(child) for name, child in made[word].items()}
    return made


def walk(node: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Schema]]:
    """Yield every subschema below the top of a schema without references, with its path (`.a.b[]`)."""
    if not isinstance(node, dict) or depth > MAX_SCHEMA_DEPTH:
        return
    if path:
        yield path, node
    properties = node.get("properties")
    if isinstance(properties, dict):
        for name, child in properties.items():
            yield from walk(child, f"{path}.{name}", depth + 1)
    yield from walk(node.get("items"), f"{path}[]", depth + 1)
    yield from walk(node.get("additionalProperties"), f"{path}.*", depth + 1)
    for word in ("oneOf", "anyOf", "allOf"):
        for child in node.get(word, []) if isinstance(node.get(word), list) else []:
            yield from walk(child, f"{path}({word})", depth + 1)


def alias(name: str, taken: set[str]) -> str:
    """Return a property name that every client accepts and that is not taken; the name itself if it qualifies."""
    if PROPERTY_NAME.fullmatch(name) and name not in taken:
        return name
    # 60 of the 64 characters allowed, which leaves room for a number.
    plain = re.sub(r"[^a-zA-Z0-9_.-]+", "_", name).strip("_")[:60] or "argument"
    candidate, count = plain, 1
    while candidate in taken:
        count += 1
        candidate = f"{plain}_{count}"
    return candidate
