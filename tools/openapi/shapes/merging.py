"""Combine clean schemas into one: what all of them require (`allOf`), or what any of them allows (`oneOf`, `anyOf`).

Clients reject combinators at the top of a schema, and models read one shape better than several. Uniting is
generous: the result accepts whatever any of the variants accepts; the vendor still has the last word.

Besides JSON Schema's words, schemas have some of their own until they are fitted (fitting.py): `required` may name
members that another part describes, `mentioned` has the names that some variants require, `withheld` those that are no
argument, since only the vendor sets them, and `spared` those that are none in one of several variants, so that no call
must give them. `cases` tells variants apart by the value of a member (unlisted.py).
"""

from typing import Any

from tools.catalogue.schemas.clients import described
from tools.catalogue.schemas.json_schemas import Schema, kinds_of
from tools.catalogue.schemas.patterns import literal, read_pattern
from tools.openapi.shapes.unlisted import distinctions_of
from tools.openapi.shapes.values import (
    LOWER_LIMITS,
    UPPER_LIMITS,
    WORDS_OF_KINDS,
    unique,
    values_in_words,
    with_values,
)

__all__ = ["Merger", "Schema", "kinds_of", "share_a_kind", "with_null"]

# Below this level, and beyond so many nodes in one merge, only kinds are combined: schemas multiply as they merge.
DEEPEST_MERGE = 8
MENTIONING = ("required", "mentioned")
MAX_NODES = 5_000
# The longest pattern that names texts.
MAX_PATTERN = 600


