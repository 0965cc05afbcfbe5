"""Fit a request's schema into a budget: words are shortened first, then the largest optional parts are left out.

A schema is grown from its top, so that work is bounded by the budget and not by the document: required paths first,
then optional parts, the smallest first. What is left out becomes an object of any shape, which a call may still fill,
and whose description says what it takes.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from tools.catalogue.schemas.clients import described
from tools.openapi.naming.texts import MAX_READ, shortened
from tools.openapi.shapes.clean_schemas import CleanSchema
from tools.openapi.shapes.merging import Schema, kinds_of

# The levels below the top to which a schema is built before it is fitted.
DEEPEST = 8
# How long descriptions may be, and whether examples and defaults stay. Up to MERE, parts are only left out if all of
# these are too long; from there on, large optional parts go before more words do.
BREVITIES = ((MAX_READ, True), (160, True), (80, True), (80, False), (40, False), (0, False))
MERE = 3
# No words are saved that could make a schema fit which is larger than this many budgets.
HOPELESS = 4
# Required members may exceed the budget up to so many times.
REQUIRED_BUDGETS = 1.75
MAX_NODES = 2_000
# What is checked and not listed has room of its own beside the budget, in bytes.
UNLISTED_ROOM = 30_000
EXTRAS = ("examples", "default", "deprecated")
OWN_WORDS = frozenset(
    {
        "properties", "items", "additionalProperties", "patternProperties", "required", "mentioned", "withheld",
        "spared", "beneath", "cases",
    }
)  # fmt: skip
MAX_NAMED, MAX_NAMES = 12, 100
# An object of at most so many bytes is never left out: saying so would take as many.
SMALL = 100
AGAIN = "Takes the same members as the object of its kind further up."


def fitted(
    build: Callable[[int], CleanSchema],
    budget: int,
    deepest: int = DEEPEST,
    *,
    wanted: frozenset[str] = frozenset(),
    names_all: bool = False,
) -> Schema:
    """Return the schema that `build` makes of a depth, in at most `budget` bytes unless more than that is required.

    Members whose name is `wanted` stay as required ones do. With `names_all`, for an object that cannot be open,
    members at the top for which there is no room stay with nothing but their type, however many they are.
    """
    clean = build(deepest)
    first = MERE if clean.size > budget * HOPELESS else 0
    made: Schema = {}
    for place, (words, extras) in enumerate(BREVITIES[first:], first):
        growth = _Growth(clean, budget, words, extras=extras, wanted=wanted, names_all=names_all)
        made = growth.grown(clean.schema)
        if growth.is_whole or (place >= MERE and growth.has_all_members):
            break
    growth.add_unlisted(made)
    return made


@dataclass(order=True, slots=True)
class _Part:
    """An object whose members are still to be added; required paths and small parts come first."""

    is_optional: bool
    size: int
    place: int
    schema: Schema = field(compare=False)
    made: Schema = field(compare=False)
    path: tuple[int, ...] = field(compare=False)


class _Growth:
    """Copies one schema as far as the budget goes."""

    def __init__(
        self, clean: CleanSchema, budget: int, words: int, *, extras: bool, wanted: frozenset[str], names_all: bool
    ) -> None:
        self._facts = clean.facts
        self._budget = budget if clean.size > budget else clean.size * 4
        self._words = words
        self._extras = extras
        self._wanted = wanted
        self._names_all = names_all
        self._size = 0
        self._parts: list[_Part] = []
        self._count = 0
        self._measured: dict[int, int] = {}
        self._top: Schema = {}
        # What each copied object was copied from, by its id.
        self._copies: dict[int, tuple[Schema, Schema]] = {}
        self.is_whole = True
        self.has_all_members = True

    def grown(self, schema: Schema) -> Schema:
        """Return a copy of a schema.

        `is_whole` says that nothing was left out for its size, `has_all_members` that only optional parts were.
        """
        self._top = schema
        made = self._copied(schema, (), is_optional=False)
        self._size = len(orjson.dumps(made))
        while self._parts and self._count <= MAX_NODES:
            part = heapq.heappop(self._parts)
            self._size -= SMALL
            self._fill(part, is_top=part.made is made)
        self.is_whole &= not self._parts
        for part in self._parts:
            _leave_out(part.made, _names(part.schema))
        return made

    def _copied(self, schema: Any, path: tuple[int, ...], *, is_optional: bool) -> Schema:
        """Return a node without the members of its objects, which are noted as parts to be filled."""
        if not isinstance(schema, dict):
            return {}
        made = self._own_words(schema)
        source = self._facts.sources.get(id(schema), 0)
        if "items" in schema:
            made["items"] = self._copied(schema["items"], path, is_optional=is_optional)
        if "properties" not in schema:
            return made
        made["properties"] = {}
        has_others = isinstance(schema.get("additionalProperties"), dict) or "patternProperties" in schema
        if not schema["properties"] and not has_others:
            # Neither members nor a word on others: it takes any, unless the vendor alone fills it.
            beyond = schema.get("additionalProperties")
            if beyond is True or (beyond is None and not schema.get("withheld")):
                _leave_out(made, schema.get("beneath", []))
        elif source and path.count(source) > 1:
            made = described({**made, "additionalProperties": True}, AGAIN)
        else:
            self._count += 1
            path = (*path, source) if source else path
            part = _Part(is_optional, self._size_of(schema), self._count, schema, made, path)
            if part.size <= SMALL:
                self._add(part, {name: child for name, (child, _) in self._members(part)}, 0)
            else:
                self._size += SMALL  # what it takes to say that it is left out
                heapq.heappush(self._parts, part)
        self._copies[id(made)] = (schema, made)
        return made

    def add_unlisted(self, made: Schema) -> None:
        """Add what is checked and not listed, from the top down, as far as there is room for it."""
        room, waiting = UNLISTED_ROOM, [made]
        for node in waiting:
            schema, _ = self._copies.get(id(node), ({}, node))
            below = [*node.get("properties", {}).values(), *node.get("patternProperties", {}).values()]
            waiting += [
                each for each in [*below, node.get("items"), node.get("additionalProperties")] if isinstance(each, dict)
            ]
            if schema:
                words = self._facts.unlisted.words(schema, node.get("properties", {}), room)
                if "patternProperties" in words and "patternProperties" in node:
                    words["patternProperties"] = {**words["patternProperties"], **node["patternProperties"]}
                room -= len(orjson.dumps(words)) if words else 0
                node.update(words)

    def _own_words(self, schema: Schema) -> Schema:
        """Return what a node says besides its members and items, as briefly as it may."""
        made = {word: value for word, value in schema.items() if word not in OWN_WORDS}
        if "description" in made and not self._words:
            del made["description"]
        elif "description" in made:
            made["description"] = shortened(made["description"], self._words)
        if not self._extras:
            for word in EXTRAS:
                made.pop(word, None)
        return made

    def _fill(self, part: _Part, *, is_top: bool) -> None:
        """Add the members of an object: all of them if they fit, else those that are required."""
        if part.is_optional and self._size + self._least(part.schema) > self._budget:
            self._pass_over(part)
            return
        before = self._state()
        members = dict(self._members(part))
        size = sum(size for _, size in members.values())
        if self._size + size <= self._budget:
            self._add(part, {name: child for name, (child, _) in members.items()}, size)
            return
        self._restore(before)
        if part.is_optional:
            self._pass_over(part)
        else:
            self.is_whole = False
            self._fill_in_part(part, is_top=is_top)

    def _pass_over(self, part: _Part) -> None:
        self.is_whole = False
        self._size += SMALL
        _leave_out(part.made, _names(part.schema))

    def _fill_in_part(self, part: _Part, *, is_top: bool) -> None:
        """Add the required members of an object and as many others as fit."""
        required = set(_required(part.schema))
        first = required | self._wanted
        kept: Schema = {}
        for name in sorted(part.schema["properties"], key=lambda name: name not in first):
            before = self._state()
            child, size = self._member(part, name, is_optional=part.is_optional or name not in required)
            most = self._budget * REQUIRED_BUDGETS if name in first else self._budget
            if self._size + size > most:
                self._restore(before)
                continue
            self._size += size
            kept[name] = child
        members = part.schema["properties"]
        left_out = [name for name in members if name not in kept]
        if is_top and self._names_all:
            kept |= {name: _bare(members[name]) for name in left_out}
            left_out = []
        ordered = {name: kept[name] for name in members if name in kept}
        self._add(part, ordered, 0)
        if left_out:
            self.has_all_members = False
            _leave_out(part.made, left_out, is_top=is_top)

    def _state(self) -> tuple[list[_Part], int, int]:
        return list(self._parts), self._count, self._size

    def _restore(self, state: tuple[list[_Part], int, int]) -> None:
        self._parts, self._count, self._size = state

    def _members(self, part: _Part) -> Iterator[tuple[str, tuple[Schema, int]]]:
        required = set(_required(part.schema))
        for name in part.schema["properties"]:
            yield name, self._member(part, name, is_optional=part.is_optional or name not in required)

    def _member(self, part: _Part, name: str, *, is_optional: bool) -> tuple[Schema, int]:
        child = self._copied(part.schema["properties"][name], part.path, is_optional=is_optional)
        return child, len(name) + 4 + len(orjson.dumps(child))

    def _add(self, part: _Part, members: Schema, size: int) -> None:
        self._size += size
        part.made["properties"] = members
        required = [name for name in _required(part.schema) if name in members]
        if required:
            part.made["required"] = required
            self._size += len(orjson.dumps(required)) + 12
        self._tell_undescribed(part)
        patterns = part.schema.get("patternProperties", {})
        if patterns:
            made = {name: self._copied(each, part.path, is_optional=True) for name, each in patterns.items()}
            part.made["patternProperties"] = made
            self._size += len(orjson.dumps(made))
        beyond = part.schema.get("additionalProperties")
        if isinstance(beyond, dict):
            part.made["additionalProperties"] = self._copied(beyond, part.path, is_optional=True)
            self._size += len(orjson.dumps(part.made["additionalProperties"]))
        elif beyond is True or (beyond is False and patterns):
            part.made["additionalProperties"] = beyond

    def _tell_undescribed(self, part: _Part) -> None:
        """Open an object that requires members which no part describes: they may be slips, so none is enforced."""
        known = {*part.schema["properties"], *part.schema.get("withheld", [])}
        needed = dict.fromkeys([*part.schema.get("required", []), *part.schema.get("mentioned", [])])
        undescribed = [name for name in needed if name not in known]
        if undescribed and part.schema.get("additionalProperties") is not False:
            _leave_out(part.made, undescribed, is_top=part.schema is self._top)

    def _least(self, schema: Schema) -> int:
        """Return how much the members of an object take at least, whatever is left out inside them."""
        key = (id(schema), self._words, self._extras)
        known = self._facts.least.get(key)
        if known is None:
            known = self._facts.least[key] = sum(
                len(name) + 4 + len(orjson.dumps(self._own_words(child)))
                for name, child in schema["properties"].items()
            )
        return known

    def _size_of(self, schema: Schema) -> int:
        """Return the size of a whole schema, known or measured once."""
        known = self._facts.sizes.get(id(schema)) or self._measured.get(id(schema))
        if known is None:
            known = self._measured[id(schema)] = 20 + sum(
                self._size_of(child)
                for child in [*schema.get("properties", {}).values(), schema.get("items")]
                if isinstance(child, dict)
            )
        return known


def _bare(schema: Schema) -> Schema:
    """Return nothing of a schema but its type."""
    kinds = kinds_of(schema)
    made = {"type": schema["type"]} if kinds else {}
    if "object" in kinds:
        made |= {"properties": {}, "additionalProperties": True}
    return made | ({"items": {}} if "array" in kinds else {})


def _required(schema: Schema) -> list[str]:
    """Return the members that a call must give, whichever variant it means."""
    spared = schema.get("spared", [])
    return [name for name in schema.get("required", []) if name not in spared]


def _names(schema: Schema) -> list[str]:
    required = _required(schema)
    return sorted(schema["properties"], key=lambda name: name not in required)


def _leave_out(made: Schema, names: list[str], *, is_top: bool = False) -> None:
    """Open an object whose members are not all listed, and say which are not."""
    shown = shortened(", ".join(names[:MAX_NAMED]), MAX_NAMES)
    more = len(names) - MAX_NAMED
    note = f"Also takes {shown}{f' and {more} more' if more > 0 else ''}." if names else ""
    if is_top:
        # A tool's own arguments have no description but this: the one of what it takes besides those that are listed.
        made["additionalProperties"] = {"description": note}
        return
    made["additionalProperties"] = True
    made.update(described(made, note))
