"""Make JSON Schemas (2020-12) that every client accepts from the schemas of a description.

References are inlined, combinators merged into one shape, OpenAPI's own keywords left out or translated. Nesting is
cut at a depth that the caller chooses; anything deeper becomes an object or list of any shape. Each schema is cleaned
once per depth and shared, so that documents whose parts refer to each other stay cheap.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from tools.catalogue.schemas import SchemaRefused, compile_validator
from tools.openapi.errors import ReferenceMissing, ReferenceRefused
from tools.openapi.naming.texts import plain, visible
from tools.openapi.reading.references import References
from tools.openapi.shapes.merging import Schema, kinds_of, merged, united
from tools.openapi.shapes.values import (
    LARGEST_BOUND,
    SCALARS,
    as_kind,
    is_file,
    is_small,
    is_text,
    is_whole,
    list_of,
    unique,
)

TYPES = SCALARS | {"object", "array"}
# Names that are not types of JSON Schema, but are often used as such.
MISNAMED = {
    "file": "string", "date": "string", "datetime": "string", "date-time": "string", "uuid": "string", "text": "string",
    "str": "string", "enum": "string", "int": "integer", "int32": "integer", "int64": "integer", "long": "integer",
    "float": "number", "double": "number", "decimal": "number", "bool": "boolean", "list": "array", "map": "object",
    "dict": "object", "hash": "object",
}  # fmt: skip
COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
MAX_ENUM = 60
MAX_ENUM_TEXT = 80
NAMED_VALUES = 8
MAX_PATTERN = 200
MAX_PROPERTIES = 400
MAX_NAME = 200
MAX_VARIANTS = 24
# A reference inside a combinator adds no depth by itself; this bounds the length of such a chain.
MAX_CHAIN = 40
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class CleanSchema:
    """A schema and its approximate size as JSON, in bytes. It is shared, so it must not be changed."""

    schema: Schema
    size: int


class Cleaner:
    """Cleans the schemas of one document for one direction: requests exactly, answers leniently."""

    def __init__(self, references: References, *, for_request: bool, words: int) -> None:
        self._references = references
        self._for_request = for_request
        self._words = words
        self._known: dict[tuple[int, int], tuple[Any, CleanSchema]] = {}
        self._open: set[tuple[int, int]] = set()
        self._sizes: dict[int, int] = {}
        self._patterns: dict[str, bool] = {}
        self._texts: dict[str, str] = {}
        self._chain = 0

    def cleaned(self, node: Any, depth: int) -> CleanSchema:
        """Return a clean schema with at most `depth` levels; raise ReferenceRefused."""
        key = (id(node), depth)
        held = self._known.get(key)
        if held is not None:
            return held[1]
        if key in self._open or self._chain > MAX_CHAIN:
            return self._sized({"type": "object", "properties": {}})
        self._open.add(key)
        self._chain += 1
        try:
            clean = self._sized(self._clean(node, depth))
        finally:
            self._open.discard(key)
            self._chain -= 1
        # The node is kept too: an id is unique only while its object lives.
        self._known[key] = (node, clean)
        return clean

    def size_of(self, schema: Schema) -> int:
        """Return the approximate size in bytes of a schema that this cleaner made, or of a part of one."""
        known = self._sizes.get(id(schema))
        return known if known is not None else len(orjson.dumps(schema))

    def _sized(self, schema: Schema) -> CleanSchema:
        size = 2
        for word, value in schema.items():
            size += len(word) + 4
            if word == "properties":
                size += 2 + sum(len(name) + 4 + self._part_size(child) for name, child in value.items())
            elif word in {"items", "additionalProperties"} and isinstance(value, dict):
                size += self._part_size(value)
            else:
                size += len(orjson.dumps(value))
        self._sizes[id(schema)] = size
        return CleanSchema(schema, size)

    def _part_size(self, schema: Schema) -> int:
        known = self._sizes.get(id(schema))
        return known if known is not None else self._sized(schema).size

    def _clean(self, node: Any, depth: int) -> Schema:
        if not isinstance(node, dict):
            return {}
        reference = node.get("$ref")
        if isinstance(reference, str):
            target = self._target(reference, depth)
            description = self._description(node)
            return {**target, "description": description} if description else target
        schema = self._own(node, depth)
        parts = [self.cleaned(part, depth).schema for part in list_of(node.get("allOf"))[:MAX_VARIANTS]]
        for part in parts:
            schema = merged(schema, part)
        for word in ("oneOf", "anyOf"):
            variants = list(self._variants(node.get(word), depth))
            if variants:
                schema = merged(schema, united(variants))
        return self._whole(schema, node, depth)

    def _target(self, reference: str, depth: int) -> Schema:
        """Return the clean schema that a reference points to.

        A missing target may have any shape, and so may a part of an answer outside the document. In a request, the
        latter could only be guessed, so it is refused.
        """
        try:
            return self.cleaned(self._references.target(reference), depth).schema
        except ReferenceMissing:
            return {}
        except ReferenceRefused:
            if self._for_request:
                raise
            return {}

    def _variants(self, variants: Any, depth: int) -> Iterator[Schema]:
        for variant in list_of(variants)[:MAX_VARIANTS]:
            if isinstance(variant, dict) and (variant.get("type") == "null" or variant.get("enum") in ([""], [None])):
                continue  # null means an argument left out, and an empty text means "unset"
            yield self.cleaned(variant, depth).schema

    def _description(self, node: Schema) -> str:
        return self._plain(node.get("description")) or self._plain(node.get("title"))

    def _plain(self, text: Any) -> str:
        if not isinstance(text, str):
            return ""
        known = self._texts.get(text)
        if known is None:
            known = self._texts[text] = plain(text, self._words)
        return known

    def _own(self, node: Schema, depth: int) -> Schema:
        """Return the clean schema of a node without its combinators."""
        schema: Schema = {}
        kinds = self._kinds(node)
        if kinds:
            schema["type"] = kinds[0] if len(kinds) == 1 else kinds
        words = self._plain(node.get("description"))
        if words:
            schema["description"] = words
        self._add_values(schema, node, kinds)
        if "object" in kinds:
            self._add_members(schema, node, depth)
        if "array" in kinds:
            self._add_items(schema, node, depth)
        if self._for_request:
            self._add_limits(schema, node, kinds)
            if node.get("deprecated") is True:
                schema["deprecated"] = True
        return schema

    def _kinds(self, node: Schema) -> list[str]:
        kind = node.get("type")
        named = [MISNAMED.get(each, each) for each in (kind if isinstance(kind, list) else [kind]) if is_text(each)]
        kinds = [each for each in dict.fromkeys(named) if each in TYPES]
        if (not kinds and "type" not in node) or (named and not kinds and "null" not in named):
            kinds = self._implied(node)
        # In a request, leaving an argument out takes the place of null.
        if not self._for_request and kinds and (node.get("nullable") is True or "null" in named):
            kinds.append("null")
        return kinds

    def _implied(self, node: Schema) -> list[str]:
        if isinstance(node.get("properties"), dict) or isinstance(node.get("additionalProperties"), dict):
            return ["object"]
        if "items" in node or "prefixItems" in node:
            return ["array"]
        values = [value for value in [*list_of(node.get("enum")), node.get("const")] if value is not None]
        if values and all(isinstance(value, str) for value in values):
            return ["string"]
        return []

    def _add_values(self, schema: Schema, node: Schema, kinds: list[str]) -> None:
        values = [node["const"]] if "const" in node else list_of(node.get("enum"))
        values = [value for value in (as_kind(each, kinds) for each in values) if value is not None]
        values = list(dict.fromkeys(values)) if not any(isinstance(value, bool) for value in values) else values
        if not values or not (set(kinds) <= SCALARS | {"null"}):
            return
        size = sum(len(str(value)) for value in values)
        if self._for_request and len(values) <= MAX_ENUM and size <= MAX_ENUM * 30:
            schema["enum"] = unique(values)
            return
        # An answer with an undocumented value is not wrong: the values are named, not enforced.
        named = ", ".join(visible(str(value))[:40] for value in values[:NAMED_VALUES])
        note = f"One of {named}." if len(values) <= NAMED_VALUES else f"One of {len(values)} values, such as {named}."
        if len(note) <= MAX_ENUM_TEXT or self._for_request:
            schema["description"] = f"{schema['description']} {note}" if "description" in schema else note

    def _add_members(self, schema: Schema, node: Schema, depth: int) -> None:
        properties = node.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        if depth <= 0:
            schema["properties"] = {}
            return
        made: Schema = {}
        for name, child in list(properties.items())[:MAX_PROPERTIES]:
            if _is_name(name) and not self._is_of_other_direction(child):
                made[name] = self.cleaned(child, depth - 1).schema
        schema["properties"] = made
        if self._for_request:
            required = [name for name in list_of(node.get("required")) if isinstance(name, str) and name in made]
            if required:
                schema["required"] = list(dict.fromkeys(required))
        beyond = node.get("additionalProperties")
        if isinstance(beyond, dict) and beyond:
            schema["additionalProperties"] = self.cleaned(beyond, depth - 1).schema

    def _is_of_other_direction(self, child: Any) -> bool:
        return isinstance(child, dict) and child.get("readOnly" if self._for_request else "writeOnly") is True

    def _add_items(self, schema: Schema, node: Schema, depth: int) -> None:
        items = node.get("items")
        if isinstance(items, list):  # a tuple, as older drafts write it
            items = items[0] if len(items) == 1 else {}
        schema["items"] = self.cleaned(items, depth - 1).schema if isinstance(items, dict) and depth > 0 else {}

    def _add_limits(self, schema: Schema, node: Schema, kinds: list[str]) -> None:
        for word in COUNTS:
            value: Any = node.get(word)
            if is_whole(value) and 0 <= value <= LARGEST_BOUND:
                schema[word] = int(value)
        if {"integer", "number"} & set(kinds):
            self._add_bounds(schema, node)
        form = "binary" if is_file(node) else node.get("format")
        if is_text(form) and len(form) <= 40 and not CONTROL.search(form) and visible(form) == form:
            schema["format"] = form
        pattern = node.get("pattern")
        if "string" in kinds and is_text(pattern) and self._is_pattern(pattern):
            schema["pattern"] = pattern
        default = node.get("default")
        if is_small(default) and as_kind(default, kinds) == default and not isinstance(default, list | dict):
            schema["default"] = default
        example = node.get("example", (list_of(node.get("examples")) or [None])[0])
        if is_small(example) and as_kind(example, kinds) is not None and "enum" not in schema:
            schema["examples"] = [as_kind(example, kinds)]

    def _add_bounds(self, schema: Schema, node: Schema) -> None:
        for word in BOUNDS:
            value = node.get(word)
            if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_BOUND:
                schema[word] = value
        for plain_word, strict_word in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if node.get(strict_word) is True and plain_word in schema:  # as OpenAPI 3.0 writes it
                schema[strict_word] = schema.pop(plain_word)

    def _is_pattern(self, pattern: str) -> bool:
        """Return whether the validator accepts a pattern, and it is short enough to be useful."""
        known = self._patterns.get(pattern)
        if known is None:
            known = len(pattern) <= MAX_PATTERN and visible(pattern) == pattern and not CONTROL.search(pattern)
            try:
                if known:
                    compile_validator({"pattern": pattern})
            except SchemaRefused:
                known = False
            self._patterns[pattern] = known
        return known

    def _whole(self, schema: Schema, node: Schema, depth: int) -> Schema:
        """Return a schema whose objects have properties and whose arrays have items, as clients require."""
        kinds = kinds_of(schema)
        if "object" in kinds and "properties" not in schema:
            schema = {**schema, "properties": {}}
        if "array" in kinds and "items" not in schema:
            schema = {**schema, "items": {}}
        if "description" not in schema and depth > 0 and is_text(node.get("title")):
            title = self._plain(node.get("title"))
            schema = {**schema, "description": title} if title else schema
        return schema


def _is_name(name: str) -> bool:
    """Return whether a member of this name can be sent, and is visible."""
    return 0 < len(name) <= MAX_NAME and not CONTROL.search(name) and visible(name) == name
