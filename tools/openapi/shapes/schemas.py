"""Make JSON Schemas (2020-12) from the schemas of a description, in the terms that the catalogue knows.

References are inlined, combinators merged into one shape, OpenAPI's own keywords left out or translated. Nesting is
cut at a depth that the caller chooses; anything deeper becomes an object or list of any shape. Each schema is cleaned
once per depth and shared, so that documents whose parts refer to each other stay cheap.
"""

from functools import cached_property
from typing import Any

from tools.catalogue.schemas.clients import described
from tools.catalogue.schemas.json_schemas import without
from tools.catalogue.schemas.patterns import read_pattern
from tools.openapi.errors import ReferenceMissing, ReferenceRefused
from tools.openapi.naming.texts import plain
from tools.openapi.reading.references import References
from tools.openapi.shapes.clean_schemas import CleanSchema, Facts
from tools.openapi.shapes.contents import Contents
from tools.openapi.shapes.directions import Direction
from tools.openapi.shapes.limits import (
    is_sendable_name,
    kinds_in,
    with_implied_kind,
    with_limits,
    without_foreign_limits,
)
from tools.openapi.shapes.merging import Merger, Schema, kinds_of, share_a_kind, with_null
from tools.openapi.shapes.nulls import Nulls, allows_null, is_null
from tools.openapi.shapes.parts import MAX_PARTS, MAX_VARIANTS
from tools.openapi.shapes.subtypes import Discriminator, Subtypes
from tools.openapi.shapes.unlisted import Distinction
from tools.openapi.shapes.values import SCALARS, as_kind, is_text, list_of, unique, values_in_words, with_values

# Words beside a reference that change nothing about the values.
REMARKS = frozenset({"$ref", "description", "title", "summary", "example", "examples", "xml", "externalDocs"})
MAX_ENUM_TEXT = 80
MAX_PROPERTIES = 400
# A reference inside a combinator adds no depth by itself; this bounds the length of such a chain.
MAX_CHAIN = 40
# In place of a schema that is only reached through itself.
RECURRING: Schema = {"type": "object", "properties": {}}


