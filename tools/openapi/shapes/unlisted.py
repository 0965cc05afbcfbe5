"""What is checked before anything is sent, and is not listed: see tools/catalogue/schemas/clients.py.

Two things are said this way. Members that only the vendor sets are refused wherever an object takes any member. Where
the variants of an object are told apart by the value of a member, the members of one go only with its own values.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from tools.catalogue.schemas.json_schemas import Schema, kinds_of
from tools.catalogue.schemas.patterns import literal

# How much of it one object may have, in bytes; of more, the deepest levels go unchecked.
MAX_REFUSED, MAX_CASES = 8_000, 16_000
DEPTHS = (8, 5, 3, 2, 1, 0)
# What a word or a member takes beside its value: quotes, a colon and a comma.
AROUND = 6
KEPT = frozenset(
    {
        "type", "enum", "pattern", "format", "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum",
        "exclusiveMinimum", "exclusiveMaximum", "minProperties", "maxProperties",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Distinction:
    """Variants that are told apart by a member: the values of each, and its schema.

    `shared` are members that another part of the same object has for all of them.
    """

    member: str
    variants: tuple[tuple[tuple[Any, ...], Schema], ...]
    shared: frozenset[str] = frozenset()

    def beside(self, other: Schema) -> "Distinction":
        """Return it beside another part of the same object."""
        return replace(self, shared=self.shared | other.get("properties", {}).keys())


def distinctions_of(variants: list[Schema]) -> list[Distinction]:
    """Return how variants are told apart: by the first member of which each has its own values; empty if by none."""
    objects = [each for each in variants if not kinds_of(each) or "object" in kinds_of(each)]
    if len(objects) < 2 or not all(each.get("properties") for each in objects):
        return []
    for member in objects[0]["properties"]:
        values = [_values(each["properties"].get(member)) for each in objects]
        if all(values) and len({value for each in values for value in each}) == sum(map(len, values)):
            return [Distinction(member, tuple(zip(values, objects, strict=True)))]
    return []


def _values(schema: Schema | None) -> tuple[Any, ...]:
    """Return the only values of a member; empty if it may have others, or one that is no text and no whole number."""
    values = schema.get("enum", []) if schema else []
    return tuple(values) if all(isinstance(value, str) or type(value) is int for value in values) else ()


def only_names(names: list[str]) -> str:
    """Return the pattern of exactly these names."""
    return f"^(?:{'|'.join(map(literal, names))})$"


class TooLarge(Exception):
    """What would be checked takes more room than it may."""


@dataclass(frozen=True, slots=True)
class SizedSchema:
    """A schema, which may share its parts with others, and its size as JSON in bytes."""

    schema: Any
    size: int


NOTHING = SizedSchema({}, 2)


@dataclass
class Unlisted:
    """Makes what is checked and not listed of a cleaner's schemas, which live as long as it does; each part once."""

    _refused: dict[tuple[int, int], SizedSchema | None] = field(default_factory=dict)
    _checked: dict[tuple[int, int], SizedSchema | None] = field(default_factory=dict)

    def words(self, schema: Schema, listed: Schema, room: int) -> Schema:
        """Return the words for an object of which some members are listed, in at most `room` bytes."""
        refused = self._refusing(schema, listed, min(room, MAX_REFUSED))
        cases = self._cases(schema, DEPTHS, min(room - refused.size, MAX_CASES))
        return {**refused.schema, **({"dependentSchemas": cases.schema} if cases.schema else {})}

    def _refusing(self, schema: Schema, listed: Schema, room: int) -> SizedSchema:
        """Return what refuses the vendor's own members, in an object and below the members that are not listed."""
        for depth in DEPTHS:
            try:
                made = self._patterns(schema, depth, listed)
            except TooLarge:
                continue
            if made.size <= room:
                return made
        return NOTHING

    def _below(self, schema: Any, depth: int) -> SizedSchema:
        if not isinstance(schema, dict) or depth < 0:
            return NOTHING
        return self._once(self._refused, schema, depth, lambda: self._refused_below(schema, depth), MAX_REFUSED)

    def _once(self, known: Any, schema: Schema, depth: int, make: Any, most: int) -> SizedSchema:
        key = (id(schema), depth)
        if key not in known:
            known[key] = None
            try:
                made = make()
            except TooLarge:
                made = None
            known[key] = made if made is not None and made.size <= most else None
        found: SizedSchema | None = known[key]
        if found is None:
            raise TooLarge
        return found

    def _refused_below(self, schema: Schema, depth: int) -> SizedSchema:
        made = self._patterns(schema, depth, {})
        parts: Schema = {}
        size = 0
        for word in ("items", "additionalProperties"):
            below = self._below(schema.get(word), depth - 1)
            if below.schema:
                parts[word] = below.schema
                size += len(word) + AROUND + below.size
        return SizedSchema({**made.schema, **parts}, made.size + size)

    def _patterns(self, schema: Schema, depth: int, listed: Schema) -> SizedSchema:
        """Return the patterns of the names of members that are refused, or that have such members inside."""
        properties = schema.get("properties", {})
        withheld = [name for name in schema.get("withheld", []) if name not in properties]
        patterns: Schema = {only_names(withheld): False} if withheld else {}
        size = sum(map(len, patterns)) + 40
        for name, child in properties.items() if depth > 0 else ():
            inner = self._below(child, depth - 1) if name not in listed else NOTHING
            if inner.schema:
                patterns[only_names([name])] = inner.schema
                size += len(name) + AROUND + len(only_names([])) + inner.size
            if size > MAX_REFUSED:
                raise TooLarge
        return SizedSchema({"patternProperties": patterns}, size) if patterns else NOTHING

    def _cases(self, schema: Schema, depths: tuple[int, ...], room: int) -> SizedSchema:
        """Return the rules for an object's cases by their members."""
        made, size = {}, 2
        for distinction in schema.get("cases", []):
            for depth in depths:
                try:
                    rules = [*self._rules(distinction, depth, is_open=bool(schema.get("additionalProperties")))]
                except TooLarge:
                    continue
                needed = sum(each.size + 1 for each in rules) + len(distinction.member) + 20
                if size + needed <= room:
                    made[distinction.member] = {"allOf": [each.schema for each in rules]}
                    size += needed
                    break
        return SizedSchema(made, size)

    def _rules(self, distinction: Distinction, depth: int, *, is_open: bool) -> Iterator[SizedSchema]:
        names = dict.fromkeys(name for _, variant in distinction.variants for name in variant["properties"])
        others = (
            [] if is_open else [name for name in names if name not in distinction.shared and name != distinction.member]
        )
        for values, variant in distinction.variants:
            whole = self._whole(variant, depth)
            own = whole.schema.get("properties", {})
            refused = {} if variant.get("additionalProperties") else {name: False for name in others if name not in own}
            properties = {name: each for name, each in own.items() if name != distinction.member} | refused
            then: Schema = {"properties": properties}
            words = ("required", "patternProperties", "dependentSchemas")
            then |= {word: whole.schema[word] for word in words if word in whole.schema}
            size = whole.size + sum(len(name) + AROUND + 5 for name in refused) + len(orjson.dumps(values)) + 60
            yield SizedSchema({"if": {"properties": {distinction.member: {"enum": [*values]}}}, "then": then}, size)

    def _whole(self, schema: Any, depth: int) -> SizedSchema:
        """Return all that a schema says about values, without the words for models."""
        if not isinstance(schema, dict) or depth < 0:
            return NOTHING
        return self._once(self._checked, schema, depth, lambda: self._made_whole(schema, depth), MAX_CASES)

    def _made_whole(self, schema: Schema, depth: int) -> SizedSchema:
        made: Schema = {word: value for word, value in schema.items() if word in KEPT}
        known = schema.get("properties", {}).keys() - {*schema.get("spared", [])}
        required = [name for name in schema.get("required", []) if name in known]
        made |= {"required": required} if required else {}
        size = len(orjson.dumps(made))
        for word in ("properties", "patternProperties"):
            members = {name: self._whole(child, depth - 1) for name, child in schema.get(word, {}).items()}
            size += sum(len(name) + AROUND + each.size for name, each in members.items())
            made |= {word: {name: each.schema for name, each in members.items()}} if members else {}
        for word in ("items", "additionalProperties"):
            if schema.get(word):
                below = self._whole(schema[word], depth - 1)
                made |= {word: below.schema} if below.schema else {}
                size += below.size
        refused = self._patterns(schema, 0, {})
        # Without a level of the variants, not even the names of their members would be known.
        cases = self._cases(schema, (depth - 1,) if depth else (), MAX_CASES)
        if refused.schema:
            made["patternProperties"] = {**refused.schema["patternProperties"], **made.get("patternProperties", {})}
        made |= {"dependentSchemas": cases.schema} if cases.schema else {}
        return SizedSchema(made, size + refused.size + cases.size + 2 * AROUND)


def without_members(schema: Schema, names: frozenset[str]) -> Schema:
    """Return the words by which an object's cases are checked without members that are sent otherwise."""
    made = {}
    for member, each in schema.get("dependentSchemas", {}).items():
        if member not in names:
            made[member] = {"allOf": [{**rule, "then": _without_names(rule["then"], names)} for rule in each["allOf"]]}
    return {"dependentSchemas": made} if "dependentSchemas" in schema else {}


def _without_names(then: Schema, names: frozenset[str]) -> Schema:
    properties = {name: each for name, each in then["properties"].items() if name not in names}
    required = [name for name in then.get("required", []) if name not in names]
    return {**then, "properties": properties, "required": required}