class Merger:
    """Combines the schemas of one cleaner, which are shared and live as long as it does."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, tuple[int, ...]], tuple[tuple[Schema, ...], Schema]] = {}
        self._nodes = 0

    def merged(self, first: Schema, second: Schema, level: int = 0) -> Schema:
        """Return a schema for values that fit both; where they disagree, the first wins."""
        if not first or not second or first is second:
            return first or second
        return self._once("all", (first, second), level)

    def united(self, variants: list[Schema], level: int = 0) -> Schema:
        """Return a schema for values that fit any of the variants."""
        different = tuple({id(each): each for each in variants}.values())
        return different[0] if len(different) == 1 else self._once("any", different, level)

    def _once(self, how: str, parts: tuple[Schema, ...], level: int) -> Schema:
        key = (how, tuple(map(id, parts)))
        known = self._known.get(key)
        if known is not None:
            return known[1]
        self._nodes = 1 if level == 0 else self._nodes + 1
        if level > DEEPEST_MERGE or self._nodes > MAX_NODES:
            return _of_any_shape(parts)
        made = self._merged(parts[0], parts[1], level) if how == "all" else self._united(list(parts), level)
        # The parts are kept too: an id is unique only while its object lives.
        self._known[key] = (parts, made)
        return made

    def _merged(self, first: Schema, second: Schema, level: int) -> Schema:
        made = {**second, **first}
        common = _common(kinds_of(first), kinds_of(second))
        if common:
            made["type"] = common[0] if len(common) == 1 else common
        if "properties" in first and "properties" in second:
            made["properties"] = self._members(first["properties"], second["properties"], level)
        if "items" in first and "items" in second:
            made["items"] = self.merged(first["items"], second["items"], level + 1)
        for word in ("required", "mentioned", "withheld", "spared"):
            if word in first and word in second:
                made[word] = list(dict.fromkeys([*first[word], *second[word]]))
        cases = [each.beside(second) for each in first.get("cases", [])]
        cases += [each.beside(first) for each in second.get("cases", [])]
        if cases:
            made["cases"] = cases
        if "patternProperties" in first and "patternProperties" in second:
            patterns = (first["patternProperties"], second["patternProperties"])
            made["patternProperties"] = self._members(*patterns, level)
        if "enum" in first and "enum" in second:
            both = [value for value in first["enum"] if value in second["enum"]]
            made["enum"] = both or first["enum"]
        return {**made, **_tightest(first, second), **self._beyond_all(first, second, level)}

    def _members(self, first: Schema, second: Schema, level: int) -> Schema:
        made = dict(first)
        for name, schema in second.items():
            made[name] = self.merged(made[name], schema, level + 1) if name in made else schema
        return made

    def _beyond_all(self, first: Schema, second: Schema, level: int) -> Schema:
        """Return which further members fit both; a part that closes itself would exclude the other's own."""
        given = [each["additionalProperties"] for each in (first, second) if "additionalProperties" in each]
        opened = [each for each in given if each is not False]
        schemas = [each for each in opened if isinstance(each, dict)]
        if len(schemas) == 2:
            return {"additionalProperties": self.merged(schemas[0], schemas[1], level + 1)}
        return {"additionalProperties": (schemas or opened or given)[0]} if given else {}

    def _united(self, variants: list[Schema], level: int) -> Schema:
        kinds = list(dict.fromkeys(kind for each in variants for kind in kinds_of(each)))
        kinds = [kind for kind in kinds if kind != "integer" or "number" not in kinds]
        made: Schema = {}
        is_typed = bool(kinds) and all(kinds_of(each) for each in variants)
        if is_typed:
            made["type"] = kinds[0] if len(kinds) == 1 else kinds
        words = list(dict.fromkeys(each["description"] for each in variants if "description" in each))
        if words:
            made["description"] = words[0]
        objects = [each for each in variants if "properties" in each]
        if objects:
            possible = [each for each in variants if not kinds_of(each) or "object" in kinds_of(each)]
            made |= self._united_objects(objects, level, everywhere=len(objects) == len(possible))
        lists = [each["items"] for each in variants if "items" in each]
        if lists and is_typed:
            made["items"] = self.united(lists, level + 1) if all(lists) else {}
        if is_typed:
            made |= _shared_limits(variants, kinds)
            made = described(made, _words_of_texts(variants, kinds))
        mentioned = dict.fromkeys(name for each in variants for word in MENTIONING for name in each.get(word, ()))
        if mentioned:
            made["mentioned"] = [*mentioned]
        cases = distinctions_of(variants)
        if cases:
            made["cases"] = cases
        if all("enum" in each for each in variants):
            made = with_values(made, unique([value for each in variants for value in each["enum"]]))
        return made

    def _united_objects(self, objects: list[Schema], level: int, *, everywhere: bool) -> Schema:
        properties: dict[str, list[Schema]] = {}
        for each in objects:
            for name, schema in each["properties"].items():
                properties.setdefault(name, []).append(schema)
        made: Schema = {"properties": {name: self._either(found, level + 1) for name, found in properties.items()}}
        shared = set.intersection(*(set(_asked_for(each)) for each in objects))
        required = [name for name in objects[0].get("required", []) if name in shared]
        if required and everywhere:
            made["required"] = required
        hidden = [_no_arguments(each) for each in objects]
        withheld = set.intersection(*hidden) - properties.keys()
        spared = set.union(*hidden) & properties.keys()
        made |= {word: sorted(names) for word, names in (("withheld", withheld), ("spared", spared)) if names}
        return made | self._beyond_any([self._beyond(each, level) for each in objects], level)

    def _beyond(self, schema: Schema, level: int) -> Any:
        """Return which further members a variant takes, whatever patterns their names have to match."""
        beyond, patterns = schema.get("additionalProperties"), [*schema.get("patternProperties", {}).values()]
        if not patterns or beyond is True:
            return beyond
        return self._either([*patterns, *([beyond] if isinstance(beyond, dict) else [])], level + 1) or True

    def _either(self, found: list[Schema], level: int) -> Schema:
        # A variant that takes anything takes what the others take.
        return self.united(found, level) if all(found) else {}

    def _beyond_any(self, beyond: list[Any], level: int) -> Schema:
        if True in beyond:
            return {"additionalProperties": True}
        schemas = [each for each in beyond if isinstance(each, dict)]
        if schemas:
            return {"additionalProperties": self._either(schemas, level + 1) or True}
        return {"additionalProperties": False} if all(each is False for each in beyond) else {}