class Cleaner:
    """Cleans the schemas of one document for one direction: requests exactly, answers leniently.

    Null is declared in answers, and in requests only `with_nulls`: elsewhere than in JSON nothing can stand for it.
    """

    def __init__(
        self,
        references: References,
        *,
        for_request: bool,
        words: int,
        nulls: bool = False,
        subtypes: Subtypes | None = None,
    ) -> None:
        self._references = references
        self._for_request = for_request
        self._words = words
        self._nulls = nulls or not for_request
        self._subtypes = subtypes or Subtypes(references)
        self._merger = Merger()
        self._known: dict[tuple[int, int, bool], tuple[Any, CleanSchema]] = {}
        self._open: set[tuple[int, int, bool]] = set()
        self._facts = Facts()
        self._texts: dict[str, str] = {}
        self._direction = Direction(references, for_request=for_request)
        self._nulls_of_parts = Nulls(references)
        self._chain = 0

    @cached_property
    def contents(self) -> Contents:
        """What the document's texts contain."""
        return Contents(self._references)

    @cached_property
    def with_nulls(self) -> "Cleaner":
        """A cleaner for bodies in JSON, where null means something."""
        return Cleaner(
            self._references, for_request=self._for_request, words=self._words, nulls=True, subtypes=self._subtypes
        )

    def cleaned(self, node: Any, depth: int) -> CleanSchema:
        """Return a clean schema with at most `depth` levels; raise ReferenceRefused."""
        return self._cleaned(node, depth, as_parent=False)

    def _cleaned(self, node: Any, depth: int, *, as_parent: bool) -> CleanSchema:
        """Return a clean schema; `as_parent` is one with subtypes where it is part of one of them."""
        key = (id(node), depth, as_parent)
        held = self._known.get(key)
        if held is not None:
            return held[1]
        if key in self._open or self._chain > MAX_CHAIN:
            return self._facts.sized(RECURRING)
        self._open.add(key)
        self._chain += 1
        try:
            clean = self._facts.sized(self._clean(node, depth, as_parent=as_parent))
        finally:
            self._open.discard(key)
            self._chain -= 1
        self._facts.sources.setdefault(id(clean.schema), id(node))
        # The node is kept too: an id is unique only while its object lives.
        self._known[key] = (node, clean)
        return clean

    def size_of(self, schema: Schema) -> int:
        """Return the approximate size in bytes of a schema that this cleaner made, or of a part of one."""
        return self._facts.size_of(schema)

    def _clean(self, node: Any, depth: int, *, as_parent: bool) -> Schema:
        if not isinstance(node, dict):
            return {}
        if isinstance(node.get("$ref"), str):
            return self._referring(node, depth, as_parent=as_parent)
        schema = self._own(node, depth)
        for part in list_of(node.get("allOf"))[:MAX_PARTS]:
            below = self._subtypes.is_below(node, part)
            schema = self._merger.merged(schema, self._cleaned(part, depth, as_parent=below).schema)
        if not as_parent:
            schema = self._as_subtype(schema, node)
        has_null = allows_null(node) or (self._nulls and self._nulls_of_parts.allowed_by_parts(node))
        discriminator = self._subtypes.of(node)
        for word in ("oneOf", "anyOf"):
            listed = list_of(node.get(word))[:MAX_VARIANTS]
            has_null |= any(is_null(each) for each in listed)
            variants = [each for each in listed if not is_null(each)]
            found = [self.cleaned(each, depth).schema for each in variants]
            if found:
                united = self._distinguished(self._merger.united(found), found, variants, discriminator)
                schema = self._beside_variants(schema, node, united)
        if discriminator and not as_parent:
            schema = self._with_subtypes(schema, discriminator, depth)
        schema = self._whole(schema, node, depth)
        if has_null and self._nulls:
            schema = with_null(schema) if schema or not is_null(node) else {"type": "null"}
        return schema

    def _distinguished(
        self, united: Schema, found: list[Schema], variants: list[Any], discriminator: Discriminator | None
    ) -> Schema:
        """Return united variants with what tells them apart: a mapping, where no member of theirs does."""
        if discriminator is None or not (self._for_request and discriminator.is_complete):
            return united
        if "cases" in united or len(found) < 2:
            return united
        values = [discriminator.values_of(self._subtypes.target_of(each)) for each in variants]
        if not all(values) or not all(each.get("properties") for each in found):
            return united
        return {**united, "cases": [Distinction(discriminator.member, tuple(zip(values, found, strict=True)))]}

    def _beside_variants(self, schema: Schema, node: Schema, united: Schema) -> Schema:
        """Return a node's schema with its variants; members without a type limit none but objects (JSON Schema)."""
        if "type" not in node and kinds_of(schema) == ["object"] and "object" in kinds_of(united):
            schema = without(schema, "type")
        return self._merger.merged(schema, united)

    def _referring(self, node: Schema, depth: int, *, as_parent: bool) -> Schema:
        """Return the schema of a reference, with the words beside it (JSON Schema 2020-12, Core, section 8.2.3.1)."""
        target = self._target(node["$ref"], depth, as_parent=as_parent)
        beside = {word: value for word, value in node.items() if word not in REMARKS and not word.startswith("x-")}
        if beside:
            # Limits alone imply no kind here: the target has one.
            said = self._clean({**beside, "$ref": None}, depth, as_parent=False)
            # OpenAPI 3.0 ignores all of it, so what is of another kind than the target is a slip.
            if share_a_kind(said, target):
                target = without_foreign_limits(self._merger.merged(said, target))
            has_null = self._nulls and (allows_null(node) or self._nulls_of_parts.allowed_by_parts(node))
            target = with_null(target) if has_null else target
        description = self._plain(node.get("description")) or self._plain(node.get("title"))
        return {**target, "description": description} if description else target

    def _target(self, reference: str, depth: int, *, as_parent: bool) -> Schema:
        """Return the clean schema that a reference points to.

        A missing target may have any shape, and so may a part of an answer outside the document. In a request, the
        latter could only be guessed, so it is refused.
        """
        try:
            return self._cleaned(self._references.target(reference), depth, as_parent=as_parent).schema
        except ReferenceMissing:
            return {}
        except ReferenceRefused:
            if self._for_request:
                raise
            return {}

    def _with_subtypes(self, schema: Schema, discriminator: Discriminator, depth: int) -> Schema:
        """Return a schema with the members of its subtypes, of which a call gives those of one."""
        below = [self.cleaned(each, depth).schema for each in discriminator.subtypes]
        extra = self._merger.united([each for each in below if "properties" in each] or [schema])
        member, own = discriminator.member, schema.get("properties", {})
        ordered = {**own, **extra.get("properties", {})}
        # A subtype may say more of a member than the schema above it does.
        ordered |= {name: self._merger.united([own[name], ordered[name]]) for name in own}
        ordered |= {member: own[member]} if member in own else {}
        if member in ordered and self._for_request:
            ordered[member] = discriminator.telling(ordered[member], extra.get("properties", {}).get(member))
        elif self._for_request and member not in {*ordered, *schema.get("withheld", [])} and is_sendable_name(member):
            # Nothing tells the subtypes apart without it, whether or not they declare it.
            ordered = {member: discriminator.telling({"type": "string"}), **ordered}
            needed = [] if discriminator.has_default else [member]
            schema = {**schema, "required": [*needed, *schema.get("required", [])]}
        told = [each.beside(schema) for each in extra.get("cases", ())] if "cases" not in schema else []
        schema = {**schema, "cases": told} if told else schema
        return {**schema, "type": schema.get("type", "object"), "properties": ordered}

    def _as_subtype(self, schema: Schema, node: Schema) -> Schema:
        """Return a subtype's schema with the values by which its parents' mappings know it."""
        for member, values in self._subtypes.values_of(node).items():
            own = schema.get("properties", {}).get(member)
            if self._for_request and isinstance(own, dict) and "enum" not in own:
                schema = {**schema, "properties": {**schema["properties"], member: {**own, "enum": values}}}
        return schema

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
        kinds = kinds_in(node)
        if kinds:
            schema["type"] = kinds[0] if len(kinds) == 1 else kinds
        words = self._plain(node.get("description"))
        if words:
            schema["description"] = words
        schema = self._with_own_values(schema, node, kinds)
        if "object" in kinds or (not kinds and "required" in node):
            self._add_members(schema, node, depth)
        if "array" in kinds:
            self._add_items(schema, node, depth)
        if self._for_request:
            schema = with_limits(schema, node, kinds)
            if node.get("deprecated") is True:
                schema["deprecated"] = True
        return schema

    def _with_own_values(self, schema: Schema, node: Schema, kinds: list[str]) -> Schema:
        values = [node["const"]] if "const" in node else list_of(node.get("enum"))
        if not kinds and any(isinstance(each, list | dict) for each in values):
            return schema
        values = [value for value in (as_kind(each, kinds) for each in values) if value is not None]
        values = list(dict.fromkeys(values)) if not any(isinstance(value, bool) for value in values) else values
        if not values or not (set(kinds) <= SCALARS):
            return schema
        if self._for_request:
            return with_values(schema, unique(values))
        if values == [True]:
            schema = {**schema, "const": True}  # by which an answer that failed is told
        # An answer with an undocumented value is not wrong: the values are named, not enforced.
        note = values_in_words(values)
        return described(schema, note) if len(note) <= MAX_ENUM_TEXT else schema

    def _add_members(self, schema: Schema, node: Schema, depth: int) -> None:
        properties = node.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        required = dict.fromkeys(name for name in list_of(node.get("required")) if isinstance(name, str))
        withheld = [name for name, child in properties.items() if self._direction.hides(child)]
        hidden = frozenset(withheld)
        names = [name for name in properties if name not in hidden and is_sendable_name(name)]
        if depth <= 0:
            schema["properties"] = {}
            if self._for_request:
                schema |= {"additionalProperties": True, **({"withheld": withheld} if withheld else {})}
                schema |= {"beneath": sorted(names, key=lambda name: name not in required)} if names else {}
            return
        read = frozenset(sorted(names, key=lambda name: name not in required)[:MAX_PROPERTIES])
        # In a request, the others are known by their names, so that they can be given.
        made = {
            name: self.cleaned(properties[name], depth - 1).schema if name in read else {}
            for name in names
            if name in read or self._for_request
        }
        if made or "type" in schema:
            schema["properties"] = made
        if self._for_request:
            schema |= {"required": [*required]} if required else {}
            schema |= {"withheld": withheld} if withheld else {}
        patterns = self._patterns(node, depth)
        if patterns:
            schema["patternProperties"] = patterns
        beyond = self._beyond(node, depth, without_patterns=bool(patterns))
        if beyond is not None:
            schema["additionalProperties"] = beyond

    def _patterns(self, node: Schema, depth: int) -> Schema:
        """Return the schemas of members by patterns of their names; none if not all of them can be checked here."""
        written = node.get("patternProperties")
        if not self._for_request or not isinstance(written, dict) or not 0 < len(written) <= MAX_PARTS:
            return {}
        read = {pattern: read_pattern(pattern).checked for pattern in written}
        if not all(read.values()) or not all(isinstance(each, dict) for each in written.values()):
            return {}
        return {read[pattern]: self.cleaned(each, depth - 1).schema for pattern, each in written.items()}

    def _beyond(self, node: Schema, depth: int, *, without_patterns: bool) -> Schema | bool | None:
        """Return which members a node takes besides those it names; None if it does not say."""
        beyond = node.get("additionalProperties", node.get("unevaluatedProperties"))
        patterns = None if without_patterns else node.get("patternProperties")
        schemas = [*patterns.values()] if isinstance(patterns, dict) else []
        if beyond is True or beyond == {}:
            return True if self._for_request else None
        if isinstance(beyond, dict):
            schemas.append(beyond)
        found = [self.cleaned(each, depth - 1).schema for each in schemas[:MAX_PARTS] if isinstance(each, dict)]
        if found:
            united = self._merger.united(found) if all(found) else {}
            return united or (True if self._for_request else None)
        return False if beyond is False and self._for_request else None

    def _add_items(self, schema: Schema, node: Schema, depth: int) -> None:
        items = node.get("items")
        if isinstance(items, list):  # a tuple, as older drafts write it
            items = items[0] if len(items) == 1 else {}
        schema["items"] = self.cleaned(items, depth - 1).schema if isinstance(items, dict) and depth > 0 else {}

    def _whole(self, schema: Schema, node: Schema, depth: int) -> Schema:
        """Return a schema with a kind, objects with properties, lists with items, and limits only of its kinds."""
        if not {"oneOf", "anyOf", "type", "$ref"} & node.keys():
            schema = with_implied_kind(schema)
        schema = without_foreign_limits(schema)
        kinds = kinds_of(schema)
        if "object" in kinds and "properties" not in schema:
            schema = {**schema, "properties": {}}
        if "array" in kinds and "items" not in schema:
            schema = {**schema, "items": {}}
        if "description" not in schema and depth > 0 and is_text(node.get("title")):
            title = self._plain(node.get("title"))
            schema = {**schema, "description": title} if title else schema
        return schema