def share_a_kind(first: Schema, second: Schema) -> bool:
    """Return whether some value could fit both schemas, as far as its kind goes; one without a kind takes any."""
    return not kinds_of(first) or not kinds_of(second) or bool(_common(kinds_of(first), kinds_of(second)))


def _words_of_texts(variants: list[Schema], kinds: list[str]) -> str:
    """Return what a description says of the texts that are named beside other kinds of value; empty if none are."""
    texts = [each for each in variants if "string" in kinds_of(each)]
    if len(kinds) == 1 or not texts or not all("enum" in each for each in texts):
        return ""
    values = unique([value for each in texts for value in each["enum"] if isinstance(value, str)])
    named = [value for value in values if value]
    words = [f"Text is {values_in_words(named).replace('One', 'one', 1)}"] if named else []
    return " ".join([*words, "An empty text unsets it."] if "" in values else words)


def with_null(schema: Schema) -> Schema:
    """Return a schema that also takes null."""
    kinds = kinds_of(schema)
    made = {**schema, "type": [*kinds, "null"]} if kinds and "null" not in kinds else schema
    return {**made, "enum": [*made["enum"], None]} if "enum" in made and None not in made["enum"] else made


def _asked_for(schema: Schema) -> list[str]:
    """Return the required members of a variant that are arguments, whatever variants it has itself."""
    hidden = _no_arguments(schema)
    return [name for name in schema.get("required", []) if name not in hidden]


def _no_arguments(schema: Schema) -> set[str]:
    """Return the members that only the vendor sets, at least in one variant."""
    withheld: set[str] = set(schema.get("withheld", [])) - schema["properties"].keys()
    return withheld | set(schema.get("spared", []))


def _common(first: list[str], second: list[str]) -> list[str]:
    common = [kind for kind in first if kind in second]
    # A whole number is a number.
    if "integer" not in common and any("integer" in one and "number" in other for one, other in (
        (first, second), (second, first)
    )):  # fmt: skip
        common = [*(kind for kind in common if kind != "number"), "integer"]
    return common


def _tightest(first: Schema, second: Schema) -> Schema:
    made: Schema = {}
    for words, chosen in ((LOWER_LIMITS, max), (UPPER_LIMITS, min)):
        for word in words:
            if word in first and word in second:
                made[word] = chosen(first[word], second[word])
    return made


def _shared_limits(variants: list[Schema], kinds: list[str]) -> Schema:
    """Return the limits that every variant of a kind has, as wide as the widest."""
    made: Schema = {}
    for kind in kinds:
        of_kind = [
            each for each in variants if kind in kinds_of(each) or (kind == "number" and "integer" in kinds_of(each))
        ]
        for word in WORDS_OF_KINDS.get(kind, ()):
            values = [each[word] for each in of_kind if word in each]
            if len(values) < len(of_kind):
                continue
            if word in LOWER_LIMITS or word in UPPER_LIMITS:
                made[word] = sorted(values)[0 if word in LOWER_LIMITS else -1]
            elif all(value == values[0] for value in values):
                made[word] = values[0]
    texts = [each for each in variants if "string" in kinds_of(each)]
    if len(kinds) > 1 and texts and all("enum" in each for each in texts):
        made |= _named_texts([value for each in texts for value in each["enum"] if isinstance(value, str)])
    return made


def _named_texts(values: list[str]) -> Schema:
    """Return the limits of texts that are named beside other kinds of value, for which `enum` leaves no room."""
    longest = max(map(len, values), default=0)
    pattern = read_pattern(f"^(?:{'|'.join(map(literal, unique(values)))})$").shared if longest else ""
    return {"pattern": pattern} if 0 < len(pattern) <= MAX_PATTERN else {"maxLength": longest}


def _of_any_shape(parts: tuple[Schema, ...]) -> Schema:
    kinds = list(dict.fromkeys(kind for each in parts for kind in kinds_of(each)))
    if not kinds or not all(kinds_of(each) for each in parts):
        return {}
    made: Schema = {"type": kinds[0] if len(kinds) == 1 else kinds}
    if "object" in kinds:
        made |= {"properties": {}, "additionalProperties": True}
    return {**made, "items": {}} if "array" in kinds else made
